import { distanceM } from './episode-sampler.js';

/** Smallest distance of the tip between start and goal, so that doing nothing never succeeds: for an arm that reaches this far, */
const MIN_TIP_DISTANCE_M = 0.2;
const FULL_REACH_M = 0.5;
/** and this share of the reach for a smaller one. */
const SHARE_OF_REACH = MIN_TIP_DISTANCE_M / FULL_REACH_M;

const SAME_HEIGHT_M = 1e-6;

/**
 * Smallest distance between the tips of start and goal [m]. It follows from the reach: half of the largest distance between two positions of
 * the tip.
 *
 * @param tips positions of the tip over the ranges of the joints `[N, 3]`, m
 */
export function minTipDistanceM(tips: readonly (readonly number[])[]): number {
  const distances = tips.flatMap((tip, index) => tips.slice(index + 1).map((other) => distanceM(tip, other)));
  const reachM = distances.reduce((largest, distance) => Math.max(largest, distance), 0) / 2;
  return reachM >= FULL_REACH_M ? MIN_TIP_DISTANCE_M : SHARE_OF_REACH * reachM;
}

/** Whether the tip stays at one height. @param tips as in {@link minTipDistanceM} */
export function movesLevel(tips: readonly (readonly number[])[]): boolean {
  const heights = tips.map(([, , z = Number.NaN]) => z);
  return Math.max(...heights) - Math.min(...heights) <= SAME_HEIGHT_M;
}
