import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  advanceMotion,
  brakeMotion,
  brakingTimeS,
  isStill,
  restingAt,
  type JointMotion,
} from '../../../src/safety/command-limiter.js';
import type { JointLimit } from '../../../src/core/types.js';
import { jointLimit } from '../../fixtures/robot.js';

const limits = fc
  .record({
    lower: fc.double({ min: -3, max: 2, noNaN: true }),
    range: fc.double({ min: 0.5, max: 4, noNaN: true }),
    velocity: fc.double({ min: 0.1, max: 5, noNaN: true }),
    acceleration: fc.double({ min: 0.5, max: 50, noNaN: true }),
    jerk: fc.oneof(fc.double({ min: 1, max: 10_000, noNaN: true }), fc.constant(Infinity)),
  })
  .map(({ lower, range, ...rest }) => jointLimit('j', { lower, upper: lower + range, ...rest }));
const tick = fc.double({ min: 0.001, max: 0.05, noNaN: true });
const target = fc.oneof(
  fc.double({ min: -10, max: 10, noNaN: true }),
  fc.constantFrom(NaN, Infinity, -Infinity, 0, 1e300, -1e300),
);
/** Runs of one target, long enough to reach limits at full speed. */
const targets = fc
  .array(fc.tuple(target, fc.integer({ min: 1, max: 120 })), { minLength: 1, maxLength: 8 })
  .map((runs) => runs.flatMap(([value, length]) => Array.from({ length }, () => value)));

const at = (position: number): JointMotion => restingAt(Float64Array.of(position));
const moving = (position: number, velocity: number, acceleration = 0): JointMotion => ({
  position: Float64Array.of(position),
  velocity: Float64Array.of(velocity),
  acceleration: Float64Array.of(acceleration),
});
const stateOf = ({ position: [q = NaN], velocity: [v = NaN], acceleration: [a = NaN] }: JointMotion) => ({
  q,
  v,
  a,
});

function advanced(motion: JointMotion, value: number, dtS: number, limit: JointLimit): JointMotion {
  advanceMotion(motion, [value], dtS, [limit]);
  return motion;
}

/** The laws that a state breaks with respect to the one before, in words. */
function brokenLaws(
  limit: JointLimit,
  before: ReturnType<typeof stateOf>,
  after: ReturnType<typeof stateOf>,
  dtS: number,
): string[] {
  const jerkStep = limit.jerk * dtS;
  // A displacement lies between those of the greatest and the least velocity that acceleration limits allow.
  const spread = (limit.acceleration * dtS * dtS) / 2;
  const laws: readonly (readonly [string, boolean])[] = [
    ['acceleration', Math.abs(after.a) <= limit.acceleration * (1 + 1e-9)],
    ['mean acceleration', Math.abs(after.v - before.v) / dtS <= limit.acceleration * (1 + 1e-9) + 1e-9],
    ['jerk', Math.abs(after.a - before.a) <= jerkStep * (1 + 1e-9) + 1e-9],
    ['velocity', Math.abs(after.v) <= limit.velocity + 1e-9],
    ['lower', after.q >= limit.lower],
    ['upper', after.q <= limit.upper],
    ['displacement', Math.abs(after.q - before.q - ((before.v + after.v) * dtS) / 2) <= spread + 1e-9],
  ];
  return laws
    .filter(([, kept]) => !kept)
    .map(([law]) => `${law}: ${JSON.stringify([before, after])} in ${String(dtS)} s`);
}

/** The first laws that are broken while the targets are followed; none if all are kept. */
function firstBrokenLaws(
  limit: JointLimit,
  start: number,
  sequence: readonly number[],
  ticks: readonly number[],
): string[] {
  const motion = at(start);
  for (const [index, value] of sequence.entries()) {
    const dtS = ticks[index % ticks.length] ?? NaN;
    const before = stateOf(motion);
    advanced(motion, value, dtS, limit);
    const broken = brokenLaws(limit, before, stateOf(motion), dtS);
    if (broken.length > 0) return broken;
  }
  return [];
}

describe('the command limiter', () => {
  it('keeps position, velocity, acceleration and jerk limits for any targets and tick length', () => {
    const within = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(limits, within, targets, tick, (limit, start, sequence, dtS) => {
        const position = Math.min(limit.lower + start * (limit.upper - limit.lower), limit.upper);
        expect(firstBrokenLaws(limit, position, sequence, [dtS])).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it('keeps them when every tick has another length', () => {
    const lengths = fc.array(tick, { minLength: 3, maxLength: 40 });
    fc.assert(
      fc.property(limits, targets, lengths, (limit, sequence, ticks) => {
        expect(firstBrokenLaws(limit, (limit.lower + limit.upper) / 2, sequence, ticks)).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it('can brake to rest inside the limits after any tick, whatever the ticks of braking are', () => {
    fc.assert(
      fc.property(limits, targets, tick, tick, (limit, sequence, dtS, brakingDtS) => {
        const motion = at((limit.lower + limit.upper) / 2);
        for (const value of sequence) advanced(motion, value, dtS, limit);
        const longestS = brakingTimeS(motion, [limit]) + brakingDtS;
        for (let elapsedS = 0; !isStill(motion); elapsedS += brakingDtS) {
          expect(elapsedS).toBeLessThan(longestS);
          brakeMotion(motion, brakingDtS, [limit]);
          expect(stateOf(motion).q).toBeGreaterThanOrEqual(limit.lower);
          expect(stateOf(motion).q).toBeLessThanOrEqual(limit.upper);
        }
      }),
      { numRuns: 60 },
    );
  });

  const coarse = fc.double({ min: 0.02, max: 0.05, noNaN: true });
  it('wastes nothing: full speed towards a limit ends at the limit, at rest', () => {
    fc.assert(
      fc.property(limits, coarse, fc.boolean(), (limit, dtS, upwards) => {
        const motion = at((limit.lower + limit.upper) / 2);
        for (let elapsedS = 0; elapsedS < 45; elapsedS += dtS)
          advanced(motion, upwards ? 100 : -100, dtS, limit);
        expect(motion.position[0]).toBeCloseTo(upwards ? limit.upper : limit.lower, 6);
        expect(motion.velocity[0]).toBeCloseTo(0, 6);
      }),
      { numRuns: 10 },
    );
  });

  it('slews to the target by exactly the acceleration limit where the jerk is not limited, and then stays on it', () => {
    const motion = at(0);
    const velocities = [0.5, 0.5, 0.5, 0.5].map(
      (value) => stateOf(advanced(motion, value, 0.02, jointLimit('j'))).v,
    );
    for (const [index, velocity] of [0.2, 0.4, 0.5, 0.5].entries())
      expect(velocities[index]).toBeCloseTo(velocity, 9);
    expect(motion.position[0]).toBeCloseTo((0.5 * 0.05) / 2 + 0.5 * 0.03, 9);
  });

  it('reaches the target in three phases of constant jerk', () => {
    const motion = at(0);
    const limit = jointLimit('j', { acceleration: 10, jerk: 250 });
    // To 1 rad/s: 0.04 s of rising, 0.06 s at 10 rad/s², 0.04 s of falling acceleration.
    const states = Array.from({ length: 8 }, () => stateOf(advanced(motion, 1, 0.02, limit)));
    const accelerations = [5, 10, 10, 10, 10, 5, 0, 0];
    const velocities = [0.05, 0.2, 0.4, 0.6, 0.8, 0.95, 1, 1];
    for (const [index, { v, a }] of states.entries()) {
      expect(v).toBeCloseTo(velocities[index] ?? NaN, 9);
      expect(a).toBeCloseTo(accelerations[index] ?? NaN, 6);
    }
    expect(states[6]).toMatchObject({ v: 1, a: 0 });
    // The speed rises evenly about the middle of the ramp.
    expect(states[6]?.q).toBeCloseTo(0.14 / 2, 9);
  });

  it('turns round without a step in the acceleration', () => {
    const motion = at(0);
    const limit = jointLimit('j', { acceleration: 10, jerk: 250 });
    for (let count = 0; count < 10; count++) advanced(motion, 1, 0.02, limit);
    const states = Array.from({ length: 12 }, () => stateOf(advanced(motion, -1, 0.02, limit)));
    expect(states[0]?.a).toBeCloseTo(-5, 9);
    expect(states[1]?.a).toBeCloseTo(-10, 9);
    expect(states.at(-1)).toMatchObject({ v: -1, a: 0 });
  });

  it('goes no nearer to a limit than it can brake for with the jerk limit', () => {
    const limit = jointLimit('j', { acceleration: 10, jerk: 100, velocity: 2, upper: 1 });
    const motion = at(0);
    let fastest = 0;
    for (let count = 0; count < 200; count++)
      fastest = Math.max(fastest, stateOf(advanced(motion, 2, 0.02, limit)).v);
    expect(motion.position[0]).toBeCloseTo(1, 6);
    expect(motion.position[0]).toBeLessThanOrEqual(1);
    expect(fastest).toBeGreaterThan(1.9);
  });

  it.each([NaN, Infinity, -Infinity])('brakes on the target %d', (value) => {
    expect(stateOf(advanced(moving(0, 1), value, 0.02, jointLimit('j'))).v).toBeCloseTo(0.8, 9);
    expect(stateOf(advanced(moving(0, -0.1), value, 0.02, jointLimit('j'))).v).toBe(0);
  });

  it('clips targets to the velocity limit', () => {
    const motion = at(0);
    for (let count = 0; count < 30; count++) advanced(motion, 50, 0.02, jointLimit('j', { upper: 100 }));
    expect(motion.velocity[0]).toBe(2);
    for (let count = 0; count < 60; count++) advanced(motion, -50, 0.02, jointLimit('j', { lower: -100 }));
    expect(motion.velocity[0]).toBe(-2);
  });

  it('lets a joint outside its limits move inwards only, and in for good', () => {
    const out = fc.double({ min: 0.001, max: 1, noNaN: true });
    fc.assert(
      fc.property(limits, out, fc.boolean(), targets, tick, (limit, far, above, sequence, dtS) => {
        const motion = at(above ? limit.upper + far : limit.lower - far);
        const excess = (q: number): number => Math.max(q - limit.upper, limit.lower - q, 0);
        for (const value of sequence) {
          const before = stateOf(motion).q;
          advanced(motion, value, dtS, limit);
          expect(excess(stateOf(motion).q)).toBeLessThanOrEqual(excess(before) + 1e-12);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('comes back in from outside when asked to, and stays out at rest when asked to go further', () => {
    const back = at(3);
    const further = at(3);
    for (let count = 0; count < 100; count++) {
      advanced(back, -1, 0.02, jointLimit('j'));
      advanced(further, 1, 0.02, jointLimit('j'));
    }
    expect(back.position[0]).toBeLessThan(2.6);
    expect(further.position[0]).toBe(3);
    expect(further.velocity[0]).toBeCloseTo(0, 9);
  });

  it('brakes a joint that is outside its limits and moving further out, whatever the target', () => {
    expect(stateOf(advanced(moving(3, 1), 2, 0.02, jointLimit('j'))).v).toBeCloseTo(0.8, 6);
    expect(stateOf(advanced(moving(-3, -1), -2, 0.02, jointLimit('j'))).v).toBeCloseTo(-0.8, 6);
  });

  it('brakes every joint at its own limit, to exactly 0', () => {
    const motion = { ...restingAt(Float64Array.of(0, 0)), velocity: Float64Array.of(0.5, -0.3) };
    const pair = [jointLimit('a'), jointLimit('b', { acceleration: 5 })];
    expect(brakingTimeS(motion, pair)).toBeCloseTo(0.06, 9);
    expect(brakeMotion(motion, 0.02, pair)).toBe(false);
    expect(motion.velocity[0]).toBeCloseTo(0.3, 9);
    expect(motion.velocity[1]).toBeCloseTo(-0.2, 9);
    expect(brakeMotion(motion, 0.02, pair)).toBe(false);
    expect(brakeMotion(motion, 0.0201, pair)).toBe(true);
    expect([...motion.velocity, ...motion.acceleration]).toEqual([0, 0, 0, 0]);
  });

  it('needs the time of the ramps of acceleration for braking, too', () => {
    const limit = jointLimit('j', { acceleration: 10, jerk: 250 });
    expect(brakingTimeS(moving(0, 1), [limit])).toBeCloseTo(0.14, 9);
    expect(brakingTimeS(moving(0, 0, 5), [limit])).toBeGreaterThan(0.02);
    expect(brakingTimeS(at(1), [limit])).toBe(0);
  });

  it('counts a joint as still only without acceleration', () => {
    expect(isStill(at(1))).toBe(true);
    expect(isStill(moving(1, 0, 0.1))).toBe(false);
    expect(isStill(moving(1, 0.1))).toBe(false);
  });

  it('refuses targets for another number of joints', () => {
    expect(() => {
      advanceMotion(at(0), [0, 0], 0.02, [jointLimit('j')]);
    }).toThrow(RangeError);
  });
});
