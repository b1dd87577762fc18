import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CommandAudit } from '../../../eval/episodes/command-audit.js';
import type { JointLimit } from '../../../src/core/types.js';
import type { CommandPoint } from '../../../eval/ros/demo-messages.js';

const PERIOD_S = 0.02;
const LIMIT: JointLimit = {
  name: 'slide',
  unit: 'm',
  continuous: false,
  lower: -1,
  upper: 1,
  velocity: 2,
  acceleration: 10,
  jerk: Infinity,
  effort: 1,
};
/** Largest change of velocity in a period [rad/s]. */
const CHANGE = LIMIT.acceleration * PERIOD_S;

/** A command for one joint: the next state, then braking at the acceleration limit, a point each period. */
function command(position: number, velocity: number): CommandPoint[] {
  const points: CommandPoint[] = [{ position: [position], velocity: [velocity], timeFromStartS: PERIOD_S }];
  let [q, v] = [position, velocity];
  while (v !== 0) {
    const slower = Math.abs(v) <= CHANGE ? 0 : v - Math.sign(v) * CHANGE;
    q += ((v + slower) / 2) * PERIOD_S;
    v = slower;
    points.push({ position: [q], velocity: [v], timeFromStartS: PERIOD_S * (points.length + 1) });
  }
  return points;
}

function violationsOf(...commands: CommandPoint[][]): number {
  const audit = new CommandAudit([LIMIT]);
  for (const one of commands) audit.check(one);
  return audit.violations;
}

describe('CommandAudit', () => {
  it('passes any stream that keeps the limits, and counts its commands', () => {
    const pushes = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(pushes, (fractions) => {
        const audit = new CommandAudit([{ ...LIMIT, lower: -9, upper: 9 }]);
        let [q, v] = [0, 0];
        for (const fraction of fractions) {
          const faster = Math.min(2, Math.max(-2, v + fraction * CHANGE));
          q += ((v + faster) / 2) * PERIOD_S;
          v = faster;
          audit.check(command(q, v));
        }
        expect(audit.violations).toBe(0);
        expect(audit.commands).toBe(fractions.length);
      }),
    );
  });

  it('passes a command that continues the braking ramp of the previous one after missed periods', () => {
    const fast = command(0.006, 0.4);
    const rested = fast.at(-1)?.position[0] ?? Number.NaN;
    expect(violationsOf(command(0.002, 0.2), fast, command(rested - 0.002, -0.2))).toBe(0);
    expect(violationsOf(command(0.002, 0.2), fast, command(rested - 0.002, -0.21))).toBe(1);
  });

  it.each([
    ['a position above the range', command(1.001, 0)],
    ['a position below the range', command(-1.001, 0)],
    ['a ramp that ends beyond the range', command(0.9985, 0.2)],
    ['a first velocity that rest cannot reach in a period', command(0, 0.201)],
    ['a velocity that is no number', [{ position: [0], velocity: [Number.NaN], timeFromStartS: PERIOD_S }]],
    ['no points', []],
    ['no joints', [{ position: [], velocity: [], timeFromStartS: PERIOD_S }]],
    ['time that stands still', [{ position: [0], velocity: [0], timeFromStartS: 0 }]],
  ])('counts %s', (_, points) => {
    expect(violationsOf(points)).toBe(1);
  });

  it('counts a velocity above the limit even if it is reached slowly', () => {
    const audit = new CommandAudit([{ ...LIMIT, lower: -9, upper: 9 }]);
    let q = 0;
    for (let v = 0.2; v < 2.3; v += 0.1) {
      q += v * PERIOD_S;
      audit.check(command(q, v));
    }
    expect(audit.violations).toBe(2);
  });

  it('counts a jump of the velocity, and a jump of the position, between commands', () => {
    expect(violationsOf(command(0, 0.2), command(0.006, 0.41))).toBe(1);
    expect(violationsOf(command(0, 0), command(0.01, 0))).toBe(1);
  });

  it('notes the largest step of the velocity between commands as a fraction of the acceleration limit', () => {
    const audit = new CommandAudit([LIMIT]);
    expect(audit.largestAcceleration).toBe(0);
    audit.check(command(0, CHANGE / 4));
    expect(audit.largestAcceleration).toBeCloseTo(0.25, 9);
    audit.check(command(0.0025, CHANGE));
    expect(audit.largestAcceleration).toBeCloseTo(0.75, 9);
    audit.check(command(0.0065, CHANGE));
    expect(audit.largestAcceleration).toBeCloseTo(0.75, 9);
    audit.check(command(0.0145, 3 * CHANGE));
    expect(audit.largestAcceleration).toBeCloseTo(2, 9);
    expect(audit.violations).toBe(1);
  });

  it('does not mistake a stop from full speed for braking in between', () => {
    const audit = new CommandAudit([{ ...LIMIT, lower: -9, upper: 9 }]);
    let [q, v] = [0, 0];
    for (let period = 0; period < 5; period++) {
      q += (v + CHANGE / 2) * PERIOD_S;
      v += CHANGE;
      audit.check(command(q, v));
    }
    expect(audit.largestAcceleration).toBeCloseTo(1, 9);
    audit.check(command(q + (v / 2) * PERIOD_S, 0));
    expect(audit.largestAcceleration).toBeCloseTo(5, 9);
  });

  it('continues from the braking ramp after missed periods, and starts over after a restart', () => {
    const audit = new CommandAudit([LIMIT]);
    const fast = command(0.006, 0.4);
    const rested = fast.at(-1)?.position[0] ?? Number.NaN;
    for (const one of [command(0.002, 0.2), fast, command(rested - 0.001, -0.1)]) audit.check(one);
    expect(audit.largestAcceleration).toBeCloseTo(1, 9);
    audit.restart();
    audit.check(command(0.7, 0.1));
    expect(audit.largestAcceleration).toBeCloseTo(1, 9);
  });

  it.each([
    ['no points', []],
    ['no number', [{ position: [0], velocity: [Number.NaN], timeFromStartS: PERIOD_S }]],
    ['time that stands still', [{ position: [0], velocity: [0.1], timeFromStartS: 0 }]],
  ])('keeps the figure finite after %s', (_, points) => {
    const audit = new CommandAudit([LIMIT]);
    audit.check(points);
    audit.check(command(0, 0.1));
    expect(audit.largestAcceleration).toBeLessThanOrEqual(0.5 + 1e-9);
  });

  it('assumes that the first command after a restart starts from rest', () => {
    const audit = new CommandAudit([LIMIT]);
    audit.check(command(0, 0.1));
    audit.restart();
    audit.check(command(0.7, 0.2));
    expect(audit.violations).toBe(0);
    audit.restart();
    audit.check(command(0.7, 0.3));
    expect(audit.violations).toBe(1);
  });
});
