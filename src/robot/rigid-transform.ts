import { f64 } from '../core/array-access.js';
import type { Vector3 } from './urdf-xml.js';

/** `out[outLink] = from[fromLink] + scale * rotation * vector`, for positions `[L, 3]`. */
export function translate(
  out: Float64Array,
  outLink: number,
  from: Float64Array,
  fromLink: number,
  rotation: Float64Array,
  start: number,
  vector: Vector3,
  scale: number,
): void {
  const x = scale * vector[0];
  const y = scale * vector[1];
  const z = scale * vector[2];
  for (let row = 0; row < 3; row++) {
    const place = start + 3 * row;
    out[3 * outLink + row] =
      f64(from, 3 * fromLink + row) +
      f64(rotation, place) * x +
      f64(rotation, place + 1) * y +
      f64(rotation, place + 2) * z;
  }
}

/** `out = left * right` for row-major 3x3 matrices, from these starts; `out` is neither of them. */
export function multiplyRotations(
  left: Float64Array,
  leftStart: number,
  right: Float64Array,
  out: Float64Array,
  outStart: number,
): void {
  for (let row = 0; row < 9; row += 3) {
    const a = f64(left, leftStart + row);
    const b = f64(left, leftStart + row + 1);
    const c = f64(left, leftStart + row + 2);
    for (let column = 0; column < 3; column++) {
      out[outStart + row + column] =
        a * f64(right, column) + b * f64(right, column + 3) + c * f64(right, column + 6);
    }
  }
}
