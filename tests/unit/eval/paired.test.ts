import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bootstrapMeanInterval, medianInterval, signTest } from '../../../eval/statistics/paired.js';
import { createRng } from '../../../src/math/rng.js';

describe('signTest', () => {
  it.each([
    // Reference values: statsmodels.stats.contingency_tables.mcnemar(exact=True), scipy.stats.binomtest.
    [0, 0, 1],
    [0, 5, 0.0625],
    [1, 9, 0.021484375],
    [3, 3, 1],
    [12, 5, 0.143463134765625],
    [60, 40, 0.05688793364098089],
  ])('of %i against %i is %f', (first, second, p) => {
    expect(signTest(first, second)).toBeCloseTo(p, 10);
  });

  it('does not underflow for thousands of pairs', () => {
    expect(signTest(2000, 2000)).toBe(1);
    expect(signTest(1900, 2100)).toBeCloseTo(0.00165, 4);
  });

  it('treats both sides alike, and is smaller the more uneven the pairs are', () => {
    const pairs = fc.tuple(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 300 }));
    fc.assert(
      fc.property(pairs, ([a, b]) => {
        expect(signTest(a, b)).toBe(signTest(b, a));
        const [less, more] = [Math.min(a, b), Math.max(a, b)];
        if (less > 0) expect(signTest(less - 1, more + 1)).toBeLessThanOrEqual(signTest(less, more));
      }),
    );
  });
});

describe('medianInterval', () => {
  it.each([
    // Ranks of the tables of the sign test: of 6 values 1 and 6, of 20 6 and 15.
    [6, 1, 6],
    [10, 2, 9],
    [20, 6, 15],
    [5, 1, 5],
    [1, 1, 1],
  ])('of %i values runs from rank %i to rank %i', (count, low, high) => {
    const values = Array.from({ length: count }, (_, index) => count - index);
    expect(medianInterval(values)).toEqual([low, high]);
  });
});

describe('bootstrapMeanInterval', () => {
  it('is that of the normal theory for many values', () => {
    const noise = new Float32Array(400);
    createRng(5).normals(noise);
    const [low, high] = bootstrapMeanInterval([...noise], createRng(1));
    const mean = noise.reduce((sum, value) => sum + value, 0) / 400;
    expect(low - mean).toBeCloseTo(-1.96 / 20, 1);
    expect(high - mean).toBeCloseTo(1.96 / 20, 1);
  });

  it('is the same for the same seed, and the value itself where all are alike', () => {
    const values = [1, 2, 5, 9];
    const interval = bootstrapMeanInterval(values, createRng(7));
    expect(bootstrapMeanInterval(values, createRng(7))).toEqual(interval);
    expect(bootstrapMeanInterval([3, 3, 3], createRng(7))).toEqual([3, 3]);
  });
});
