import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Approach, approachSpeed } from '../../../src/safety/approach.js';
import { CommandStream } from '../../../src/safety/command-stream.js';
import { jointLimit, jointSemantics, ms, planOf, timelineFor } from '../../fixtures/robot.js';

const PERIOD_MS = 20;

/** Positions and velocities of a joint that follows these target positions, one every 100 ms, from 0 on. */
function followed(
  targets: readonly number[],
  limit: Partial<Parameters<typeof jointLimit>[1]>,
  ticks: number,
) {
  const limits = [jointLimit('j', limit)];
  const semantics = jointSemantics(limits, { kind: 'joint_position' });
  const stream = new CommandStream({
    limits,
    semantics,
    commandPeriodNs: ms(PERIOD_MS),
    trackingTolerances: [Infinity],
    timeline: timelineFor(limits, semantics),
  });
  stream.anchor(Float64Array.of(0));
  const plan = planOf(
    0,
    targets.map((target) => [target]),
  );
  stream.setPlan(plan, { revision: stream.revision, fromRest: false }, -1n);
  return Array.from({ length: ticks }, (_, tick) => {
    const command = stream.tick(ms(PERIOD_MS * tick));
    return { q: command?.positions[0] ?? NaN, v: command?.velocities[0] ?? NaN };
  });
}

describe('the speed of an approach', () => {
  it('is that from which the joint can stop, short of its limits', () => {
    const limit = { acceleration: 10, jerk: 250 };
    expect(approachSpeed(0, limit)).toBe(0);
    // With 7 rad/s² and a ramp of 10 * 7 / 500 rad/s.
    expect(approachSpeed(1, limit)).toBeCloseTo(Math.sqrt(0.14 ** 2 + 14) - 0.14, 12);
    expect(approachSpeed(1, { acceleration: 10, jerk: Infinity })).toBeCloseTo(Math.sqrt(14), 12);
  });

  it('is in proportion to a small distance, at a gain that the jerk limit can follow', () => {
    expect(approachSpeed(0.001, { acceleration: 10, jerk: 250 })).toBeCloseTo(0.001 * (250 / 30), 12);
  });

  it('grows with the distance, and covers no more than that while braking', () => {
    const positive = fc.double({ min: 0.001, max: 100, noNaN: true });
    fc.assert(
      fc.property(
        positive,
        positive,
        fc.double({ min: 0.01, max: 0.5, noNaN: true }),
        (near, acceleration, riseS) => {
          const limit = { acceleration, jerk: acceleration / riseS };
          const speed = approachSpeed(near, limit);
          expect(approachSpeed(near * 1.1, limit)).toBeGreaterThan(speed);
          expect((speed / 2) * (speed / acceleration + riseS)).toBeLessThanOrEqual(near + 1e-12);
        },
      ),
    );
  });
});

describe('targets that are positions', () => {
  it.each([
    [Infinity, 0.01],
    [250, 1e-4],
    [100, 1e-4],
  ])('are reached without swinging about them, with a jerk limit of %d', (jerk, overshoot) => {
    const states = followed(Array<number>(20).fill(0.5), { jerk }, 100);
    const positions = states.map(({ q }) => q);
    expect(Math.max(...positions)).toBeLessThanOrEqual(0.5 + overshoot);
    expect(positions.at(-1)).toBeCloseTo(0.5, 2);
    const turns = states.filter(({ v }, index) => v * (states[index - 1]?.v ?? 0) < -1e-4);
    expect(turns.length).toBeLessThanOrEqual(2);
  });

  it('that lead on are passed without slowing down', () => {
    const states = followed(
      Array.from({ length: 12 }, (_, index) => 0.1 * (index + 1)),
      { jerk: 250 },
      55,
    );
    const speeds = states.slice(25, 50).map(({ v }) => v);
    expect(Math.min(...speeds)).toBeGreaterThan(0.95);
    expect(Math.max(...speeds)).toBeLessThan(1.05);
    expect(states[49]?.q).toBeCloseTo(1, 2);
  });

  it('that turn round are stopped at', () => {
    const states = followed([0.1, 0.2, 0.2, 0.1, 0, 0, 0], { jerk: 250 }, 70);
    expect(Math.max(...states.map(({ q }) => q))).toBeLessThanOrEqual(0.2 + 0.005);
    expect(states.at(-1)?.q).toBeCloseTo(0, 2);
  });
});

describe('targets that are velocities', () => {
  it('are left as they are', () => {
    const limits = [jointLimit('j', { jerk: 250 })];
    const target = Float64Array.of(1.5);
    new Approach(jointSemantics(limits), limits).slowDown(
      Float32Array.of(1.5),
      0,
      Float64Array.of(0),
      target,
    );
    expect(target[0]).toBe(1.5);
  });
});
