import { assertLength, assertRoom } from '../core/array-access.js';

/**
 * Weighted mean and unbiased standard deviation of each column over some rows of a matrix. With equal weights this is the usual standard
 * deviation over n - 1 (`torch.std`, with which the published planners refit). In general the squares are divided by
 * `1 - sum of squared weights` (reliability weights). The standard deviation is 0 where one row has all the weight.
 *
 * @param matrix row-major `[n, columns]`
 * @param rows indices of the rows that count `[r]`, r at least 1
 * @param weights of these rows `[r]`, each at least 0, with sum 1
 * @param mean `[columns]`, written
 * @param std `[columns]`, written
 * @returns `1 - sum of squared weights`
 * @throws RangeError when the lengths disagree, or a row is outside of the matrix
 */
export function weightedRowMoments(
  matrix: Float32Array,
  rows: Uint32Array,
  weights: Float64Array,
  mean: Float32Array,
  std: Float32Array,
): number {
  const columns = mean.length;
  assertLength('weights of rows', weights, rows.length);
  assertLength('standard deviations of columns', std, columns);
  assertRoom('matrix', matrix, (largestOf(rows) + 1) * columns);
  let squaredWeights = 0;
  for (const weight of weights) squaredWeights += weight * weight;
  const freedom = 1 - squaredWeights;
  for (let column = 0; column < columns; column++) {
    let average = 0;
    for (let k = 0; k < rows.length; k++)
      average += (weights[k] as number) * (matrix[(rows[k] as number) * columns + column] as number);
    // Two passes: the one-pass formula cancels when the rows have almost converged.
    let squares = 0;
    for (let k = 0; k < rows.length; k++) {
      const difference = (matrix[(rows[k] as number) * columns + column] as number) - average;
      squares += (weights[k] as number) * difference * difference;
    }
    mean[column] = average;
    std[column] = freedom > 0 ? Math.sqrt(squares / freedom) : 0;
  }
  return freedom;
}

/** In a function of its own: inside the one above, the loop keeps the compiler from optimising the loops after it. */
function largestOf(rows: Uint32Array): number {
  let largest = 0;
  for (const row of rows) largest = Math.max(largest, row);
  return largest;
}
