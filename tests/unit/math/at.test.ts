import { describe, expect, it } from 'vitest';

import { at } from '../../../src/math/at.js';

describe('at', () => {
  it('is the element at an index, NaN included', () => {
    const values = Float32Array.of(1, NaN, 3);
    expect([0, 1, 2].map((index) => at(values, index))).toEqual([1, NaN, 3]);
  });

  it.each([-1, 3, 0.5, NaN])('throws for index %f of 3 elements', (index) => {
    expect(() => at(new Float64Array(3), index)).toThrow(
      expect.objectContaining({ code: 'planner.wrong-shape' }) as Error,
    );
  });
});
