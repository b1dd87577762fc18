import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConditionNumber, MAX_CONDITION } from '../../../src/math/condition-number.js';

const of = (rows: number[], columns: number, ...matrix: number[]): number =>
  new ConditionNumber(rows).of(Float64Array.from(matrix), columns);

describe('the condition number', () => {
  it('of known matrices', () => {
    expect(of([0, 1, 2], 3, 1, 0, 0, 0, 1, 0, 0, 0, 1)).toBe(1);
    expect(of([0, 1, 2], 3, 4, 0, 0, 0, -8, 0, 0, 0, 2)).toBeCloseTo(4, 12);
    expect(of([0], 2, 3, 4)).toBe(1);
    // Singular values of [[1, 1], [0, 1]]: the golden ratio and its inverse.
    expect(of([0, 1], 2, 1, 1, 0, 1)).toBeCloseTo(((1 + Math.sqrt(5)) / 2) ** 2, 10);
    // The Hilbert matrix of order 3.
    expect(of([0, 1, 2], 3, 1, 1 / 2, 1 / 3, 1 / 2, 1 / 3, 1 / 4, 1 / 3, 1 / 4, 1 / 5)).toBeCloseTo(
      524.0567775861,
      5,
    );
    // Wider than high: A Aᵀ = [[14, 32], [32, 77]].
    expect(of([0, 1], 3, 1, 2, 3, 4, 5, 6)).toBeCloseTo(
      Math.sqrt((91 + Math.sqrt(8065)) / (91 - Math.sqrt(8065))),
      9,
    );
  });

  it('counts the chosen rows alone', () => {
    const matrix = [1, 0, 0, 0, 0, 0, 0, 3, 0];
    expect(of([0, 2], 3, ...matrix)).toBeCloseTo(3, 12);
    expect(of([0, 1, 2], 3, ...matrix)).toBe(MAX_CONDITION);
  });

  it('of a singular matrix is the maximum', () => {
    expect(of([0, 1], 2, 1, 2, 2, 4)).toBe(MAX_CONDITION);
    expect(of([0, 1], 2, 0, 0, 0, 0)).toBe(MAX_CONDITION);
    expect(of([0, 1, 2], 2, 1, 2, 3, 4, 5, 7)).toBe(MAX_CONDITION);
    expect(of([0, 1], 2, 1, 0, 0, 1e-9)).toBe(MAX_CONDITION);
  });

  it('of a matrix that is not finite is NaN', () => {
    expect(of([0, 1], 2, NaN, 0, 0, 1)).toBeNaN();
    expect(of([0, 1], 2, 1, NaN, 0, 1)).toBeNaN();
    expect(of([0], 2, NaN, 1)).toBeNaN();
  });

  it('is the ratio of singular values that a matrix is made of, whatever the rotations', () => {
    const angles = fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 15, maxLength: 15 });
    const values = fc.array(fc.double({ min: 0.05, max: 1, noNaN: true }), { minLength: 6, maxLength: 6 });
    fc.assert(
      fc.property(angles, angles, values, (left, right, singular) => {
        const matrix = new Float64Array(36);
        for (const [row, value] of singular.entries()) matrix[7 * row] = value;
        let plane = 0;
        for (let p = 0; p < 6; p++) {
          for (let q = p + 1; q < 6; q++, plane++) {
            turnRows(matrix, p, q, left[plane] ?? 0);
            turnColumns(matrix, p, q, right[plane] ?? 0);
          }
        }
        const expected = Math.max(...singular) / Math.min(...singular);
        const found = new ConditionNumber([0, 1, 2, 3, 4, 5]).of(matrix, 6);
        expect(found / expected).toBeCloseTo(1, 9);
      }),
    );
  });

  it('can be computed again and again', () => {
    const condition = new ConditionNumber([0, 1]);
    expect(condition.of(Float64Array.of(1, 1, 0, 1), 2)).toBe(condition.of(Float64Array.of(1, 1, 0, 1), 2));
    expect(condition.of(Float64Array.of(1, 0, 0, 1), 2)).toBe(1);
  });
});

function turnRows(matrix: Float64Array, p: number, q: number, angle: number): void {
  for (let k = 0; k < 6; k++) turn(matrix, 6 * p + k, 6 * q + k, angle);
}

function turnColumns(matrix: Float64Array, p: number, q: number, angle: number): void {
  for (let k = 0; k < 6; k++) turn(matrix, 6 * k + p, 6 * k + q, angle);
}

function turn(matrix: Float64Array, first: number, second: number, angle: number): void {
  const [a, b] = [matrix[first] ?? 0, matrix[second] ?? 0];
  matrix[first] = Math.cos(angle) * a - Math.sin(angle) * b;
  matrix[second] = Math.sin(angle) * a + Math.cos(angle) * b;
}
