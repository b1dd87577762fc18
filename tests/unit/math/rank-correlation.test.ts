import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { rankCorrelation } from '../../../src/math/rank-correlation.js';

const numbers = fc.uniqueArray(fc.integer({ min: -1e6, max: 1e6 }), { minLength: 2, maxLength: 50 });

describe('rankCorrelation', () => {
  it('is 1 for any rising function of the same numbers, and -1 for any falling one', () => {
    fc.assert(
      fc.property(numbers, (values) => {
        const given = Float32Array.from(values);
        expect(
          rankCorrelation(
            given,
            given.map((value) => value * 0.5 - 3),
          ),
        ).toBeCloseTo(1);
        expect(
          rankCorrelation(
            given,
            given.map((value) => -value),
          ),
        ).toBeCloseTo(-1);
      }),
    );
  });

  it('gives equal numbers the mean of their ranks', () => {
    expect(rankCorrelation(Float32Array.of(1, 2, 2, 3), Float32Array.of(1, 2, 3, 4))).toBeCloseTo(0.9487, 4);
  });

  it('is no number when there is nothing to order', () => {
    expect(rankCorrelation(Float32Array.of(1, 1), Float32Array.of(1, 2))).toBeNaN();
    expect(rankCorrelation(Float32Array.of(NaN, 1), Float32Array.of(1, 2))).toBeNaN();
  });
});
