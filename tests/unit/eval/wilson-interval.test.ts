import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { wilsonInterval } from '../../../eval/statistics/wilson-interval.js';

describe('wilsonInterval', () => {
  it.each([
    // Reference values: statsmodels.stats.proportion.proportion_confint(method='wilson').
    [0, 5, 0, 0.434482],
    [5, 5, 0.565518, 1],
    [45, 50, 0.786398, 0.956524],
    [1, 2, 0.094531, 0.905469],
  ])('of %i successes in %i is [%f, %f]', (successes, trials, lo, hi) => {
    const interval = wilsonInterval(successes, trials);
    expect(interval[0]).toBeCloseTo(lo, 5);
    expect(interval[1]).toBeCloseTo(hi, 5);
  });

  it('lies in [0, 1], holds the rate, and mirrors when successes and failures swap', () => {
    const counts = fc
      .integer({ min: 1, max: 2000 })
      .chain((trials) => fc.tuple(fc.integer({ min: 0, max: trials }), fc.constant(trials)));
    fc.assert(
      fc.property(counts, ([successes, trials]) => {
        const [lo, hi] = wilsonInterval(successes, trials);
        const [mirrorLo, mirrorHi] = wilsonInterval(trials - successes, trials);
        expect(lo).toBeGreaterThanOrEqual(0);
        expect(hi).toBeLessThanOrEqual(1);
        expect(lo).toBeLessThanOrEqual(successes / trials);
        expect(hi).toBeGreaterThanOrEqual(successes / trials);
        expect(lo).toBeCloseTo(1 - mirrorHi, 12);
        expect(hi).toBeCloseTo(1 - mirrorLo, 12);
      }),
    );
  });

  it.each([
    [0, 0],
    [3, 2],
    [-1, 2],
    [Number.NaN, 2],
  ])('refuses %f of %f', (successes, trials) => {
    expect(() => wilsonInterval(successes, trials)).toThrow(RangeError);
  });
});
