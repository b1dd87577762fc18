/**
 * Standard deviation of the finite values as a fraction of the magnitude of their mean; NaN for fewer than two of them, or a mean of 0.
 *
 * @param values `[N]`, in any order: the result is the same to the bit
 */
export function coefficientOfVariation(values: Float32Array): number {
  const finite = values.filter(Number.isFinite).sort();
  let sum = 0;
  for (const value of finite) sum += value;
  const mean = sum / finite.length;
  let squares = 0;
  for (const value of finite) squares += (value - mean) ** 2;
  return finite.length < 2 || mean === 0 ? NaN : Math.sqrt(squares / (finite.length - 1)) / Math.abs(mean);
}
