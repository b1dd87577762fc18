import { TOLERATED_LOAD } from './other-load.mjs';

/**
 * @param {readonly number[]} values at least one
 * @param {number} share 0 (minimum) to 1 (maximum)
 * @returns {number} interpolated between the two nearest
 */
export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  const place = share * (sorted.length - 1);
  const low = sorted[Math.floor(place)];
  const high = sorted[Math.ceil(place)];
  return low === high ? low : low + (place - Math.floor(place)) * (high - low);
}

/** @param {readonly number[]} values at least one */
export const median = (values) => quantile(values, 0.5);

/**
 * Summary of paired runs: the median of each side, and of the ratio within each pair. A disturbance that lasts longer than a pair affects
 * both sides and cancels in the ratio.
 *
 * @param {readonly { ours: number | null, reference: number | null, otherLoad?: number }[]} runs null: that side has no such figure
 */
export function summarise(runs) {
  const column = (side) => runs.map((run) => run[side]).filter((value) => value !== null);
  const middle = (values) => (values.length === 0 ? null : median(values));
  const ratios = runs
    .filter(({ ours, reference }) => ours !== null && reference !== null)
    .map(({ ours, reference }) => ours / reference);
  const [ours, reference] = [column('ours'), column('reference')];
  const spread = (values) => (values.length === 0 ? null : [Math.min(...values), Math.max(...values)]);
  return {
    ours: middle(ours),
    oursRange: spread(ours),
    reference: middle(reference),
    referenceRange: spread(reference),
    ratio: middle(ratios),
    ratioRange: spread(ratios),
    /** Runs during which other programs were busy. */
    disturbed: runs.filter(({ otherLoad = 0 }) => otherLoad > TOLERATED_LOAD).length,
    runs,
  };
}
