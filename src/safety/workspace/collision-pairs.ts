import { at } from '../../core/array-access.js';
import type { LinkPoses } from '../../robot/link-poses.js';
import { spreadPoses } from '../../robot/spread-poses.js';
import { isDisabled, type Srdf } from '../../robot/srdf.js';
import type { Urdf } from '../../robot/urdf.js';
import { linkDistance } from './link-distance.js';
import type { RobotShapes } from './robot-shapes.js';

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

/**
 * Pairs of links that the joints of the model can bring into collision. Links that no such joint moves against each other are never a pair.
 *
 * With an SRDF, the pairs that it disables are left out. Without one, neighbours are: links that one joint connects, also through fixed joints
 * and through links without geometry. Of the rest, pairs that touch in each of {@link POSES} poses over the ranges of the joints are left out:
 * their shapes, or the capsules around these, overlap by construction. A pair that touches in the middle of the ranges alone stays, because it may be a real collision.
 *
 * @param poses and `shapes` of the same robot: they are left at another pose
 * @param srdf null: none
 * @param clearance m: closer counts as touching
 */
export function collisionPairs(
  urdf: Urdf,
  jointNames: readonly string[],
  poses: LinkPoses,
  shapes: RobotShapes,
  srdf: Srdf | null,
  clearance: number,
): CollisionPairs {
  const rigid = bodiesOf(poses, (link) => poses.movingJoint(link) === null);
  const mayTouch = srdf === null ? neighbours(urdf, poses, shapes) : disabledBy(srdf, poses);
  const links = [...poses.links.keys()].filter((link) => shapes.hasShape(link));
  const pairs = links.flatMap((first, index) =>
    links.slice(index + 1).map((second): IndexPair => [first, second]),
  );
  const checked = pairs.filter(
    ([first, second]) => at(rigid, first) !== at(rigid, second) && !mayTouch(first, second),
  );
  let touching = checked;
  for (const pose of spreadPoses(urdf, jointNames, POSES)) {
    poses.update(pose);
    shapes.update();
    touching = touching.filter(
      ([first, second]) => linkDistance(shapes, first, second, clearance) < clearance,
    );
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

function neighbours(urdf: Urdf, poses: LinkPoses, shapes: RobotShapes): PairTest {
  const fixedChildren = new Set(urdf.joints.filter(({ type }) => type === 'fixed').map(({ child }) => child));
  const bodies = bodiesOf(poses, (link) => fixedChildren.has(at(poses.links, link)));
  const solid = new Set<number>();
  const joined = new Map<number, number[]>();
  const join = (body: number, other: number): void => {
    joined.set(body, [...(joined.get(body) ?? []), other]);
  };
  for (const [link, body] of bodies.entries()) {
    if (shapes.hasShape(link) || shapes.withoutShape(link).length > 0) solid.add(body);
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
