import { at, f64 } from '../core/array-access.js';

/** What a singular matrix gets. The square root of the rounding error of a double leaves no more digits. */
export const MAX_CONDITION = 1e6;

/** Sweeps over all pairs of rows. Convergence is quadratic: symmetric matrices of 6 rows need about five. */
const MAX_SWEEPS = 16;

/** The condition number of some rows of a matrix: the ratio of its largest to its smallest singular value. */
export class ConditionNumber {
  readonly #rows: readonly number[];
  /** `A Aᵀ` `[K, K]`, turned into its eigenvalues by Jacobi rotations. */
  readonly #gram: Float64Array;

  /** @param rows indices of the rows that count `[K]`, at least one */
  constructor(rows: readonly number[]) {
    this.#rows = rows;
    this.#gram = new Float64Array(rows.length ** 2);
  }

  /**
   * No arrays are made.
   *
   * @param matrix row-major, of `columns` columns, with all rows
   * @returns from 1 to {@link MAX_CONDITION}; NaN if an entry is not finite
   */
  of(matrix: Float64Array, columns: number): number {
    this.#fillGram(matrix, columns);
    const gram = this.#gram;
    const size = this.#rows.length;
    for (let sweep = 0; sweep < MAX_SWEEPS; sweep++) {
      let rotated = false;
      for (let p = 0; p < size - 1; p++) {
        for (let q = p + 1; q < size; q++) rotated = rotate(gram, size, p, q) || rotated;
      }
      if (!rotated) break;
    }
    let smallest = Infinity;
    let largest = 0;
    for (let row = 0; row < size; row++) {
      const eigenvalue = f64(gram, row * size + row);
      smallest = Math.min(smallest, eigenvalue);
      largest = Math.max(largest, eigenvalue);
    }
    // A singular matrix can have a slightly negative eigenvalue, and that of zeros has none above 0.
    if (smallest <= 0) return MAX_CONDITION;
    return Math.min(Math.sqrt(largest / smallest), MAX_CONDITION);
  }

  #fillGram(matrix: Float64Array, columns: number): void {
    const size = this.#rows.length;
    for (let i = 0; i < size; i++) {
      for (let k = i; k < size; k++) {
        let sum = 0;
        const first = at(this.#rows, i) * columns;
        const second = at(this.#rows, k) * columns;
        for (let column = 0; column < columns; column++)
          sum += f64(matrix, first + column) * f64(matrix, second + column);
        this.#gram[i * size + k] = this.#gram[k * size + i] = sum;
      }
    }
  }
}

/** One Jacobi rotation of a symmetric matrix, which makes entry (p, q) 0. @returns false where it was as good as 0 */
function rotate(matrix: Float64Array, size: number, p: number, q: number): boolean {
  const pp = f64(matrix, p * size + p);
  const qq = f64(matrix, q * size + q);
  const pq = f64(matrix, p * size + q);
  if (!(Math.abs(pq) > Number.EPSILON * Math.sqrt(Math.abs(pp * qq)))) return false;
  const theta = (qq - pp) / (2 * pq);
  const tangent = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.hypot(theta, 1));
  const cosine = 1 / Math.hypot(tangent, 1);
  const sine = tangent * cosine;
  for (let k = 0; k < size; k++) {
    const kp = f64(matrix, k * size + p);
    const kq = f64(matrix, k * size + q);
    matrix[k * size + p] = cosine * kp - sine * kq;
    matrix[k * size + q] = sine * kp + cosine * kq;
  }
  for (let k = 0; k < size; k++) {
    const pk = f64(matrix, p * size + k);
    const qk = f64(matrix, q * size + k);
    matrix[p * size + k] = cosine * pk - sine * qk;
    matrix[q * size + k] = sine * pk + cosine * qk;
  }
  return true;
}
