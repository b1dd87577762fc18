import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boxDistance } from '../../../src/math/box-distance.js';
import {
  anyBox,
  box,
  boxesOf,
  DIRECTIONS,
  dot,
  minus,
  nearestIn,
  plus,
  reachOf,
  type Box,
} from '../../fixtures/boxes.js';

const between = (first: Box, second: Box, far?: number): number =>
  boxDistance(boxesOf([first, second]), 0, 1, far);

/**
 * Bounds of the distance of two boxes that are apart. Projections from one to the other and back approach their nearest points: the distance of
 * two points is an upper bound, and the gap along the line through them a lower one.
 */
function bounds(first: Box, second: Box): { lower: number; upper: number } {
  let onFirst = first.centre;
  let onSecond = second.centre;
  for (let step = 0; step < 200; step++) {
    onSecond = nearestIn(second, onFirst);
    onFirst = nearestIn(first, onSecond);
  }
  const line = minus(onSecond, onFirst);
  const upper = Math.hypot(...line);
  const direction = plus([0, 0, 0], line, 1 / upper);
  const lower =
    dot(minus(second.centre, first.centre), direction) -
    reachOf(first, direction) -
    reachOf(second, direction);
  return { lower, upper };
}

const CUBE = box([2, 2, 2]);
const SHEET = box([2, 2, 0]);
const QUARTER = Math.PI / 4;
const ON_EDGE = box([2, 2, 2], [0, 0, 0], [QUARTER, 0, 0]);

describe('the distance of two boxes', () => {
  it.each<[string, Box, Box, number]>([
    ['face to face', CUBE, box([2, 2, 2], [0, 0, 5]), 3],
    ['edge to face', CUBE, box([2, 2, 2], [0, 0, 5], [QUARTER, 0, 0]), 4 - Math.SQRT2],
    ['edge across edge', ON_EDGE, box([2, 2, 2], [0, 0, 5], [0, QUARTER, 0]), 5 - 2 * Math.SQRT2],
    ['edge along edge', CUBE, box([2, 2, 2], [5, 6, 0]), 5],
    ['corner to corner', CUBE, box([2, 2, 2], [4, 4, 3]), 3],
    ['point to face', CUBE, box([0, 0, 0], [0, 0.5, 3]), 2],
    ['sheet above sheet', SHEET, box([2, 0, 2], [1, 1, 3]), 2],
    ['touching', CUBE, box([2, 2, 2], [0.3, 0.4, 2]), 0],
    ['overlapping', CUBE, box([2, 2, 2], [0.3, 0.4, 1.8]), -0.2],
    ['one in the other', CUBE, box([1, 1, 1], [0.2, 0, 0]), -1.3],
    ['edges that cross', ON_EDGE, box([2, 2, 2], [0, 0, 2], [0, QUARTER, 0]), 2 - 2 * Math.SQRT2],
    ['a stick through a sheet', SHEET, box([0.1, 0.1, 6]), -1.05],
  ])('%s', (_, first, second, distance) => {
    expect(between(first, second)).toBeCloseTo(distance, 12);
    expect(between(second, first)).toBeCloseTo(distance, 12);
  });

  it('picks the boxes by their index', () => {
    const boxes = boxesOf([box([2, 2, 2], [9, 9, 9]), CUBE, box([2, 2, 2], [0, 0, 5])]);
    expect(boxDistance(boxes, 1, 2)).toBe(3);
    expect(() => boxDistance(boxes, 1, 3)).toThrow(RangeError);
  });

  it('is that of their nearest points, where they are apart', () => {
    let tight = 0;
    fc.assert(
      fc.property(anyBox, anyBox, (first, second) => {
        const distance = between(first, second);
        fc.pre(distance > 1e-3);
        const { lower, upper } = bounds(first, second);
        expect(distance).toBeLessThanOrEqual(upper + 1e-9);
        expect(distance).toBeGreaterThanOrEqual(lower - 1e-9);
        if (upper - lower < 1e-4) tight++;
      }),
      { numRuns: 200 },
    );
    // The projections approach slowly where faces are almost parallel.
    expect(tight).toBeGreaterThan(120);
  });

  it('is minus the shortest translation that parts them, where they overlap', () => {
    fc.assert(
      fc.property(anyBox, anyBox, (first, second) => {
        const distance = between(first, second);
        fc.pre(distance < 0);
        const apart = minus(first.centre, second.centre);
        const overlaps = DIRECTIONS.map(
          (direction) =>
            reachOf(first, direction) + reachOf(second, direction) - Math.abs(dot(apart, direction)),
        );
        expect(-distance).toBeLessThanOrEqual(Math.min(...overlaps) + 1e-9);
        const sizes = (Math.hypot(...first.size) + Math.hypot(...second.size)) / 2 + Math.hypot(...apart);
        expect(-distance).toBeGreaterThan(Math.min(...overlaps) - 0.2 * sizes);
      }),
      { numRuns: 200 },
    );
  });

  it('changes by no more than a box moves', () => {
    const motions = fc.constantFrom(...DIRECTIONS);
    fc.assert(
      fc.property(anyBox, anyBox, motions, (first, second, motion) => {
        const moved = { ...second, centre: plus(second.centre, motion, 0.05) };
        expect(Math.abs(between(first, moved) - between(first, second))).toBeLessThanOrEqual(0.05 + 1e-9);
      }),
      { numRuns: 1000 },
    );
  });

  it('beyond what is far is a bound from below, no less than far', () => {
    fc.assert(
      fc.property(anyBox, anyBox, fc.double({ min: 0, max: 1, noNaN: true }), (first, second, far) => {
        const distance = between(first, second);
        const found = between(first, second, far);
        expect(found).toBeLessThanOrEqual(distance + 1e-9);
        expect(found).toBeGreaterThanOrEqual(Math.min(far, distance) - 1e-9);
        if (found <= far) expect(found).toBe(distance);
      }),
      { numRuns: 500 },
    );
  });

  it('does not depend on their order', () => {
    fc.assert(
      fc.property(anyBox, anyBox, (first, second) => {
        expect(between(second, first)).toBeCloseTo(between(first, second), 7);
      }),
    );
  });

  it('is NaN where a coordinate is', () => {
    expect(between(CUBE, box([2, 2, 2], [5, NaN, 5]))).toBeNaN();
    expect(between(CUBE, box([2, 2, 2], [0, NaN, 0]))).toBeNaN();
  });
});
