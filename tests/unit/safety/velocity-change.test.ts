import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VelocityChange } from '../../../src/safety/velocity-change.js';

const golden = JSON.parse(
  readFileSync(new URL('../../fixtures/ruckig-changes.json', import.meta.url), 'utf8'),
) as { rows: readonly (readonly number[])[] };

const change = new VelocityChange();
const LIMIT = { acceleration: 10, jerk: 250 };

/** Displacement, velocity and acceleration at a time. */
function stateAt(timeS: number): number[] {
  const { displacement, velocity, acceleration } = change.at(timeS);
  return [displacement, velocity, acceleration];
}

describe('a change of velocity', () => {
  it('is the one of Ruckig', () => {
    expect(golden.rows).toHaveLength(300);
    for (const row of golden.rows) {
      const [v0 = NaN, a0 = NaN, target = NaN, acceleration = NaN, jerk = NaN, durationS = NaN, ...states] =
        row;
      change.plan(v0, a0, target, { acceleration, jerk });
      expect(change.durationS).toBeCloseTo(durationS, 7);
      const ours = [0.25, 0.5, 0.75, 1].flatMap((share) => stateAt(share * durationS));
      const scale = 1 + Math.abs(acceleration) + durationS * 10;
      for (const [index, state] of states.entries())
        expect(Math.abs((ours[index] ?? NaN) - state) / scale, JSON.stringify(row)).toBeLessThan(1e-8);
    }
  });

  it('takes three phases: to the peak, along the limit, back to 0', () => {
    change.plan(0, 0, 1, LIMIT);
    expect(change.durationS).toBeCloseTo(0.14, 12);
    const closeTo = (values: readonly number[]): void => {
      for (const [index, value] of stateAt(values[0] ?? NaN).entries())
        expect(value).toBeCloseTo(values[index + 1] ?? NaN, 12);
    };
    closeTo([0, 0, 0, 0]);
    closeTo([0.04, (250 * 0.04 ** 3) / 6, 0.2, 10]);
    closeTo([0.07, 0.04 ** 3 * (250 / 6) + 0.03 * 0.2 + 5 * 0.03 ** 2, 0.5, 10]);
    closeTo([0.14, 0.07, 1, 0]);
    closeTo([1.14, 1.07, 1, 0]);
  });

  it('is two ramps where the limit of the acceleration is out of reach', () => {
    change.plan(0, 0, -0.1, LIMIT);
    expect(change.durationS).toBeCloseTo(2 * Math.sqrt(0.1 / 250), 12);
    expect(change.at(change.durationS / 2).acceleration).toBeCloseTo(-5, 12);
  });

  it('is over at once where there is nothing to change', () => {
    expect(change.plan(0.5, 0, 0.5, LIMIT).durationS).toBe(0);
    expect(stateAt(2)).toEqual([1, 0.5, 0]);
    change.plan(-0, 0, -0, LIMIT).at(0);
    expect(Object.is(change.velocity, 0)).toBe(true);
  });

  it('lets an acceleration that leads to the target run out', () => {
    change.plan(0, 5, 0.05, LIMIT);
    expect(change.durationS).toBeCloseTo(0.02, 9);
    expect(stateAt(0.01)[2]).toBeCloseTo(2.5, 6);
  });

  it('changes at the acceleration limit alone where the jerk is not limited', () => {
    change.plan(1, 0, 0, { acceleration: 10, jerk: Infinity });
    expect(change.durationS).toBeCloseTo(0.1, 9);
    expect(stateAt(0.05)[0]).toBeCloseTo(0.0375, 9);
    expect(stateAt(0.05)[1]).toBeCloseTo(0.5, 9);
    expect(stateAt(0.2)).toEqual([expect.closeTo(0.05, 9), 0, 0]);
  });

  it('ends at the target, and keeps to its limits and to its own derivatives on the way', () => {
    const bounded = (min: number, max: number) => fc.double({ min, max, noNaN: true });
    fc.assert(
      fc.property(
        bounded(-3, 3),
        bounded(-1, 1),
        bounded(-3, 3),
        bounded(0.1, 50),
        bounded(0.01, 0.5),
        bounded(0, 1),
        (v0, share, target, acceleration, riseS, moment) => {
          const jerk = acceleration / riseS;
          change.plan(v0, share * acceleration, target, { acceleration, jerk });
          const { durationS } = change;
          expect(stateAt(durationS).slice(1)).toEqual([target + 0, 0]);
          const timeS = moment * durationS;
          const [q = NaN, v = NaN, a = NaN] = stateAt(timeS);
          const dtS = Math.min(1e-4, durationS - timeS);
          const [q1 = NaN, v1 = NaN, a1 = NaN] = stateAt(timeS + dtS);
          expect(Math.abs(a)).toBeLessThanOrEqual(acceleration * (1 + 1e-9));
          expect(Math.abs(a1 - a)).toBeLessThanOrEqual(jerk * dtS * (1 + 1e-6) + 1e-9);
          expect(Math.abs(v1 - v - ((a + a1) / 2) * dtS)).toBeLessThanOrEqual(jerk * dtS * dtS + 1e-9);
          expect(Math.abs(q1 - q - ((v + v1) / 2) * dtS)).toBeLessThanOrEqual(
            acceleration * dtS * dtS + 1e-9,
          );
        },
      ),
      { numRuns: 200 },
    );
  });

  it('knows how far it goes before it turns round on the way to rest', () => {
    // Still moving up, and braking so hard that it goes back a little.
    change.plan(0.1, -10, 0, LIMIT);
    const turn = change.turningPoint;
    let furthest = 0;
    for (let timeS = 0; timeS < change.durationS; timeS += 1e-5)
      furthest = Math.max(furthest, change.at(timeS).displacement);
    expect(turn).toBeGreaterThan(0);
    expect(turn).toBeCloseTo(furthest, 7);
    expect(change.at(change.durationS).displacement).toBeLessThan(turn);
    expect(change.plan(-0.1, 10, 0, LIMIT).turningPoint).toBeCloseTo(-turn, 12);
  });

  it.each([
    [1, 0],
    [1, 5],
    [0, -5],
    [-0.1, 1],
    [0.5, -5],
  ])('does not turn round from a velocity of %d and an acceleration of %d', (velocity, acceleration) => {
    expect(change.plan(velocity, acceleration, 0, LIMIT).turningPoint).toBe(0);
  });
});
