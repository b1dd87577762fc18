import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { at } from '../../../src/core/array-access.js';
import { segmentDistance } from '../../../src/math/segment-distance.js';

const between = (...ends: number[]): number => segmentDistance(Float64Array.from(ends), 0, 1);

/** The distance of the second segment from the nearest point of the first, by ternary search: it is convex along the first one. */
function nearest(ends: readonly number[]): number {
  const point = (end: number): readonly number[] => ends.slice(3 * end, 3 * end + 3);
  const along = (from: readonly number[], to: readonly number[], share: number): readonly number[] =>
    from.map((value, axis) => value + share * (at(to, axis) - value));
  const minus = (a: readonly number[], b: readonly number[]): readonly number[] =>
    a.map((value, axis) => value - at(b, axis));
  const dot = (a: readonly number[], b: readonly number[]): number =>
    a.reduce((sum, value, axis) => sum + value * at(b, axis), 0);
  const direction = minus(point(3), point(2));
  const distanceAt = (share: number): number => {
    const from = along(point(0), point(1), share);
    const length = dot(direction, direction);
    const foot = length === 0 ? 0 : dot(minus(from, point(2)), direction) / length;
    return Math.hypot(...minus(from, along(point(2), point(3), Math.min(Math.max(foot, 0), 1))));
  };
  let [low, high] = [0, 1];
  for (let step = 0; step < 100; step++) {
    const [left, right] = [low + (high - low) / 3, high - (high - low) / 3];
    if (distanceAt(left) <= distanceAt(right)) high = right;
    else low = left;
  }
  return Math.min(distanceAt(0), distanceAt(1), distanceAt((low + high) / 2));
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

  it('is that of their nearest points', () => {
    const coordinate = fc.double({ min: -1, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.array(coordinate, { minLength: 12, maxLength: 12 }), (ends) => {
        expect(Math.abs(between(...ends) - nearest(ends))).toBeLessThan(1e-6);
      }),
      {
        numRuns: 2000,
        examples: [
          [[0.00010005139760034, 0, 0, 0, 0, 0.004562506022144323, 0, 0, 0.3608449407674925, 0, 0, 0]],
        ],
      },
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
