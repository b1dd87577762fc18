import { describe, expect, it } from 'vitest';

import { weightedRowMoments } from '../../../src/math/row-moments.js';

function moments(
  matrix: readonly number[],
  rows: readonly number[],
  weights: readonly number[],
): { mean: number[]; std: number[] } {
  const columns = matrix.length / (Math.max(...rows) + 1);
  const mean = new Float32Array(columns);
  const std = new Float32Array(columns);
  weightedRowMoments(
    Float32Array.from(matrix),
    Uint32Array.from(rows),
    Float64Array.from(weights),
    mean,
    std,
  );
  return { mean: [...mean], std: [...std] };
}

const EQUAL = [1 / 3, 1 / 3, 1 / 3];

describe('weightedRowMoments', () => {
  it('takes mean and unbiased standard deviation over the named rows only', () => {
    const { mean, std } = moments([1, 10, 99, 99, 3, 30, 5, 20], [0, 2, 3], EQUAL);
    expect(mean).toEqual([3, 20]);
    expect(std[0]).toBeCloseTo(Math.sqrt(8 / 2), 6);
    expect(std[1]).toBeCloseTo(Math.sqrt(200 / 2), 5);
  });

  it('counts rows by their weight', () => {
    const { mean, std } = moments([0, 4], [0, 1], [0.75, 0.25]);
    expect(mean).toEqual([1]);
    // Two rows, however weighted, say no more of the spread than their difference does: 4² / 2.
    expect(std[0]).toBeCloseTo(Math.sqrt(8), 6);
  });

  it('leaves out rows without weight', () => {
    expect(moments([1, 3, 500], [0, 1, 2], [0.5, 0.5, 0])).toEqual(moments([1, 3], [0, 1], [0.5, 0.5]));
  });

  it.each([
    ['of one row', [0], [1]],
    ['where one row has all the weight', [0, 1], [1, 0]],
  ])('gives a standard deviation of 0 %s', (_, rows, weights) => {
    expect(moments([7, 8], rows, weights).std[0]).toBe(0);
  });

  it('keeps a small standard deviation on a large mean', () => {
    expect(moments([4096, 4096.0009765625], [0, 1], [0.5, 0.5]).std[0]).toBeCloseTo(
      0.0009765625 / Math.SQRT2,
      8,
    );
  });
});
