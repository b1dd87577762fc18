import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { advanceMotion, brakeMotion, limitedVelocity } from '../../../src/safety/command-limiter.js';
import type { JointLimit } from '../../../src/core/types.js';
import { jointLimit } from '../../fixtures/robot.js';

const limits = fc
  .record({
    lower: fc.double({ min: -3, max: 2, noNaN: true }),
    range: fc.double({ min: 0.5, max: 4, noNaN: true }),
    velocity: fc.double({ min: 0.1, max: 5, noNaN: true }),
    acceleration: fc.double({ min: 0.5, max: 50, noNaN: true }),
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

function singleJoint(position: number, velocity = 0) {
  return { position: Float64Array.of(position), velocity: Float64Array.of(velocity) };
}

/** The law that a tick breaks, in words; null when it keeps all of them. */
function brokenLaw(
  limit: JointLimit,
  q0: number,
  v0: number,
  q1: number,
  v1: number,
  dtS: number,
  ticksDiffer: boolean,
): string | null {
  // Where the velocity changes sign, the joint reverses inside the tick.
  const reversal = v0 * v1 < 0 ? q0 + (v0 * v0 * dtS) / (2 * (v0 - v1)) : q1;
  // Ticks of different lengths may need this much; see advanceMotion.
  const slack = 1e-9 + (ticksDiffer ? (limit.acceleration * dtS * dtS) / 32 : 0);
  const laws: readonly (readonly [string, boolean])[] = [
    ['acceleration', Math.abs(v1 - v0) / dtS <= limit.acceleration + 1e-9],
    ['velocity', Math.abs(v1) <= limit.velocity + 1e-12],
    ['lower', q1 >= limit.lower],
    ['upper', q1 <= limit.upper],
    ['trapezoid', Math.abs(q1 - (q0 + ((v0 + v1) * dtS) / 2)) < 1e-9],
    ['lower inside the tick', reversal >= limit.lower - slack],
    ['upper inside the tick', reversal <= limit.upper + slack],
  ];
  const broken = laws.find(([, kept]) => !kept);
  return broken === undefined
    ? null
    : `${broken[0]}: (${[q0, v0].join()}) -> (${[q1, v1].join()}) in ${String(dtS)} s`;
}

/** The first law that is broken while the targets are followed. */
function firstBrokenLaw(
  limit: JointLimit,
  start: number,
  sequence: readonly number[],
  ticks: readonly number[],
): string | null {
  const motion = singleJoint(start);
  for (const [index, value] of sequence.entries()) {
    const dtS = ticks[index % ticks.length] ?? NaN;
    const [q0 = NaN] = motion.position;
    const [v0 = NaN] = motion.velocity;
    advanceMotion(motion, [value], dtS, [limit]);
    const broken = brokenLaw(
      limit,
      q0,
      v0,
      motion.position[0] ?? NaN,
      motion.velocity[0] ?? NaN,
      dtS,
      ticks.length > 1,
    );
    if (broken !== null) return broken;
  }
  return null;
}

describe('the command limiter', () => {
  it('keeps position, velocity and acceleration limits, and is a trapezoid, for any targets and tick length', () => {
    const within = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(limits, within, targets, tick, (limit, start, sequence, dtS) => {
        const position = limit.lower + start * (limit.upper - limit.lower);
        expect(firstBrokenLaw(limit, position, sequence, [dtS])).toBeNull();
      }),
      { numRuns: 1000 },
    );
  });

  it('keeps them when every tick has another length', () => {
    fc.assert(
      fc.property(
        limits,
        targets,
        fc.array(tick, { minLength: 3, maxLength: 40 }),
        (limit, sequence, ticks) => {
          expect(firstBrokenLaw(limit, (limit.lower + limit.upper) / 2, sequence, ticks)).toBeNull();
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('can brake to rest inside the limits after any tick', () => {
    fc.assert(
      fc.property(limits, targets, tick, (limit, sequence, dtS) => {
        const motion = singleJoint((limit.lower + limit.upper) / 2);
        for (const value of sequence) advanceMotion(motion, [value], dtS, [limit]);
        let position = motion.position[0] ?? NaN;
        let velocity = motion.velocity[0] ?? NaN;
        while (velocity !== 0) {
          const next = Math.sign(velocity) * Math.max(0, Math.abs(velocity) - limit.acceleration * dtS);
          position += ((velocity + next) * dtS) / 2;
          velocity = next;
        }
        expect(position).toBeGreaterThanOrEqual(limit.lower - 1e-9);
        expect(position).toBeLessThanOrEqual(limit.upper + 1e-9);
      }),
      { numRuns: 300 },
    );
  });

  it('wastes nothing: full speed towards a limit ends at the limit, at rest', () => {
    fc.assert(
      fc.property(limits, tick, fc.boolean(), (limit, dtS, upwards) => {
        const motion = singleJoint((limit.lower + limit.upper) / 2);
        for (let elapsedS = 0; elapsedS < 60; elapsedS += dtS) {
          advanceMotion(motion, [upwards ? 100 : -100], dtS, [limit]);
        }
        expect(motion.position[0]).toBeCloseTo(upwards ? limit.upper : limit.lower, 9);
        expect(motion.velocity[0]).toBeCloseTo(0, 9);
      }),
      { numRuns: 20 },
    );
  });

  it('slews to the target by exactly the acceleration limit, and then stays on it', () => {
    const motion = singleJoint(0);
    const limit = jointLimit('j');
    const velocities = [0.5, 0.5, 0.5, 0.5].map((value) => {
      advanceMotion(motion, [value], 0.02, [limit]);
      return motion.velocity[0];
    });
    expect(velocities).toEqual([0.2, 0.4, 0.5, 0.5]);
    expect(motion.position[0]).toBeCloseTo(0.002 + 0.006 + 0.009 + 0.01, 12);
  });

  it.each([NaN, Infinity, -Infinity])('brakes on the target %d', (value) => {
    expect(limitedVelocity(0, 1, value, 0.02, jointLimit('j'))).toBeCloseTo(0.8, 12);
    expect(limitedVelocity(0, -0.1, value, 0.02, jointLimit('j'))).toBe(0);
  });

  it('lets a joint outside its limits move inwards only, and in for good', () => {
    fc.assert(
      fc.property(
        limits,
        fc.double({ min: 0.001, max: 1, noNaN: true }),
        fc.boolean(),
        targets,
        tick,
        (limit, out, above, sequence, dtS) => {
          const motion = singleJoint(above ? limit.upper + out : limit.lower - out);
          const excess = (q: number): number => Math.max(q - limit.upper, limit.lower - q, 0);
          for (const value of sequence) {
            const before = motion.position[0] ?? NaN;
            advanceMotion(motion, [value], dtS, [limit]);
            expect(excess(motion.position[0] ?? NaN)).toBeLessThanOrEqual(excess(before));
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it('comes back in from outside when asked to, and stays out at rest when asked to go further', () => {
    const back = singleJoint(3);
    const further = singleJoint(3);
    for (let count = 0; count < 100; count++) {
      advanceMotion(back, [-1], 0.02, [jointLimit('j')]);
      advanceMotion(further, [1], 0.02, [jointLimit('j')]);
    }
    expect(back.position[0]).toBeLessThan(2.6);
    expect([further.position[0], further.velocity[0]]).toEqual([3, 0]);
  });

  it('brakes a joint that is outside its limits and moving further out, whatever the target', () => {
    expect(limitedVelocity(3, 1, 2, 0.02, jointLimit('j'))).toBeCloseTo(0.8, 12);
    expect(limitedVelocity(-3, -0.1, -2, 0.02, jointLimit('j'))).toBe(0);
  });

  it('brakes every joint at its own limit, to exactly 0', () => {
    const motion = { position: Float64Array.of(0, 0), velocity: Float64Array.of(0.5, -0.3) };
    const pair = [jointLimit('a'), jointLimit('b', { acceleration: 5 })];
    expect(brakeMotion(motion, 0.02, pair)).toBe(false);
    expect(motion.velocity[0]).toBeCloseTo(0.3, 12);
    expect(motion.velocity[1]).toBeCloseTo(-0.2, 12);
    expect(brakeMotion(motion, 0.02, pair)).toBe(false);
    expect(brakeMotion(motion, 0.02, pair)).toBe(true);
    expect([...motion.velocity]).toEqual([0, 0]);
  });
});
