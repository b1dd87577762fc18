import type { Rng } from '../../src/core/ports.js';
import { percentile } from '../../src/math/percentile.js';

const RESAMPLES = 10_000;

/**
 * Probability of at most `successes` heads in `tosses` tosses of a fair coin.
 *
 * @param successes 0..tosses
 */
function fairCoinAtMost(successes: number, tosses: number): number {
  // In logarithms: 0.5^tosses underflows beyond a thousand tosses.
  let logTerm = -tosses * Math.LN2;
  let sum = 0;
  for (let heads = 0; heads <= successes; heads++) {
    sum += Math.exp(logTerm);
    logTerm += Math.log((tosses - heads) / (heads + 1));
  }
  return sum;
}

/**
 * Two-sided p-value of the exact sign test: how likely a fair coin is to be at least as uneven. Of pairs of outcomes that differ it is the
 * exact test of McNemar (1947).
 *
 * @param first pairs in which the first is ahead
 * @param second pairs in which the second is ahead; ties do not count
 */
export function signTest(first: number, second: number): number {
  return Math.min(1, 2 * fairCoinAtMost(Math.min(first, second), first + second));
}

/**
 * 95 % interval of the mean of the differences' population by the percentile bootstrap (Efron 1979), 10,000 resamples.
 *
 * @param values at least one
 * @param rng same state, same interval
 */
export function bootstrapMeanInterval(values: readonly number[], rng: Rng): [number, number] {
  const draws = new Float32Array(values.length);
  const means = Float64Array.from({ length: RESAMPLES }, () => {
    rng.uniforms(draws);
    let sum = 0;
    for (const draw of draws) sum += values[Math.floor(draw * values.length)] ?? 0;
    return sum / values.length;
  });
  return [percentile(means, 0.025), percentile(means, 0.975)];
}

/**
 * Interval of the median that holds with at least 95 % for any distribution: between two order statistics (the sign test inverted).
 * For fewer than six values it is their range, which holds with less.
 *
 * @param values at least one
 */
export function medianInterval(values: readonly number[]): [number, number] {
  const sorted = values.toSorted((a, b) => a - b);
  let below = 0;
  while (fairCoinAtMost(below, sorted.length) <= 0.025) below++;
  // `below` order statistics may be left out at either end.
  const rank = Math.max(0, below - 1);
  return [sorted[rank] ?? Number.NaN, sorted[sorted.length - 1 - rank] ?? Number.NaN];
}
