import { JepaMpcError } from '../../src/core/errors.js';
import { createRng, deriveSeed } from '../../src/math/rng.js';
import type { ObjectMove } from './objects/object-move.js';

/** Start and goal of an episode, in URDF joint order, rad or m. */
export interface EpisodeTask {
  readonly startRad: readonly number[];
  /** The pose that the goal image shows. */
  readonly goalRad: readonly number[];
  /** The object that is to be moved; absent: none, the robot is. */
  readonly object?: ObjectMove;
}

/** Tip position in the robot's base frame [m] of joint positions [rad or m]. */
export type FingertipOf = (positionRad: readonly number[]) => readonly number[];

/** Where episodes start and end. */
export interface EpisodeSpace {
  /** Range of each joint from which poses are drawn, rad or m; finite. */
  readonly ranges: readonly (readonly [lower: number, upper: number])[];
  /** Position of the link at the end of the arm. */
  readonly fingertipOf: FingertipOf;
  /** Smallest distance between the tips of start and goal [m], so that doing nothing never succeeds. */
  readonly minTipDistanceM: number;
  /** Whether an episode may start or end at a pose. */
  readonly isAllowed: (positionRad: readonly number[]) => boolean;
}

const MAX_DRAWS = 10_000;

/** Euclidean distance of two points [m]. */
export function distanceM(a: readonly number[], b: readonly number[]): number {
  return Math.hypot(...a.map((value, axis) => value - (b[axis] ?? Number.NaN)));
}

/**
 * A pose, uniform over the ranges of the joints, rad or m.
 *
 * @param uniforms at least `[J]`, in [0, 1)
 */
export function uniformPose(ranges: EpisodeSpace['ranges'], uniforms: Float32Array): number[] {
  return ranges.map(([lower, upper], joint) => {
    const value = lower + (uniforms[joint] ?? 0) * (upper - lower);
    return Math.min(upper, Math.max(lower, value));
  });
}

/**
 * Draws start and goal of one episode, each uniform over the ranges of the joints. Draws both again while one of them is not allowed, or
 * their tips are too close. The result depends on (seed, episode) only: a run of 5 episodes begins like a run of 100.
 *
 * @throws JepaMpcError params.invalid for a robot that has no such poses
 */
export function sampleEpisode(seed: number, episode: number, space: EpisodeSpace): EpisodeTask {
  const { ranges, fingertipOf, minTipDistanceM, isAllowed } = space;
  const rng = createRng(deriveSeed(seed, episode));
  const draw = new Float32Array(ranges.length * 2);
  let tooClose = 0;
  for (let attempt = 0; attempt < MAX_DRAWS; attempt++) {
    rng.uniforms(draw);
    const startRad = uniformPose(ranges, draw);
    const goalRad = uniformPose(ranges, draw.subarray(ranges.length));
    if (!(distanceM(fingertipOf(startRad), fingertipOf(goalRad)) >= minTipDistanceM)) tooClose++;
    else if (isAllowed(startRad) && isAllowed(goalRad)) return { startRad, goalRad };
  }
  throw new JepaMpcError('params.invalid', {
    subject: 'joint ranges of the robot',
    found: `no start and goal in ${MAX_DRAWS} draws: ${tooClose} with tips closer than ${minTipDistanceM.toPrecision(3)} m, ${MAX_DRAWS - tooClose} with links that collide or a tip below the floor`,
    expected: 'two poses without either',
    remedy: 'Widen the joint limits in the URDF, or correct its collision geometry.',
  });
}
