/**
 * Weights of costs: `softmax(-(cost - min) / temperature)`, over finite costs that are sorted, cheapest first. A temperature near 0
 * leaves the weight to the cheapest, a large one shares it out evenly.
 *
 * @param costs `[n]`
 * @param rows indices of the costs that count, cheapest first, at least one
 * @param temperature in the unit of the costs, above 0
 * @param weights `[rows.length]`, written; their sum is 1
 */
export function softmaxWeights(
  costs: Float32Array,
  rows: Uint32Array,
  temperature: number,
  weights: Float64Array,
): void {
  const least = costs[rows[0] ?? 0] ?? NaN;
  let total = 0;
  for (let k = 0; k < rows.length; k++) {
    const weight = Math.exp(-((costs[rows[k] ?? 0] ?? NaN) - least) / temperature);
    weights[k] = weight;
    total += weight;
  }
  for (let k = 0; k < rows.length; k++) weights[k] = (weights[k] ?? NaN) / total;
}
