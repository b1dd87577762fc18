import { assertLength, at, f64 } from '../core/array-access.js';

/**
 * Joint velocities for some rows of a twist: `Jᵀ (J Jᵀ + damping² I)⁻¹ twist`, the minimum of `|J v - twist|² + damping² |v|²`.
 *
 * @param jacobian `[6, J]`
 * @param rows indices of the rows that count
 * @param twist `[6]`
 * @param damping above 0
 * @param out velocities `[J]`, written
 * @throws RangeError when the lengths disagree
 */
export function dampedLeastSquares(
  jacobian: Float64Array,
  rows: readonly number[],
  twist: Float64Array,
  damping: number,
  out: Float64Array,
): void {
  const joints = out.length;
  assertLength('Jacobian', jacobian, twist.length * joints);
  const size = rows.length;
  const entry = (row: number, joint: number): number => f64(jacobian, at(rows, row) * joints + joint);
  const matrix = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < size; k++) {
      let sum = i === k ? damping ** 2 : 0;
      for (let joint = 0; joint < joints; joint++) sum += entry(i, joint) * entry(k, joint);
      matrix[i * size + k] = sum;
    }
  }
  const solution = solvePositive(
    matrix,
    Float64Array.from(rows, (row) => f64(twist, row)),
  );
  for (let joint = 0; joint < joints; joint++) {
    let sum = 0;
    for (let i = 0; i < size; i++) sum += entry(i, joint) * f64(solution, i);
    out[joint] = sum;
  }
}

/** Solves `matrix x = right` by Cholesky, for a symmetric positive definite matrix `[n, n]`. Both are overwritten. @returns x `[n]` */
function solvePositive(matrix: Float64Array, right: Float64Array): Float64Array {
  const size = right.length;
  const entry = (row: number, column: number): number => f64(matrix, row * size + column);
  for (let column = 0; column < size; column++) {
    for (let row = column; row < size; row++) {
      let sum = entry(row, column);
      for (let k = 0; k < column; k++) sum -= entry(row, k) * entry(column, k);
      matrix[row * size + column] = row === column ? Math.sqrt(sum) : sum / entry(column, column);
    }
  }
  for (let row = 0; row < size; row++) {
    let sum = f64(right, row);
    for (let k = 0; k < row; k++) sum -= entry(row, k) * f64(right, k);
    right[row] = sum / entry(row, row);
  }
  for (let row = size - 1; row >= 0; row--) {
    let sum = f64(right, row);
    for (let k = row + 1; k < size; k++) sum -= entry(k, row) * f64(right, k);
    right[row] = sum / entry(row, row);
  }
  return right;
}
