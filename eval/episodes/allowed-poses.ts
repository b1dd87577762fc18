import type { JointLimit } from '../../src/core/types.js';
import { LinkPoses } from '../../src/robot/link-poses.js';
import type { Urdf } from '../../src/robot/urdf.js';
import { collisionPairs } from '../../src/safety/workspace/collision-pairs.js';
import { linkDistance } from '../../src/safety/workspace/link-distance.js';
import { RobotShapes } from '../../src/safety/workspace/robot-shapes.js';
import { workspaceParameters } from '../../src/safety/workspace/workspace-parameters.js';

/** Positions of the joints that are held, rad or m. */
export type HeldJoints = ReadonlyMap<string, number>;

/** The floor is the plane z = 0 of the root link. A robot whose tip is below it in more than this share of its poses hangs, and has none. */
const MAX_SHARE_BELOW = 0.75;
/** The distance that the node keeps between links, m. */
const CLEARANCE_M = workspaceParameters['workspace.clearance_m'].defaultValue;
/** Kinematics round: a tip that moves in the plane of the floor is not below it. */
const ROUNDING_M = 1e-6;

/**
 * Whether the tip is above the floor, for a robot that has one.
 *
 * @param tips positions of the tip over the ranges of the joints `[N, 3]`, m
 * @returns a test of a position of the tip `[3]`
 */
export function isAboveFloor(tips: readonly (readonly number[])[]): (tip: readonly number[]) => boolean {
  const isAbove = ([, , z = Number.NaN]: readonly number[]): boolean => z >= -ROUNDING_M;
  const below = tips.filter((tip) => !isAbove(tip)).length;
  return below > MAX_SHARE_BELOW * tips.length ? () => true : isAbove;
}

/**
 * Whether no two links collide, by their collision geometry, as the planner node checks it. Links whose collision
 * geometry is a mesh, or that have none, are not checked. Neighbours are not, nor are pairs that collide at the zero pose: their shapes,
 * or the capsules around these, overlap by construction.
 *
 * @param urdf without floating and planar joints
 * @returns a test of joint positions `[J]`, rad or m
 */
export function isFreeOfCollision(
  urdf: Urdf,
  joints: readonly string[],
  limits: readonly JointLimit[],
  held: HeldJoints,
): (pose: readonly number[]) => boolean {
  const poses = new LinkPoses(urdf, joints);
  for (const [joint, position] of held) poses.hold(joint, position);
  const shapes = new RobotShapes(urdf, poses, 'collision');
  const apartAt = (pose: readonly number[]): ((pair: readonly [number, number]) => boolean) => {
    poses.update(pose);
    shapes.update();
    return ([first, second]) => linkDistance(shapes, first, second, CLEARANCE_M) >= CLEARANCE_M;
  };
  const { checked } = collisionPairs(urdf, joints, poses, shapes, null, CLEARANCE_M);
  const zero = limits.map(({ lower, upper }) => Math.min(Math.max(0, lower), upper));
  const pairs = checked.filter(apartAt(zero));
  return (pose) => pairs.every(apartAt(pose));
}
