import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { at } from '../../../src/core/array-access.js';
import { segmentDistance } from '../../../src/math/segment-distance.js';

const between = (...ends: number[]): number => segmentDistance(Float64Array.from(ends), 0, 1);

/** The smallest distance of points of both segments: a grid, refined around its best cell. */
function bruteForce(ends: readonly number[]): number {
  const pointAt = (segment: number, share: number): number[] =>
    [0, 1, 2].map((axis) => {
      const start = at(ends, 6 * segment + axis);
      return start + share * (at(ends, 6 * segment + 3 + axis) - start);
    });
  const distance = (s: number, t: number): number => {
    const q = pointAt(1, t);
    return Math.hypot(...pointAt(0, s).map((value, axis) => value - at(q, axis)));
  };
  let best = Infinity;
  let centre: readonly [number, number] = [0.5, 0.5];
  for (let width = 1; width > 1e-9; width /= 4) {
    const [s0, t0] = centre;
    for (let i = -8; i <= 8; i++) {
      for (let k = -8; k <= 8; k++) {
        const s = Math.min(Math.max(s0 + (i * width) / 16, 0), 1);
        const t = Math.min(Math.max(t0 + (k * width) / 16, 0), 1);
        const found = distance(s, t);
        if (found >= best) continue;
        best = found;
        centre = [s, t];
      }
    }
  }
  return best;
}

describe('the distance of two segments', () => {
  it.each([
    ['crossing above each other', [-1, 0, 0, 1, 0, 0, 0, -1, 2, 0, 1, 2], 2],
    ['that intersect', [-1, 0, 0, 1, 0, 0, 0, -1, 0, 0, 1, 0], 0],
    ['end to end', [0, 0, 0, 1, 0, 0, 3, 0, 0, 5, 0, 0], 2],
    ['parallel and side by side', [0, 0, 0, 4, 0, 0, 1, 3, 0, 2, 3, 0], 3],
    ['parallel, one beyond the other', [0, 0, 0, 1, 0, 0, 4, 4, 0, 6, 4, 0], 5],
    ['antiparallel, one beyond the other', [0, 0, 0, 1, 0, 0, 6, 4, 0, 4, 4, 0], 5],
    ['parallel, one before the other', [4, 4, 0, 6, 4, 0, 0, 0, 0, 1, 0, 0], 5],
    ['end to inside', [0, 2, 0, 0, 5, 0, -1, 0, 0, 1, 0, 0], 2],
    ['inside to end', [-1, 0, 0, 1, 0, 0, 0, 2, 0, 0, 5, 0], 2],
    ['corner to corner', [0, 0, 0, 1, 0, 0, 4, 4, 0, 4, 9, 0], 5],
    ['that are two points', [1, 2, 3, 1, 2, 3, 4, 6, 3, 4, 6, 3], 5],
    ['a point and a segment', [0, 2, 0, 0, 2, 0, -1, 0, 0, 1, 0, 0], 2],
    ['a segment and a point', [-1, 0, 0, 1, 0, 0, 0, 2, 0, 0, 2, 0], 2],
    ['a point and the end of a segment', [4, 4, 0, 4, 4, 0, -1, 0, 0, 1, 0, 0], 5],
  ])('%s', (_, ends, distance) => {
    expect(between(...ends)).toBeCloseTo(distance, 12);
  });

  it('picks the segments by their index', () => {
    const ends = Float64Array.of(9, 9, 9, 9, 9, 9, 0, 0, 0, 1, 0, 0, 0, 2, 0, 1, 2, 0);
    expect(segmentDistance(ends, 1, 2)).toBe(2);
    expect(() => segmentDistance(ends, 1, 3)).toThrow(RangeError);
  });

  it('is that of the closest of many points of both', () => {
    const coordinate = fc.double({ min: -1, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.array(coordinate, { minLength: 12, maxLength: 12 }), (ends) => {
        const found = between(...ends);
        expect(found).toBeLessThanOrEqual(bruteForce(ends) + 1e-7);
        expect(found).toBeGreaterThanOrEqual(bruteForce(ends) - 1e-4);
      }),
      { numRuns: 200 },
    );
  });

  it('does not depend on the order of segments and ends', () => {
    const coordinate = fc.integer({ min: -2, max: 2 });
    fc.assert(
      fc.property(fc.array(coordinate, { minLength: 12, maxLength: 12 }), (ends) => {
        const [p, q] = [ends.slice(0, 6), ends.slice(6)];
        const turned = [...p.slice(3), ...p.slice(0, 3)];
        const found = between(...ends);
        expect(between(...q, ...p)).toBeCloseTo(found, 7);
        expect(between(...turned, ...q)).toBeCloseTo(found, 7);
      }),
    );
  });

  it('is NaN where a coordinate is', () => {
    for (let index = 0; index < 12; index++) {
      const ends = [0, 0, 0, 1, 0, 0, 0, 2, 0, 1, 3, 0];
      ends[index] = NaN;
      expect(between(...ends)).toBeNaN();
    }
  });
});
