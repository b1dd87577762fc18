import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { brakingTrajectory } from '../../../src/safety/trajectory.js';
import { advanceMotion, restingAt } from '../../../src/safety/command-limiter.js';
import { jointLimit, ms } from '../../fixtures/robot.js';

describe('brakingTrajectory', () => {
  it('is one point at one command period for a robot at rest', () => {
    const rest = restingAt(Float64Array.of(1));
    expect(brakingTrajectory(rest, ms(20), [jointLimit('j')])).toEqual([
      { timeFromStartNs: ms(20), positions: Float64Array.of(1), velocities: Float64Array.of(0) },
    ]);
  });

  it('ramps down by the acceleration limit, one point a command period', () => {
    const next = { ...restingAt(Float64Array.of(0, 1)), velocity: Float64Array.of(0.5, -0.2) };
    const points = brakingTrajectory(next, ms(20), [jointLimit('a'), jointLimit('b')]);
    expect(points.map((point) => point.timeFromStartNs)).toEqual([ms(20), ms(40), ms(60), ms(80)]);
    for (const [index, velocity] of [0.5, 0.3, 0.1, 0].entries()) {
      expect(points[index]?.velocities[0]).toBeCloseTo(velocity, 9);
    }
    expect(points.at(-1)?.positions[0]).toBeCloseTo((0.5 * 0.5) / (2 * 10), 9);
    for (const [index, velocity] of [-0.2, 0, 0, 0].entries())
      expect(points[index]?.velocities[1]).toBeCloseTo(velocity, 9);
    expect([...next.velocity]).toEqual([0.5, -0.2]);
  });

  it('ends at rest inside the limits with strictly increasing times, wherever the limiter has been', () => {
    const target = fc.double({ min: -5, max: 5, noNaN: true });
    const acceleration = fc.double({ min: 0.05, max: 50, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(target, { minLength: 1, maxLength: 300 }),
        acceleration,
        (targets, limitAcceleration) => {
          const limit = jointLimit('j', { acceleration: limitAcceleration });
          const motion = restingAt(Float64Array.of(0));
          for (const value of targets) advanceMotion(motion, [value], 0.02, [limit]);
          const points = brakingTrajectory(motion, ms(20), [limit]);
          const times = points.map((point) => point.timeFromStartNs);
          expect(times.every((time, index) => index === 0 || time > (times[index - 1] ?? time))).toBe(true);
          expect(points.every(({ positions: [q = NaN] }) => q >= limit.lower && q <= limit.upper)).toBe(true);
          expect(points.at(-1)?.velocities[0]).toBe(0);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('thins a long ramp out, and still ends it on its own last tick', () => {
    const next = { ...restingAt(Float64Array.of(0)), velocity: Float64Array.of(2) };
    const slow = jointLimit('j', { acceleration: 0.1, lower: -100, upper: 100 });
    const points = brakingTrajectory(next, ms(20), [slow]);
    expect(points.length).toBeLessThanOrEqual(66);
    expect(points.at(-1)?.velocities[0]).toBe(0);
    expect(points.at(-1)?.positions[0]).toBeCloseTo((2 * 2) / (2 * 0.1), 6);
    expect(Number(points.at(-1)?.timeFromStartNs) / 1e9).toBeCloseTo(20.02, 1);
  });
});
