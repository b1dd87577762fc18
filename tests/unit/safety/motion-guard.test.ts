import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { defaultsOf } from '../../../src/core/parameter.js';
import type { Plan } from '../../../src/core/types.js';
import { parseUrdf } from '../../../src/robot/urdf.js';
import type { Command } from '../../../src/safety/command.js';
import { CommandStream } from '../../../src/safety/command-stream.js';
import { CommandValidator } from '../../../src/safety/command-validator.js';
import { MotionCheck } from '../../../src/safety/motion-check.js';
import {
  workspaceParameters,
  type WorkspaceValues,
} from '../../../src/safety/workspace/workspace-parameters.js';
import { jointLimit, jointSemantics, ms, planOf, timelineFor } from '../../fixtures/robot.js';

const PERIOD_MS = 20;
const REACHER = parseUrdf(readFileSync(new URL('../../../urdf/reacher.urdf', import.meta.url), 'utf8'));
const JOINTS = ['shoulder', 'elbow'];
const limits = JOINTS.map((name) => jointLimit(name, { jerk: 250 }));

function checkOf(values: Partial<WorkspaceValues>): MotionCheck {
  return new MotionCheck(REACHER, JOINTS, { ...defaultsOf(workspaceParameters), ...values }, null);
}

/** A stream of the planar arm under some rules, from a pose on. The fingertip is 0.7 m from the shoulder when the arm is straight. */
class GuardedArm {
  readonly check: MotionCheck;
  readonly stream: CommandStream;
  readonly validator = new CommandValidator(limits, ms(PERIOD_MS));
  timeMs = 0;
  constructor(values: Partial<WorkspaceValues>, start: readonly number[], speedScale = 1) {
    const semantics = jointSemantics(limits);
    this.check = checkOf(values);
    this.stream = new CommandStream({
      limits,
      semantics,
      commandPeriodNs: ms(PERIOD_MS),
      trackingTolerances: limits.map(() => Infinity),
      timeline: timelineFor(limits, semantics),
      motionCheck: this.check,
      speedScale: () => speedScale,
    });
    this.stream.anchor(Float64Array.from(start));
    this.validator.restart(Float64Array.from(start), 0n);
  }
  setPlan(plan: Plan): string {
    return this.stream.setPlan(
      plan,
      { revision: this.stream.revision, fromRest: false },
      ms(this.timeMs) - 1n,
    );
  }
  ticks(count: number): Command[] {
    return Array.from({ length: count }, () => {
      const command = this.stream.tick(ms(this.timeMs));
      this.timeMs += PERIOD_MS;
      if (command === null) throw new Error('no command');
      expect(this.validator.check(command)).toBeNull();
      return command;
    });
  }
  /** The largest excess of any rule along a command and its ramp. */
  excessOf({ points }: Command): number {
    const out = new Float64Array(this.check.rules.length);
    return Math.max(
      ...points.flatMap(({ positions, velocities }) => {
        this.check.excesses(positions, velocities, out);
        return [...out];
      }),
    );
  }
}

/** The shoulder turns at this speed for so many periods of 100 ms. */
const turning = (frameMs: number, velocity: number, periods = 10): Plan =>
  planOf(frameMs, Array<number[]>(periods).fill([velocity, 0]));

describe('the guard of the work space', () => {
  const wall = { 'workspace.half_spaces': 'fingertip: y <= 0.3' };

  it('follows a plan that keeps the rules, and says nothing', () => {
    const arm = new GuardedArm(wall, [-1, 0]);
    expect(arm.setPlan(turning(0, 0.5))).toBe('accepted');
    const commands = arm.ticks(40);
    expect(commands[30]).toMatchObject({ mode: 'plan', reason: '' });
    expect(commands[30]?.velocities[0]).toBeCloseTo(0.5, 9);
    expect(arm.stream.restriction).toBeNull();
  });

  it('cuts a plan before it would leave the work space, and names the link, what was found and the limit', () => {
    const arm = new GuardedArm(wall, [0, 0]);
    expect(arm.setPlan(turning(0, 1))).toBe('accepted');
    expect(arm.stream.restriction?.kind).toBe('half-space');
    expect(arm.stream.restriction?.message).toMatch(/fingertip.*0\.3/);
    const commands = arm.ticks(60);
    expect(Math.max(...commands.map((command) => arm.excessOf(command)))).toBeLessThanOrEqual(1e-9);
    expect(commands.at(-1)).toMatchObject({ mode: 'hold', reason: 'plan exhausted' });
    // Whole actions are cut, so it stops within what one action and its braking cover.
    expect(commands.at(-1)?.positions[0]).toBeGreaterThan(Math.asin(0.3 / 0.7) - 0.3);
  });

  it('refuses a plan of which nothing is left, and goes on with the one before', () => {
    const arm = new GuardedArm(wall, [0, 0]);
    arm.setPlan(turning(0, 0.5, 6));
    arm.ticks(10);
    expect(arm.setPlan(turning(150, 2))).toBe('accepted');
    expect(arm.stream.restriction).not.toBeNull();
    const near = new GuardedArm(wall, [Math.asin(0.3 / 0.7) - 0.01, 0]);
    expect(near.setPlan(turning(0, 2))).toBe('restricted');
    const [first] = near.ticks(1);
    expect(first).toMatchObject({ mode: 'hold', reason: 'no plan' });
  });

  it('lets go of the reason with the next plan that keeps the rules, and with a hold', () => {
    const arm = new GuardedArm(wall, [0, 0]);
    arm.setPlan(turning(0, 1));
    expect(arm.stream.restriction).not.toBeNull();
    arm.setPlan(turning(1, -1));
    expect(arm.stream.restriction).toBeNull();
    arm.setPlan(turning(2, 1));
    arm.stream.hold('test');
    expect(arm.stream.restriction).toBeNull();
  });

  it('lets a robot that starts outside come back, and not go further', () => {
    const outside = new GuardedArm(wall, [1, 0]);
    expect(outside.setPlan(turning(0, 1))).toBe('restricted');
    expect(outside.setPlan(turning(1, -1))).toBe('accepted');
    const excesses = outside.ticks(60).map((command) => outside.excessOf(command));
    expect(
      excesses.every((excess, index) => index === 0 || excess <= (excesses[index - 1] ?? NaN) + 1e-9),
    ).toBe(true);
    expect(excesses.at(-1)).toBeLessThan(0.1);
  });

  it('slows down for the speed of the tip instead of stopping', () => {
    const arm = new GuardedArm({ 'workspace.max_tcp_speed': 0.5 }, [-1.5, 0]);
    arm.setPlan(turning(0, 2, 10));
    const commands = arm.ticks(40);
    expect(Math.max(...commands.map((command) => arm.excessOf(command)))).toBeLessThanOrEqual(1e-9);
    // 0.7 m from the axis.
    expect(commands.at(-1)?.velocities[0]).toBeGreaterThan(0.4 / 0.7);
    expect(commands.at(-1)?.velocities[0]).toBeLessThan(0.5 / 0.7);
  });

  it('keeps every rule on whatever is planned, at any speed scale', () => {
    const speed = fc.float({ min: -3, max: 3, noNaN: true });
    const plans = fc.array(fc.tuple(speed, speed, fc.integer({ min: 1, max: 40 })), {
      minLength: 1,
      maxLength: 12,
    });
    fc.assert(
      fc.property(plans, fc.double({ min: 0, max: 1, noNaN: true }), (sequence, speedScale) => {
        const arm = new GuardedArm(
          {
            ...wall,
            'workspace.max_tcp_speed': 0.6,
            'workspace.boxes': 'distal_link: [-0.5, 0.5] x [-0.5, 0.5] x [0, 1]',
          },
          [-0.5, 0.5],
          speedScale,
        );
        for (const [shoulder, elbow, count] of sequence) {
          arm.setPlan(planOf(arm.timeMs, Array<number[]>(10).fill([shoulder, elbow])));
          for (const command of arm.ticks(count)) expect(arm.excessOf(command)).toBeLessThanOrEqual(0.01);
        }
      }),
      { numRuns: 10 },
    );
  });

  it('logs what it let through, so that the next plan knows', () => {
    const timeline = timelineFor(limits, jointSemantics(limits));
    const stream = new CommandStream({
      limits,
      semantics: jointSemantics(limits),
      commandPeriodNs: ms(PERIOD_MS),
      trackingTolerances: [Infinity, Infinity],
      timeline,
      speedScale: () => 0.5,
    });
    stream.anchor(Float64Array.of(0, 0));
    stream.setPlan(turning(0, 1), { revision: stream.revision, fromRest: false }, -1n);
    stream.tick(0n);
    expect(timeline.sent.actionAt(0n, 0)).toBeCloseTo(0.5, 6);
  });
});
