import { assertLength, f32, f64, u32 } from '../core/array-access.js';

/**
 * Weights of costs: `softmax(-(cost - min) / temperature)`. A temperature near 0 gives all the weight to the cheapest; with a large one the
 * weights are nearly equal.
 *
 * @param costs `[n]`, finite where they count
 * @param rows indices of the costs that count `[r]`, cheapest first, r at least 1
 * @param temperature in the unit of the costs, above 0
 * @param weights `[r]`, written; their sum is 1
 * @throws RangeError when there are no rows, the lengths differ, or a row is outside of the costs
 */
export function softmaxWeights(
  costs: Float32Array,
  rows: Uint32Array,
  temperature: number,
  weights: Float64Array,
): void {
  assertLength('weights of costs', weights, rows.length);
  const min = f32(costs, u32(rows, 0));
  let total = 0;
  for (let k = 0; k < rows.length; k++) {
    const weight = Math.exp(-(f32(costs, u32(rows, k)) - min) / temperature);
    weights[k] = weight;
    total += weight;
  }
  for (let k = 0; k < rows.length; k++) weights[k] = f64(weights, k) / total;
}
