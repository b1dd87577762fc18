/**
 * Mean and (population) standard deviation of each column over some rows of a matrix.
 *
 * @param matrix row-major `[n, columns]`
 * @param rows indices of the rows that count, at least one
 * @param mean `[columns]`, written
 * @param std `[columns]`, written
 */
export function rowMoments(
  matrix: Float32Array,
  rows: Uint32Array,
  mean: Float32Array,
  std: Float32Array,
): void {
  const columns = mean.length;
  for (let column = 0; column < columns; column++) {
    let sum = 0;
    for (const row of rows) sum += matrix[row * columns + column] ?? NaN;
    const average = sum / rows.length;
    // Two passes: the one-pass formula cancels when the rows have almost converged.
    let squares = 0;
    for (const row of rows) {
      const difference = (matrix[row * columns + column] ?? NaN) - average;
      squares += difference * difference;
    }
    mean[column] = average;
    std[column] = Math.sqrt(squares / rows.length);
  }
}
