import { f64 } from '../core/array-access.js';
import { selectSmallest } from '../math/select-smallest.js';

/**
 * The candidates that a refit is made from: the cheapest ones, cheapest first, and never one without a finite cost.
 *
 * @param costs `[N]`, at least one of them finite
 * @param buffer `[E]`, E <= N, overwritten
 * @returns indices of candidates, at least one, in the front of `buffer`
 */
export function selectElites(costs: Float32Array, buffer: Uint32Array): Uint32Array {
  selectSmallest(costs, buffer);
  const firstUnusable = buffer.findIndex((index) => !Number.isFinite(costs[index]));
  return firstUnusable < 0 ? buffer : buffer.subarray(0, firstUnusable);
}

/** Equal weights, with sum 1: fills and returns `weights`. */
export function equalWeights(weights: Float64Array): Float64Array {
  return weights.fill(1 / weights.length);
}

/**
 * Weights of elites, cheapest first, that fall with the logarithm of the rank, with sum 1 (Hansen 2016, eq. 49): fills and returns
 * `weights`.
 */
export function logRankWeights(weights: Float64Array): Float64Array {
  const count = weights.length;
  let sum = 0;
  for (let rank = 0; rank < count; rank++) {
    const weight = Math.log(count + 0.5) - Math.log(rank + 1);
    weights[rank] = weight;
    sum += weight;
  }
  for (let rank = 0; rank < count; rank++) weights[rank] = f64(weights, rank) / sum;
  return weights;
}
