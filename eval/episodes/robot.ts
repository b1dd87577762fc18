import { readFile } from 'node:fs/promises';
import { ForwardKinematics } from '../../src/robot/forward-kinematics.js';
import { jointLimits } from '../../src/robot/joint-limits.js';
import { lastLink } from '../../src/robot/tip-paths.js';
import { parseUrdf } from '../../src/robot/urdf.js';
import type { JointLimit } from '../../src/core/types.js';
import type { FingertipOf } from './episode-sampler.js';

/** The robot of a run, as its URDF describes it. */
export interface DemoRobot {
  /** Movable joints in URDF order: the order of every position here. */
  readonly joints: readonly string[];
  readonly limits: readonly JointLimit[];
  /** Position of the link at the end of the arm: the origin of {@link lastLink}. */
  readonly fingertipOf: FingertipOf;
}

/** Reads the robot from a URDF file. @throws JepaMpcError urdf.* for an invalid file */
export async function loadRobot(urdfFile: string): Promise<DemoRobot> {
  const urdf = parseUrdf(await readFile(urdfFile, 'utf8'));
  const joints = urdf.joints
    .filter(({ type, mimic }) => type !== 'fixed' && mimic === null)
    .map(({ name }) => name);
  const kinematics = new ForwardKinematics(urdf, lastLink(urdf, joints), joints);
  return {
    joints,
    limits: jointLimits(urdf, joints),
    fingertipOf: (positionRad) => Array.from(kinematics.position(positionRad)),
  };
}
