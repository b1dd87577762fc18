import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toObjectsReading, toSetObjects } from '../../../eval/ros/object-messages.js';
import { rotated, rotationFromRpy } from '../../../src/robot/rotation.js';

const stamp = { sec: 3, nanosec: 5 };

describe('readings of objects', () => {
  it('have the middle of each, by its name', () => {
    const transforms = [{ translation: { x: 1, y: 2, z: 3 } }, { translation: { x: 4, y: 5, z: 6 } }];
    const { stampNs, positions } = toObjectsReading({
      header: { stamp },
      joint_names: ['cube', 'ball'],
      transforms,
    });
    expect(stampNs).toBe(3_000_000_005n);
    expect([...positions]).toEqual([
      ['cube', [1, 2, 3]],
      ['ball', [4, 5, 6]],
    ]);
  });

  it('leave out an object without a pose', () => {
    const { positions } = toObjectsReading({ header: { stamp }, joint_names: ['cube'], transforms: [] });
    expect(positions.size).toBe(0);
  });
});

describe('the message that places an object', () => {
  const angle = fc.double({ min: -3.1, max: 3.1, noNaN: true });

  it('has its place, and the rotation that roll, pitch and yaw make', () => {
    fc.assert(
      fc.property(fc.tuple(angle, angle, angle), (rpy) => {
        const message = toSetObjects('cube', { xyz: [1, 2, 3], rpy });
        expect(message.joint_names).toEqual(['cube']);
        const [transform] = message.transforms;
        expect(transform?.translation).toEqual({ x: 1, y: 2, z: 3 });
        const { x = 0, y = 0, z = 0, w = 0 } = transform?.rotation ?? {};
        expect(Math.hypot(x, y, z, w)).toBeCloseTo(1, 12);
        const rotation = rotationFromRpy(rpy);
        const columns = [0, 1, 2].map((axis) =>
          rotated(
            rotation,
            Float64Array.from([0, 1, 2], (each) => (each === axis ? 1 : 0)),
          ),
        );
        const matrix = [
          [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
          [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
          [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ];
        for (const [row, values] of matrix.entries())
          for (const [column, value] of values.entries())
            expect(columns[column]?.[row]).toBeCloseTo(value, 10);
      }),
    );
  });
});
