/** 97.5 % quantile of the standard normal: a two-sided 95 % interval. */
const Z = 1.959963984540054;

/**
 * Wilson score interval (95 %) of a success rate: `[lo, hi]` in [0, 1]. Unlike the normal approximation, it keeps its coverage for few
 * episodes and for rates near 0 and 1 (Wilson 1927; Brown, Cai and DasGupta 2001).
 *
 * @param successes 0..trials
 * @param trials at least 1
 */
export function wilsonInterval(successes: number, trials: number): [number, number] {
  if (!(trials >= 1) || !(successes >= 0) || successes > trials) {
    throw new RangeError(
      `wilsonInterval: found ${successes} of ${trials}, expected 0 <= successes <= trials and trials >= 1`,
    );
  }
  const rate = successes / trials;
  const denominator = 1 + (Z * Z) / trials;
  const centre = (rate + (Z * Z) / (2 * trials)) / denominator;
  const half = (Z / denominator) * Math.sqrt((rate * (1 - rate)) / trials + (Z * Z) / (4 * trials * trials));
  return [Math.max(0, Math.min(rate, centre - half)), Math.min(1, Math.max(rate, centre + half))];
}
