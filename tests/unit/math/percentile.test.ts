import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { percentile } from '../../../src/math/percentile.js';

describe('percentile', () => {
  it('interpolates between order statistics as NumPy does', () => {
    expect(percentile([4, 1, 3, 2], 0.5)).toBe(2.5);
    expect(percentile([10, 20, 30, 40, 50], 0.95)).toBeCloseTo(48, 12);
    expect(percentile([7], 0.05)).toBe(7);
  });

  it('stays between the extremes, grows with the fraction, and does not change its input', () => {
    const samples = fc.array(fc.double({ noNaN: true, min: -1e9, max: 1e9 }), { minLength: 1 });
    fc.assert(
      fc.property(
        samples,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (values, a, b) => {
          const before = [...values];
          const [low, high] = [percentile(values, Math.min(a, b)), percentile(values, Math.max(a, b))];
          expect(values).toEqual(before);
          expect(low).toBeLessThanOrEqual(high + 1e-6);
          expect(low).toBeGreaterThanOrEqual(Math.min(...values) - 1e-6);
          expect(high).toBeLessThanOrEqual(Math.max(...values) + 1e-6);
        },
      ),
    );
  });

  it('refuses no samples and fractions outside [0, 1]', () => {
    expect(() => percentile([], 0.5)).toThrow(RangeError);
    expect(() => percentile([1], 1.01)).toThrow(RangeError);
  });
});
