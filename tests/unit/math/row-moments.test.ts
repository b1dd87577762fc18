import { describe, expect, it } from 'vitest';

import { rowMoments } from '../../../src/math/row-moments.js';

describe('rowMoments', () => {
  it('takes mean and population deviation over the named rows only', () => {
    const matrix = Float32Array.of(1, 10, 99, 99, 3, 30, 5, 20);
    const mean = new Float32Array(2);
    const std = new Float32Array(2);
    rowMoments(matrix, Uint32Array.of(0, 2, 3), mean, std);
    expect([...mean]).toEqual([3, 20]);
    expect(std[0]).toBeCloseTo(Math.sqrt(8 / 3), 6);
    expect(std[1]).toBeCloseTo(Math.sqrt(200 / 3), 5);
  });

  it('keeps a small deviation on a large mean', () => {
    const mean = new Float32Array(1);
    const std = new Float32Array(1);
    rowMoments(Float32Array.of(4096, 4096.0009765625), Uint32Array.of(0, 1), mean, std);
    expect(std[0]).toBeCloseTo(0.00048828125, 8);
  });
});
