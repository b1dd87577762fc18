import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { segmentBoxDistance } from '../../../src/math/segment-box-distance.js';
import {
  anyBox,
  anyPoint,
  box,
  boxesOf,
  DIRECTIONS,
  dot,
  minus,
  nearestIn,
  plus,
  reachOf,
  type Box,
  type Point,
} from '../../fixtures/boxes.js';

const between = (from: Point, to: Point, solid: Box): number =>
  segmentBoxDistance(Float64Array.of(...from, ...to), 0, boxesOf([solid]), 0);

/** The distance of a box from the nearest point of a segment, by ternary search: it is convex along the segment. */
function nearest(from: Point, to: Point, solid: Box): number {
  const distanceAt = (share: number): number => {
    const point = plus(from, minus(to, from), share);
    return Math.hypot(...minus(point, nearestIn(solid, point)));
  };
  let [low, high] = [0, 1];
  for (let step = 0; step < 60; step++) {
    const [left, right] = [low + (high - low) / 3, high - (high - low) / 3];
    if (distanceAt(left) <= distanceAt(right)) high = right;
    else low = left;
  }
  return Math.min(distanceAt(0), distanceAt(1), distanceAt((low + high) / 2));
}

/** A table of 1.5 x 1.8 x 0.02 m with its top at 0. */
const TABLE = box([1.5, 1.8, 0.02], [0, 0, -0.01]);
const TURNED = box([1.5, 1.8, 0.02], [0, 0, -0.01], [0, 0, Math.PI / 2]);

describe('the distance of a segment and a box', () => {
  it.each<[string, Point, Point, Box, number]>([
    ['upright above it', [0.2, 0.3, 0.5], [0.2, 0.3, 0.05], TABLE, 0.05],
    ['level above it', [-2, 0, 0.1], [2, 0, 0.1], TABLE, 0.1],
    ['slanted above its edge', [0.75, 0, 0.3], [1.75, 0, 1.3], TABLE, 0.3],
    ['beside it', [0.85, 0, -0.01], [0.85, 0, -0.01], TABLE, 0.1],
    ['beside it, turned', [0.95, 0, -0.01], [1.2, 0, -0.01], TURNED, 0.05],
    ['off its corner', [0.75 + 2, 0.9 + 1, 2], [4, 4, 4], TABLE, 3],
    ['past its edge, nearest between its ends', [0.75, 0, 0.2], [0.95, 0, 0], TABLE, Math.SQRT1_2 * 0.2],
    ['below it', [0, 0, -0.52], [1, 1, -0.62], TABLE, 0.5],
    ['on it', [0, 0, 0], [0.1, 0, 0.1], TABLE, 0],
    ['into it', [0, 0, 0.3], [0, 0, -0.005], TABLE, -0.005],
    ['through it', [0, 0, 0.3], [0, 0, -0.1], TABLE, -0.1],
    ['through its edge', [0.85, 0, 0.09], [0.65, 0, -0.11], TABLE, -0.01 * Math.SQRT1_2],
    ['within it', [0.1, 0.1, -0.01], [-0.1, 0.1, -0.01], TABLE, -0.01],
    ['as a point within it', [0, 0, -0.005], [0, 0, -0.005], TABLE, -0.005],
  ])('%s', (_, from, to, solid, distance) => {
    expect(between(from, to, solid)).toBeCloseTo(distance, 12);
    expect(between(to, from, solid)).toBeCloseTo(distance, 12);
  });

  it('picks segment and box by their index', () => {
    const ends = Float64Array.of(9, 9, 9, 9, 9, 9, 0, 0, 1, 0, 0, 2);
    const boxes = boxesOf([box([1, 1, 1], [5, 5, 5]), TABLE]);
    expect(segmentBoxDistance(ends, 1, boxes, 1)).toBeCloseTo(1, 12);
    expect(() => segmentBoxDistance(ends, 2, boxes, 1)).toThrow(RangeError);
    expect(() => segmentBoxDistance(ends, 1, boxes, 2)).toThrow(RangeError);
  });

  it('is that of the nearest point of the segment, where they are apart', () => {
    fc.assert(
      fc.property(anyPoint, anyPoint, anyBox, (from, to, solid) => {
        const found = Math.max(between(from, to, solid), 0);
        expect(Math.abs(found - nearest(from, to, solid))).toBeLessThan(1e-7);
      }),
      { numRuns: 1000 },
    );
  });

  it('is minus the shortest translation that parts them, where they overlap', () => {
    fc.assert(
      fc.property(anyPoint, anyPoint, anyBox, (from, to, solid) => {
        const distance = between(from, to, solid);
        fc.pre(distance < 0);
        const apart = minus(plus(from, minus(to, from), 0.5), solid.centre);
        const overlaps = DIRECTIONS.map(
          (direction) =>
            Math.abs(dot(minus(to, from), direction)) / 2 +
            reachOf(solid, direction) -
            Math.abs(dot(apart, direction)),
        );
        expect(-distance).toBeLessThanOrEqual(Math.min(...overlaps) + 1e-9);
        // Per radian, the overlap changes by half of both sizes at most.
        const room = 0.2 * (Math.hypot(...minus(to, from)) / 2 + Math.hypot(...solid.size) / 2);
        expect(-distance).toBeGreaterThan(Math.min(...overlaps) - room - Math.hypot(...apart) * 0.2);
      }),
      { numRuns: 200 },
    );
  });

  it('changes by no more than the segment moves', () => {
    fc.assert(
      fc.property(anyPoint, anyPoint, anyPoint, anyBox, (from, to, motion, solid) => {
        const change =
          between(plus(from, motion, 0.05), plus(to, motion, 0.05), solid) - between(from, to, solid);
        expect(Math.abs(change)).toBeLessThanOrEqual(0.05 * Math.hypot(...motion) + 1e-9);
      }),
      { numRuns: 1000 },
    );
  });

  it('is NaN where a coordinate is', () => {
    for (let index = 0; index < 6; index++) {
      const ends = Float64Array.of(0, 0, 1, 1, 0, 2);
      ends[index] = NaN;
      expect(segmentBoxDistance(ends, 0, boxesOf([TABLE]), 0)).toBeNaN();
    }
  });
});
