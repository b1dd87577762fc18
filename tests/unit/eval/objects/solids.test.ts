import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { heightsAt, solidOf, surfaceBelow } from '../../../../eval/episodes/objects/solids.js';
import type { PlacedShape } from '../../../../src/robot/collision-geometry.js';

const table: PlacedShape = {
  shape: { kind: 'box', size: [1, 2, 0.1] },
  xyz: [0.5, 0, -0.05],
  rpy: [0, 0, 0],
};
const post: PlacedShape = {
  shape: { kind: 'cylinder', radius: 0.1, length: 0.4 },
  xyz: [0.2, 0, 0.2],
  rpy: [0, 0, 0],
};

describe('the surface below a point', () => {
  const solids = [table, post].map(solidOf);

  it('is the top of the highest solid below it', () => {
    expect(surfaceBelow(solids, 0.5, 0.9, 0.03)).toBeCloseTo(0, 12);
    expect(surfaceBelow(solids, 0.2, 0, 1)).toBeCloseTo(0.4, 12);
    expect(surfaceBelow(solids, 0.29, 0.09, 1)).toBeCloseTo(0, 12);
  });

  it('is nowhere beside them, and unknown inside them', () => {
    expect(surfaceBelow(solids, 0.5, 1.01, 0.03)).toBe(-Infinity);
    expect(surfaceBelow(solids, 0.5, 0, -0.2)).toBe(-Infinity);
    expect(surfaceBelow(solids, 0.2, 0, 0.1)).toBeNaN();
  });

  it('follows a table that is turned about the vertical', () => {
    const [turned] = [{ ...table, xyz: [0, 0, -0.05], rpy: [0, 0, Math.PI / 2] } as const].map(solidOf);
    if (turned === undefined) return;
    expect(surfaceBelow([turned], 0.9, 0.4, 0.1)).toBeCloseTo(0, 12);
    expect(surfaceBelow([turned], 0.4, 0.9, 0.1)).toBe(-Infinity);
  });
});

describe('the heights of a solid', () => {
  const angle = fc.double({ min: -3, max: 3, noNaN: true });
  const size = fc.double({ min: 0.05, max: 1, noNaN: true });
  const shapes = fc.oneof(
    fc.record({ kind: fc.constant('box' as const), size: fc.tuple(size, size, size) }),
    fc.record({ kind: fc.constant('cylinder' as const), radius: size, length: size }),
    fc.record({ kind: fc.constant('sphere' as const), radius: size }),
  );

  it('end where a line through it does, whatever its shape and its orientation', () => {
    fc.assert(
      fc.property(shapes, fc.tuple(angle, angle, angle), angle, angle, (shape, rpy, x, y) => {
        const solid = solidOf({ shape, xyz: [0.1, -0.2, 0.3], rpy });
        const [dx, dy] = [0.1 * x, 0.1 * y];
        const heights = heightsAt(solid, 0.1 + dx, -0.2 + dy);
        if (heights === null) return;
        // The axes of the shape are columns of its matrix.
        const isInside = (z: number): boolean => {
          const at = [dx, dy, z - 0.3];
          const [a = 0, b = 0, c = 0] = [0, 1, 2].map((axis) =>
            at.reduce((sum, value, row) => sum + value * (solid.rotation[3 * row + axis] ?? 0), 0),
          );
          if (shape.kind === 'sphere') return Math.hypot(a, b, c) <= shape.radius;
          if (shape.kind === 'cylinder')
            return Math.hypot(a, b) <= shape.radius && Math.abs(c) <= shape.length / 2;
          return [a, b, c].every((value, axis) => Math.abs(value) <= (shape.size[axis] ?? 0) / 2);
        };
        const [low, high] = heights;
        const margin = 1e-7;
        if (high - low > 4 * margin) {
          expect(isInside(low + margin)).toBe(true);
          expect(isInside(high - margin)).toBe(true);
        }
        expect(isInside(low - margin)).toBe(false);
        expect(isInside(high + margin)).toBe(false);
      }),
    );
  });
});
