import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { at } from '../../../src/core/array-access.js';
import { capsuleOf, type Capsule, type RoundShape } from '../../../src/robot/capsules.js';
import { rotated, rotationFromRpy } from '../../../src/robot/rotation.js';

type Point = readonly [number, number, number];

const ORIGIN: Point = [0, 0, 0];

/** Distance of a point from the axis of a capsule, by its projection. */
function fromAxis({ from, to }: Capsule, point: Point): number {
  const along = to.map((value, axis) => value - at(from, axis));
  const square = along.reduce((sum, value) => sum + value ** 2, 0);
  const dot = along.reduce((sum, value, axis) => sum + value * (at(point, axis) - at(from, axis)), 0);
  const share = square === 0 ? 0 : Math.min(Math.max(dot / square, 0), 1);
  return Math.hypot(...point.map((value, axis) => value - at(from, axis) - share * at(along, axis)));
}

/** A point of the surface of a shape, in its own frame; `u`, `v` from -1 to 1. */
function surfacePoint(shape: RoundShape, u: number, v: number): Point {
  const angle = Math.PI * u;
  switch (shape.kind) {
    case 'cylinder':
      return [
        shape.radius * Math.cos(angle),
        shape.radius * Math.sin(angle),
        (Math.sign(v) * shape.length) / 2,
      ];
    case 'sphere':
    case 'capsule': {
      const half = shape.kind === 'sphere' ? 0 : shape.length / 2;
      const across = shape.radius * Math.sqrt(1 - v ** 2);
      const height = shape.radius * v;
      return [across * Math.cos(angle), across * Math.sin(angle), height + Math.sign(v) * half];
    }
  }
}

const side = fc.double({ min: 0, max: 2, noNaN: true });
const unit = fc.double({ min: -1, max: 1, noNaN: true });
const point = fc.tuple(unit, unit, unit);
const shape: fc.Arbitrary<RoundShape> = fc.oneof(
  fc.record({ kind: fc.constant('sphere' as const), radius: side }),
  fc.record({ kind: fc.constant('cylinder' as const), radius: side, length: side }),
  fc.record({ kind: fc.constant('capsule' as const), radius: side, length: side }),
);

describe('the capsule of a shape', () => {
  it('contains the whole shape, wherever it is', () => {
    fc.assert(
      fc.property(
        shape,
        point,
        point,
        fc.array(fc.tuple(unit, unit), { minLength: 8, maxLength: 8 }),
        (each, xyz, rpy, points) => {
          const capsule = capsuleOf(each, xyz, rpy);
          for (const [u, v] of points) {
            const offset = rotated(rotationFromRpy(rpy), Float64Array.from(surfacePoint(each, u, v)));
            const [x, y, z] = [at(offset, 0) + xyz[0], at(offset, 1) + xyz[1], at(offset, 2) + xyz[2]];
            expect(fromAxis(capsule, [x, y, z])).toBeLessThanOrEqual(capsule.radius + 1e-9);
          }
        },
      ),
    );
  });

  it('is exact for a sphere and a capsule', () => {
    expect(capsuleOf({ kind: 'sphere', radius: 0.2 }, [1, 2, 3], ORIGIN)).toEqual({
      from: [1, 2, 3],
      to: [1, 2, 3],
      radius: 0.2,
    });
    expect(capsuleOf({ kind: 'capsule', radius: 0.2, length: 0.6 }, [1, 2, 3], ORIGIN)).toEqual({
      from: [1, 2, 2.7],
      to: [1, 2, 3.3],
      radius: 0.2,
    });
  });

  it('has the smallest volume of all that are on the axis of a cylinder and contain its rims', () => {
    const volume = (radius: number, half: number): number =>
      2 * Math.PI * radius ** 2 * half + (4 / 3) * Math.PI * radius ** 3;
    for (const [radius, half] of [
      [0.1, 0.5],
      [0.1, 0.1],
      [0.3, 0.2],
      [0.3, 0.01],
    ] as const) {
      const capsule = capsuleOf({ kind: 'cylinder', radius, length: 2 * half }, ORIGIN, ORIGIN);
      const found = volume(capsule.radius, capsule.to[2]);
      for (let share = 0; share <= 1; share += 0.001) {
        const t = share * half;
        expect(found).toBeLessThanOrEqual(volume(Math.hypot(radius, t), half - t) * (1 + 1e-12));
      }
    }
  });

  it('of a flat cylinder is a sphere around it', () => {
    const { from, to, radius } = capsuleOf({ kind: 'cylinder', radius: 0.4, length: 0.4 }, ORIGIN, ORIGIN);
    expect([from[2], to[2]]).toEqual([0, 0]);
    expect(radius).toBeCloseTo(Math.hypot(0.4, 0.2), 12);
  });

  it('is turned with its shape', () => {
    const { to } = capsuleOf({ kind: 'capsule', radius: 0.1, length: 1 }, [0, 0, 0], [0, Math.PI / 2, 0]);
    expect(to[0]).toBeCloseTo(0.5, 12);
    expect(to[2]).toBeCloseTo(0, 12);
  });
});
