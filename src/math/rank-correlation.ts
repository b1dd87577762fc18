/**
 * Spearman's rank correlation: 1 where two lists order their entries alike, -1 where they order them the other way round. Equal entries
 * share the mean of their ranks.
 *
 * @returns NaN when a list has fewer than two different entries, or an entry that is no number
 */
export function rankCorrelation(a: Float32Array, b: Float32Array): number {
  const x = ranks(a);
  const y = ranks(b);
  const mean = (a.length - 1) / 2;
  let product = 0;
  let squaresX = 0;
  let squaresY = 0;
  for (let i = 0; i < a.length; i++) {
    const dx = (x[i] ?? NaN) - mean;
    const dy = (y[i] ?? NaN) - mean;
    product += dx * dy;
    squaresX += dx * dx;
    squaresY += dy * dy;
  }
  return product / Math.sqrt(squaresX * squaresY);
}

function ranks(values: Float32Array): Float64Array {
  if (values.some((value) => Number.isNaN(value))) return new Float64Array(values.length).fill(NaN);
  const order = Uint32Array.from(values.keys()).sort((i, j) => (values[i] ?? 0) - (values[j] ?? 0));
  const result = new Float64Array(values.length);
  for (let start = 0; start < order.length;) {
    let end = start + 1;
    while (end < order.length && values[order[end] ?? 0] === values[order[start] ?? 0]) end++;
    for (let k = start; k < end; k++) result[order[k] ?? 0] = (start + end - 1) / 2;
    start = end;
  }
  return result;
}
