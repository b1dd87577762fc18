import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { coefficientOfVariation } from '../../../src/math/coefficient-of-variation.js';

describe('the coefficient of variation', () => {
  it('is the standard deviation over the mean, of the finite values alone', () => {
    expect(coefficientOfVariation(Float32Array.of(2, NaN, 4, Infinity, 6))).toBeCloseTo(2 / 4, 12);
    expect(coefficientOfVariation(Float32Array.of(-2, -4, -6))).toBeCloseTo(2 / 4, 12);
    expect(coefficientOfVariation(Float32Array.of(3, 3, 3))).toBe(0);
  });

  it.each([[[]], [[1]], [[1, NaN]], [[-1, 1]]])('is not defined for %j', (values) => {
    expect(coefficientOfVariation(Float32Array.from(values))).toBeNaN();
  });

  it('does not depend on the unit of the values, nor on their order', () => {
    const values = fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 2, maxLength: 50 });
    fc.assert(
      fc.property(values, fc.constantFrom(0.5, 4, 1024), (list, factor) => {
        const plain = Float32Array.from(list);
        const found = coefficientOfVariation(plain);
        expect(coefficientOfVariation(plain.map((value) => value * factor))).toBeCloseTo(found, 12);
        expect(coefficientOfVariation(plain.slice().reverse())).toBe(found);
      }),
    );
  });
});
