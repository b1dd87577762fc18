import { f64 } from '../core/array-access.js';

/**
 * The quantile of the samples at `fraction`, linearly interpolated between order statistics (Hyndman and Fan 1996, type 7, the default of
 * NumPy and R). Does not change its input.
 *
 * @param samples at least one
 * @param fraction 0 to 1
 * @throws RangeError for no samples or a fraction outside [0, 1]
 */
export function percentile(samples: ArrayLike<number>, fraction: number): number {
  if (samples.length === 0 || !(fraction >= 0 && fraction <= 1)) {
    throw new RangeError(
      `percentile: found ${samples.length} samples and fraction ${fraction}, expected samples and 0..1`,
    );
  }
  return percentileOfSorted(Float64Array.from(samples).sort(), fraction);
}

/** As {@link percentile}, of samples in ascending order, at least one. */
export function percentileOfSorted(sorted: Float64Array, fraction: number): number {
  const rank = fraction * (sorted.length - 1);
  const below = Math.floor(rank);
  const low = f64(sorted, below);
  const high = f64(sorted, Math.min(below + 1, sorted.length - 1));
  return low + (rank - below) * (high - low);
}
