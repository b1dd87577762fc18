/**
 * Joint velocities for some rows of a twist: `Jᵀ (J Jᵀ + damping² I)⁻¹ twist`, the least of `|J v - twist|² + damping² |v|²`.
 *
 * @param jacobian `[6, J]`
 * @param rows of it that count
 * @param twist `[6]`
 * @param out velocities `[J]`, written
 */
export function dampedLeastSquares(
  jacobian: Float64Array,
  rows: readonly number[],
  twist: Float64Array,
  damping: number,
  out: Float64Array,
): void {
  const joints = out.length;
  const size = rows.length;
  const at = (row: number, joint: number): number => jacobian[(rows[row] ?? 0) * joints + joint] ?? 0;
  const matrix = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < size; k++) {
      let sum = i === k ? damping ** 2 : 0;
      for (let joint = 0; joint < joints; joint++) sum += at(i, joint) * at(k, joint);
      matrix[i * size + k] = sum;
    }
  }
  const solution = solvePositive(
    matrix,
    Float64Array.from(rows, (row) => twist[row] ?? 0),
  );
  for (let joint = 0; joint < joints; joint++) {
    let sum = 0;
    for (let i = 0; i < size; i++) sum += at(i, joint) * (solution[i] ?? 0);
    out[joint] = sum;
  }
}

/** Solves `matrix x = right` for a symmetric positive definite matrix `[n, n]` by Cholesky; both are overwritten. @returns x `[n]` */
function solvePositive(matrix: Float64Array, right: Float64Array): Float64Array {
  const size = right.length;
  const at = (row: number, column: number): number => matrix[row * size + column] ?? 0;
  for (let column = 0; column < size; column++) {
    for (let row = column; row < size; row++) {
      let sum = at(row, column);
      for (let k = 0; k < column; k++) sum -= at(row, k) * at(column, k);
      matrix[row * size + column] = row === column ? Math.sqrt(sum) : sum / at(column, column);
    }
  }
  for (let row = 0; row < size; row++) {
    let sum = right[row] ?? 0;
    for (let k = 0; k < row; k++) sum -= at(row, k) * (right[k] ?? 0);
    right[row] = sum / at(row, row);
  }
  for (let row = size - 1; row >= 0; row--) {
    let sum = right[row] ?? 0;
    for (let k = row + 1; k < size; k++) sum -= at(k, row) * (right[k] ?? 0);
    right[row] = sum / at(row, row);
  }
  return right;
}
