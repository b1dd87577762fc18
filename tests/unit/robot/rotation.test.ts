import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { rotated, rotationFromRpy, rotationVector, rpyFromRotation } from '../../../src/robot/rotation.js';

const angle = fc.double({ min: -3.1, max: 3.1, noNaN: true });
const largest = (a: Float64Array, b: Float64Array): number =>
  a.reduce((worst, value, i) => Math.max(worst, Math.abs(value - (b[i] ?? NaN))), 0);

describe('roll, pitch and yaw', () => {
  it('give the rotation back that they were taken from, gimbal lock included', () => {
    const pitch = fc.oneof(angle, fc.constantFrom(Math.PI / 2, -Math.PI / 2));
    fc.assert(
      fc.property(angle, pitch, angle, (roll, middle, yaw) => {
        const rotation = rotationFromRpy([roll, middle, yaw]);
        expect(largest(rotationFromRpy(rpyFromRotation(rotation)), rotation)).toBeLessThan(1e-7);
      }),
    );
  });
});

describe('the rotation vector', () => {
  it('is the angle about the axis of the rotation', () => {
    expect([...rotationVector(rotationFromRpy([0.3, 0, 0]))]).toEqual([expect.closeTo(0.3, 12), 0, 0]);
    expect([...rotationVector(rotationFromRpy([0, -2, 0]))]).toEqual([0, expect.closeTo(-2, 12), 0]);
    expect([...rotationVector(rotationFromRpy([0, 0, 3]))]).toEqual([0, 0, expect.closeTo(3, 12)]);
    expect([...rotationVector(rotationFromRpy([0, 0, 0]))]).toEqual([0, 0, 0]);
  });
});

describe('a rotated vector', () => {
  it('is the product of the matrix and the vector', () => {
    const quarter = rotationFromRpy([0, 0, Math.PI / 2]);
    expect([...rotated(quarter, Float64Array.of(1, 2, 3))]).toEqual([
      expect.closeTo(-2, 12),
      expect.closeTo(1, 12),
      expect.closeTo(3, 12),
    ]);
  });
});

it('refuses matrices and vectors of another size', () => {
  expect(() => rpyFromRotation(new Float64Array(8))).toThrow(RangeError);
  expect(() => rotationVector(new Float64Array(16))).toThrow(RangeError);
  expect(() => rotated(new Float64Array(9), new Float64Array(2))).toThrow(RangeError);
});
