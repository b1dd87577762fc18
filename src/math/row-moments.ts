/**
 * Weighted mean and unbiased standard deviation of each column over some rows of a matrix. With equal weights the deviation is the
 * usual one over n - 1 (`torch.std`, which the published planners refit with); in general the squares are divided by
 * `1 - sum of squared weights` (reliability weights). Where one row has all the weight nothing is known of the spread: 0.
 *
 * @param matrix row-major `[n, columns]`
 * @param rows indices of the rows that count, at least one
 * @param weights weight of each of these rows, at least 0, with sum 1
 * @param mean `[columns]`, written
 * @param std `[columns]`, written
 * @returns `1 - sum of squared weights`
 */
export function weightedRowMoments(
  matrix: Float32Array,
  rows: Uint32Array,
  weights: Float64Array,
  mean: Float32Array,
  std: Float32Array,
): number {
  const columns = mean.length;
  let squaredWeights = 0;
  for (const weight of weights) squaredWeights += weight * weight;
  const freedom = 1 - squaredWeights;
  for (let column = 0; column < columns; column++) {
    let average = 0;
    for (let k = 0; k < rows.length; k++)
      average += (weights[k] ?? NaN) * (matrix[(rows[k] ?? 0) * columns + column] ?? NaN);
    // Two passes: the one-pass formula cancels when the rows have almost converged.
    let squares = 0;
    for (let k = 0; k < rows.length; k++) {
      const difference = (matrix[(rows[k] ?? 0) * columns + column] ?? NaN) - average;
      squares += (weights[k] ?? NaN) * difference * difference;
    }
    mean[column] = average;
    std[column] = freedom > 0 ? Math.sqrt(squares / freedom) : 0;
  }
  return freedom;
}
