import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { JepaMpcError } from '../../src/core/errors.js';
import { cannot } from '../../src/core/file-errors.js';
import type { ActionSpec } from '../../src/core/model-spec.js';
import type { JointLimit } from '../../src/core/types.js';
import { ForwardKinematics } from '../../src/robot/forward-kinematics.js';
import { jointLimits } from '../../src/robot/joint-limits.js';
import { spreadPoses } from '../../src/robot/spread-poses.js';
import { lastLink } from '../../src/robot/tip-paths.js';
import { independentJoints, parseUrdf, type Urdf } from '../../src/robot/urdf.js';
import type { UrdfJoint } from '../../src/robot/urdf-joint.js';
import type { RobotChoice } from '../robot-choice.js';
import type { EpisodeSpace, FingertipOf } from './episode-sampler.js';
import { isAboveFloor, isFreeOfCollision, type HeldJoints } from './allowed-poses.js';
import { minTipDistanceM, movesLevel } from './tip-range.js';

/** The tip of a robot that has a link of this name. */
const TIP_LINK = 'fingertip';
/** Poses over the ranges of the joints that say where the tip gets. */
const SPREAD_POSES = 256;

/** A tip that moves less than this does not show where the robot is. */
const MIN_MOTION_M = 1e-3;

/** The robot of a run: the joints that the model acts on, as the URDF describes them. All others are held. */
export interface DemoRobot extends EpisodeSpace {
  /** Name in the URDF; the name of the file where it has none. */
  readonly name: string;
  /** Joints that the model acts on, in URDF order: the order of every position here. */
  readonly joints: readonly string[];
  /** Joints that could move, but are held. */
  readonly held: readonly string[];
  /** Where they are held. */
  readonly heldAt: HeldJoints;
  /** Its description, without the joints that simulators fix. */
  readonly urdf: Urdf;
  readonly limits: readonly JointLimit[];
  /** Whether the tip stays at one height. */
  readonly isLevel: boolean;
}

/** The part of a manifest that says which joints move. */
export interface MovingModel {
  readonly name: string;
  readonly action: Pick<ActionSpec, 'joints'>;
}

/**
 * Reads the robot of a run from its URDF.
 *
 * @throws JepaMpcError `urdf.*`: for an invalid file, joints of the model that it does not have, and limits that it lacks
 */
export async function loadRobot(choice: RobotChoice, model: MovingModel): Promise<DemoRobot> {
  const described = parseUrdf(await urdfText(choice.urdfFile));
  const joints = movedJoints(described, choice.urdfFile, model);
  checkAccelerations(described, joints, choice);
  const limits = jointLimits(described, joints, {
    acceleration: choice.defaultAcceleration,
    accelerationM: choice.defaultAccelerationM,
  });
  const urdf = withoutFreeJoints(described);
  const held: HeldJoints = new Map(
    independentJoints(urdf)
      .filter(({ name }) => !joints.includes(name))
      .map((joint) => [joint.name, heldPosition(joint)]),
  );
  const tipLink = tipLinkOf(urdf, choice.tipLink, joints);
  const fingertipOf = tipOf(urdf, tipLink, joints, held);
  const tips = spreadPoses(urdf, joints, SPREAD_POSES).map((pose) => fingertipOf([...pose]));
  const apartM = minTipDistanceM(tips);
  if (apartM < MIN_MOTION_M) throw motionless(tipLink, joints);
  const isFree = isFreeOfCollision(urdf, joints, limits, held);
  const isAbove = isAboveFloor(tips);
  return {
    name: described.name === '' ? basename(choice.urdfFile) : described.name,
    joints,
    held: [...held.keys()],
    heldAt: held,
    urdf,
    limits,
    ranges: limits.map(({ continuous, lower, upper }) => (continuous ? [-Math.PI, Math.PI] : [lower, upper])),
    fingertipOf,
    minTipDistanceM: apartM,
    isAllowed: (pose) => isAbove(fingertipOf(pose)) && isFree(pose),
    isLevel: movesLevel(tips),
  };
}

/** The text of a robot description. @throws JepaMpcError `urdf.invalid` for a file that cannot be read */
export async function urdfText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const remedy = 'Give the URDF of the robot with --urdf.';
    throw cannot('be read', file, error, { code: 'urdf.invalid', user: 'the run', remedy });
  }
}

/** The joints of the model in URDF order, so that the episodes do not depend on their order in the model. */
function movedJoints(urdf: Urdf, file: string, { name, action }: MovingModel): string[] {
  const wanted = action.joints;
  const there = urdf.joints.filter((joint) => wanted.includes(joint.name));
  if (there.length < wanted.length) {
    const movable = independentJoints(urdf).map((joint) => joint.name);
    throw new JepaMpcError('urdf.unknown-joint', {
      subject: `robot of ${file}`,
      found: movable.length === 0 ? 'no movable joints' : `movable joints ${movable.join(', ')}`,
      expected: `joints ${wanted.join(', ')}, on which the model ${name} acts`,
      remedy:
        'Give the URDF of the robot that the model was made for with --urdf, or a model of this robot with --model.',
    });
  }
  return there.map((joint) => joint.name);
}

/** @throws JepaMpcError `urdf.no-limits` for joints without an acceleration limit, in the words of the command line */
function checkAccelerations(urdf: Urdf, joints: readonly string[], choice: RobotChoice): void {
  const without = urdf.joints.filter(
    ({ name, limit, type }) =>
      joints.includes(name) &&
      (limit?.acceleration ?? null) === null &&
      (type === 'prismatic' ? choice.defaultAccelerationM : choice.defaultAcceleration) === 0,
  );
  if (without.length === 0) return;
  const options = new Set(
    without.map(({ type }) =>
      type === 'prismatic' ? '--default-acceleration-m 1 (m/s²)' : '--default-acceleration 5 (rad/s²)',
    ),
  );
  throw new JepaMpcError('urdf.no-limits', {
    subject: `robot of ${choice.urdfFile}`,
    found: `no attribute acceleration in <limit> of ${without.map(({ name }) => name).join(', ')}`,
    expected: 'a limit on the acceleration of every joint that the model acts on',
    remedy: `Pass ${[...options].join(' and ')} with what the robot can do, or write the attribute in the URDF.`,
  });
}

/** The description with its floating and planar joints fixed, as simulators hold them. */
function withoutFreeJoints(urdf: Urdf): Urdf {
  const joints = urdf.joints.map((joint): UrdfJoint =>
    joint.type === 'floating' || joint.type === 'planar' ? { ...joint, type: 'fixed' } : joint,
  );
  return { ...urdf, joints };
}

/** Where simulators hold a joint: at 0, or at the nearest position in its range. */
function heldPosition({ type, limit, softLimits }: UrdfJoint): number {
  if (type === 'continuous' || limit === null) return 0;
  const lower = Math.max(limit.lower ?? -Infinity, softLimits.lower ?? -Infinity);
  const upper = Math.min(limit.upper ?? Infinity, softLimits.upper ?? Infinity);
  return Math.min(Math.max(0, lower), upper);
}

/** The link that is judged: that of the option, or else the one that simulators take. */
function tipLinkOf(urdf: Urdf, wanted: string | null, joints: readonly string[]): string {
  if (wanted === null) return urdf.links.includes(TIP_LINK) ? TIP_LINK : lastLink(urdf, joints);
  if (urdf.links.includes(wanted)) return wanted;
  throw new JepaMpcError('urdf.invalid', {
    subject: `--tip ${wanted}`,
    found: `links ${urdf.links.join(', ')}`,
    expected: 'one of them',
    remedy: 'Name a link of this robot, or leave the option out.',
  });
}

function motionless(link: string, joints: readonly string[]): JepaMpcError {
  return new JepaMpcError('urdf.invalid', {
    subject: `link '${link}', the tip of the robot`,
    found: `no motion with ${joints.join(', ')}`,
    expected: 'a link that the joints of the model move',
    remedy: 'Name such a link with --tip, or add one at the end of a fixed joint.',
  });
}

function tipOf(urdf: Urdf, link: string, joints: readonly string[], held: HeldJoints): FingertipOf {
  const kinematics = new ForwardKinematics(urdf, link, [...joints, ...held.keys()]);
  const heldAt = [...held.values()];
  return (pose) => Array.from(kinematics.position([...pose, ...heldAt]));
}
