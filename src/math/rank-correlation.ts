import { assertLength, f32, f64, u32 } from '../core/array-access.js';

/**
 * Spearman's rank correlation: 1 when two lists have the same order, -1 when one has the reverse order of the other. Equal entries share the
 * mean of their ranks.
 *
 * @param a `[n]`
 * @param b `[n]`
 * @returns from -1 to 1; NaN when a list has fewer than two different entries, or contains a NaN
 * @throws RangeError when the lengths differ
 */
export function rankCorrelation(a: Float32Array, b: Float32Array): number {
  assertLength('second list of a rank correlation', b, a.length);
  const x = ranks(a);
  const y = ranks(b);
  const mean = (a.length - 1) / 2;
  let product = 0;
  let squaresX = 0;
  let squaresY = 0;
  for (let i = 0; i < a.length; i++) {
    const dx = f64(x, i) - mean;
    const dy = f64(y, i) - mean;
    product += dx * dy;
    squaresX += dx * dx;
    squaresY += dy * dy;
  }
  return product / Math.sqrt(squaresX * squaresY);
}

/** Ranks from 0 `[n]`; all NaN when an entry is NaN. */
function ranks(values: Float32Array): Float64Array {
  if (values.some((value) => Number.isNaN(value))) return new Float64Array(values.length).fill(NaN);
  const order = Uint32Array.from(values.keys()).sort((i, j) => f32(values, i) - f32(values, j));
  const result = new Float64Array(values.length);
  for (let start = 0; start < order.length;) {
    let end = start + 1;
    while (end < order.length && f32(values, u32(order, end)) === f32(values, u32(order, start))) end++;
    for (let k = start; k < end; k++) result[u32(order, k)] = (start + end - 1) / 2;
    start = end;
  }
  return result;
}
