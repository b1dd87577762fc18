import { at, f64 } from '../../core/array-access.js';
import { segmentDistance } from '../../math/segment-distance.js';
import type { LinkPoses } from '../../robot/link-poses.js';
import { spreadPoses } from '../../robot/spread-poses.js';
import { isDisabled, type Srdf } from '../../robot/srdf.js';
import type { Urdf } from '../../robot/urdf.js';
import type { RobotCapsules } from './robot-capsules.js';

/** Indices of two links. */
export type IndexPair = readonly [number, number];

/** Poses in which a pair has to touch to be left out. */
const POSES = 64;

export interface CollisionPairs {
  /** Pairs of links that stay apart. */
  readonly checked: readonly IndexPair[];
  /** Pairs that are closer than the clearance in every pose, so that a check of them says nothing. */
  readonly alwaysTouching: readonly IndexPair[];
}

/** The distance of the capsules of two links, m; negative where they overlap. */
export function linkDistance(capsules: RobotCapsules, first: number, second: number): number {
  const { ends, radii } = capsules;
  const ofFirst = capsules.rangeOf(first);
  const ofSecond = capsules.rangeOf(second);
  let distance = Infinity;
  for (let i = ofFirst.first; i < ofFirst.end; i++) {
    for (let k = ofSecond.first; k < ofSecond.end; k++) {
      distance = Math.min(distance, segmentDistance(ends, i, k) - f64(radii, i) - f64(radii, k));
    }
  }
  return distance;
}

/**
 * Pairs of links that the joints of the model can bring into collision. Links that no such joint moves against each other are never a pair.
 *
 * With an SRDF, the pairs that it disables are left out. Without one, neighbours are: links that one joint connects, also through fixed joints
 * and through links without geometry. Of the rest, pairs that touch in each of {@link POSES} poses over the ranges of the joints are left out:
 * their capsules overlap by construction. A pair that touches in the middle of the ranges alone stays, because it may be a real collision.
 *
 * @param poses and `capsules` of the same robot: they are left at another pose
 * @param srdf null: none
 * @param clearance m: closer counts as touching
 */
export function collisionPairs(
  urdf: Urdf,
  jointNames: readonly string[],
  poses: LinkPoses,
  capsules: RobotCapsules,
  srdf: Srdf | null,
  clearance: number,
): CollisionPairs {
  const rigid = bodiesOf(poses, (link) => poses.movingJoint(link) === null);
  const mayTouch = srdf === null ? neighbours(urdf, poses, capsules) : disabledBy(srdf, poses);
  const links = [...poses.links.keys()].filter((link) => capsules.hasShape(link));
  const pairs = links.flatMap((first, index) =>
    links.slice(index + 1).map((second): IndexPair => [first, second]),
  );
  const checked = pairs.filter(
    ([first, second]) => at(rigid, first) !== at(rigid, second) && !mayTouch(first, second),
  );
  let touching = checked;
  for (const pose of spreadPoses(urdf, jointNames, POSES)) {
    poses.update(pose);
    capsules.update();
    touching = touching.filter(([first, second]) => linkDistance(capsules, first, second) < clearance);
  }
  return { checked: checked.filter((pair) => !touching.includes(pair)), alwaysTouching: touching };
}

type PairTest = (first: number, second: number) => boolean;

function disabledBy(srdf: Srdf, { links }: LinkPoses): PairTest {
  return (first, second) => isDisabled(srdf, [at(links, first), at(links, second)]);
}

/** The index of the body of every link `[L]`: links that are joined are one body, named after its first link. */
function bodiesOf(poses: LinkPoses, isJoinedToParent: (link: number) => boolean): number[] {
  const bodies = [0];
  for (let link = 1; link < poses.links.length; link++)
    bodies.push(isJoinedToParent(link) ? at(bodies, poses.parentOf(link)) : link);
  return bodies;
}

function neighbours(urdf: Urdf, poses: LinkPoses, capsules: RobotCapsules): PairTest {
  const fixedChildren = new Set(urdf.joints.filter(({ type }) => type === 'fixed').map(({ child }) => child));
  const bodies = bodiesOf(poses, (link) => fixedChildren.has(at(poses.links, link)));
  const solid = new Set<number>();
  const joined = new Map<number, number[]>();
  const join = (body: number, other: number): void => {
    joined.set(body, [...(joined.get(body) ?? []), other]);
  };
  for (const [link, body] of bodies.entries()) {
    if (capsules.hasShape(link) || capsules.withoutShape(link).length > 0) solid.add(body);
    const parent = poses.parentOf(link);
    if (parent < 0 || at(bodies, parent) === body) continue;
    join(body, at(bodies, parent));
    join(at(bodies, parent), body);
  }
  const reachedFrom = (body: number): Set<number> => {
    const reached = new Set([body]);
    for (const each of reached) {
      if (each !== body && solid.has(each)) continue;
      for (const next of joined.get(each) ?? []) reached.add(next);
    }
    return reached;
  };
  const reached = new Map([...solid].map((body) => [body, reachedFrom(body)]));
  return (first, second) => reached.get(at(bodies, first))?.has(at(bodies, second)) === true;
}
