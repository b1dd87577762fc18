import { JepaMpcError } from '../../src/core/errors.js';
import type { JointLimit } from '../../src/core/types.js';
import { createRng, deriveSeed } from '../../src/math/rng.js';

/** Start and goal of an episode, in URDF joint order [rad]. */
export interface EpisodeTask {
  readonly startRad: readonly number[];
  readonly goalRad: readonly number[];
}

/** Fingertip position in the robot's base frame [m] of joint positions [rad]. */
export type FingertipOf = (positionRad: readonly number[]) => readonly number[];

/** Smallest distance of the fingertip between start and goal, so that doing nothing never succeeds. */
export const MIN_TIP_DISTANCE_M = 0.2;
const MAX_DRAWS = 10_000;

/** Euclidean distance of two points [m]. */
export function distanceM(a: readonly number[], b: readonly number[]): number {
  return Math.hypot(...a.map((value, axis) => value - (b[axis] ?? Number.NaN)));
}

/**
 * Draws start and goal of one episode, each uniform over the joint ranges, and redraws while their fingertips are closer than
 * `MIN_TIP_DISTANCE_M`. The result depends on (seed, episode) only: a run of 5 episodes begins like a run of 100.
 *
 * @throws JepaMpcError params.invalid for joint ranges that are too narrow
 */
export function sampleEpisode(
  seed: number,
  episode: number,
  limits: readonly JointLimit[],
  fingertipOf: FingertipOf,
): EpisodeTask {
  const rng = createRng(deriveSeed(seed, episode));
  const draw = new Float32Array(limits.length * 2);
  for (let attempt = 0; attempt < MAX_DRAWS; attempt++) {
    rng.uniforms(draw);
    const pose = (offset: number): number[] =>
      limits.map((limit, joint) => {
        const value = limit.lower + (draw[offset + joint] ?? 0) * (limit.upper - limit.lower);
        return Math.min(limit.upper, Math.max(limit.lower, value));
      });
    const startRad = pose(0);
    const goalRad = pose(limits.length);
    if (distanceM(fingertipOf(startRad), fingertipOf(goalRad)) >= MIN_TIP_DISTANCE_M)
      return { startRad, goalRad };
  }
  throw new JepaMpcError('params.invalid', {
    subject: 'joint ranges of the robot',
    found: `ranges that are too narrow: no start and goal with fingertips ${MIN_TIP_DISTANCE_M} m apart in ${MAX_DRAWS} draws`,
    expected: 'joint ranges that move the fingertip further than that',
    remedy: 'Widen the joint limits in the URDF of the demo.',
  });
}
