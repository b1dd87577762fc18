import { describe, expect, it } from 'vitest';

import { EffortLaw } from '../../../src/safety/effort-law.js';
import type { JointReading } from '../../../src/core/types.js';
import { jointLimit } from '../../fixtures/robot.js';

const readingOf = (position: number[], velocity: number[]): JointReading => ({
  stampNs: 0n,
  position: Float64Array.from(position),
  velocity: Float64Array.from(velocity),
});
const desired = { position: Float64Array.of(1, -1), velocity: Float64Array.of(0.5, 0) };
const limits = [jointLimit('a', { effort: 5 }), jointLimit('b', { effort: 2 })];

describe('the effort law', () => {
  it('pushes each joint towards its desired position and velocity, with gains of its own', () => {
    const law = new EffortLaw(limits, [
      { kp: 10, kd: 2 },
      { kp: 4, kd: 0 },
    ]);
    const efforts = law.towards(desired, readingOf([0.9, -0.8], [0.25, 7]));
    expect(efforts[0]).toBeCloseTo(10 * 0.1 + 2 * 0.25, 12);
    expect(efforts[1]).toBeCloseTo(4 * -0.2, 12);
    expect(law.needsVelocity).toBe(true);
  });

  it('stays within the effort limits', () => {
    const law = new EffortLaw(limits, [
      { kp: 1000, kd: 0 },
      { kp: 1000, kd: 0 },
    ]);
    expect([...law.towards(desired, readingOf([0, 0], [0, 0]))]).toEqual([5, -2]);
    expect(law.needsVelocity).toBe(false);
  });

  it('takes the shorter direction where a continuous joint is reported wrapped into one revolution', () => {
    const endless = [jointLimit('a', { continuous: true, lower: -Infinity, upper: Infinity })];
    const law = new EffortLaw(endless, [{ kp: 10, kd: 0 }]);
    const rotated = { position: Float64Array.of(2 * Math.PI + 0.1), velocity: Float64Array.of(0) };
    expect(law.towards(rotated, readingOf([0], [0]))[0]).toBeCloseTo(1, 9);
  });

  it('has no effort for a velocity that damps and is not measured', () => {
    const law = new EffortLaw(limits, [
      { kp: 10, kd: 2 },
      { kp: 4, kd: 0 },
    ]);
    const undamped = readingOf([0.9, -0.8], [0.25, NaN]);
    expect(law.canUse(undamped)).toBe(true);
    expect(law.towards(desired, undamped)[1]).toBeCloseTo(4 * -0.2, 12);
    const damped = readingOf([0.9, -0.8], [NaN, 0]);
    expect(law.canUse(damped)).toBe(false);
    expect([...law.towards(desired, damped)]).toEqual([0, 0]);
  });

  it('has zero effort for every joint', () => {
    const gains = { kp: 10, kd: 2 };
    expect([...new EffortLaw(limits, [gains, gains]).none()]).toEqual([0, 0]);
  });

  it('needs gains for every joint', () => {
    expect(() => new EffortLaw(limits, [])).toThrow(RangeError);
  });
});
