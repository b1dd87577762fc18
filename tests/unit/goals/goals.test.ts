import { describe, expect, it } from 'vitest';

import type { Condition } from '../../../src/safety/watchdog.js';
import type { FrameSet } from '../../../src/core/model-info.js';
import type { Plan } from '../../../src/core/types.js';
import { parameterSchema } from '../../../src/params/schema.js';
import { Goals } from '../../../src/goals/goals.js';

const S = 1_000_000_000n;
const OK: Condition = { level: 'ok', reasons: [] };
const HELD: Condition = {
  level: 'hold',
  reasons: [
    { name: 'pause', id: 'paused', level: 'hold', found: 'paused', limit: 'none', clears: '~/pause' },
  ],
};

function goal(stampNs: bigint): FrameSet {
  return {
    stampNs,
    frames: [{ stampNs, width: 1, height: 1, encoding: 'mono8', step: 1, data: Uint8Array.of(1) }],
  };
}

/** An active node at 1 s, with a tolerance of 0.5, settling for 1 s and nothing that gives goals up. */
function bench(parameters: object = {}) {
  const world = { nowNs: S, condition: OK as Condition | null };
  const handed: (bigint | null)[] = [];
  const logged: string[] = [];
  let published = 0;
  const log = (text: string): void => void logged.push(text);
  const values = parameterSchema.parse({ 'goal.tolerance': 0.5, 'goal.settle_s': 1, ...parameters });
  const goals = new Goals({
    clock: {
      get nowNs() {
        return world.nowNs;
      },
    },
    parameters: () => values,
    log: { debug: log, info: log, warn: log, error: log },
    onStatus: () => void (published += 1),
    onGoal: (set) => handed.push(set?.stampNs ?? null),
    condition: () => world.condition,
  });
  const plan = (goalStampNs: bigint, atNs: bigint, goalDistance: number, frameAgeNs = 0n): void => {
    world.nowNs = atNs;
    goals.onPlan({ goalStampNs, frameStampNs: atNs - frameAgeNs, statistics: { goalDistance } } as Plan);
  };
  return { world, goals, handed, logged, plan, published: () => published };
}

describe('Goals', () => {
  it('a goal is reached, said once, and stays in force', async () => {
    const { goals, handed, logged, plan, published } = bench();
    const pursuit = goals.set(goal(7n), 'a test');
    plan(7n, 2n * S, 0.4);
    plan(6n, 3n * S, 9);
    plan(7n, 3n * S, 0.4);
    plan(7n, 4n * S, 0.4);
    expect((await pursuit.ended).outcome).toBe('reached');
    expect(goals.report).toMatchObject({ level: 'ok', values: { state: 'reached', goal_stamp_ns: 7n } });
    expect(goals.current?.stampNs).toBe(7n);
    expect(handed).toEqual([7n]);
    expect(logged.filter((text) => text.startsWith('goal reached'))).toHaveLength(1);
    expect(published()).toBe(2);
  });

  it('one plan inside the tolerance and then silence is no goal reached', () => {
    const { goals, world, plan } = bench();
    const pursuit = goals.set(goal(7n), 'a test');
    plan(7n, 2n * S, 0.4);
    world.nowNs = 60n * S;
    goals.look();
    expect(pursuit.ending).toBeNull();
  });

  it('a goal is left again by a frame that arrives late', () => {
    const { goals, world, plan } = bench();
    const pursuit = goals.set(goal(7n), 'a test');
    const lateNs = S / 10n;
    plan(7n, 2n * S + lateNs, 0.4, lateNs);
    plan(7n, 3n * S - lateNs, 0.4, lateNs);
    world.nowNs = 3n * S + lateNs;
    goals.look();
    plan(7n, 3n * S + lateNs, 2, lateNs);
    expect(pursuit.ending).toBeNull();
    plan(7n, 4n * S, 0.4, lateNs);
    plan(7n, 5n * S, 0.4, lateNs);
    expect(pursuit.ending).toMatchObject({ outcome: 'reached', elapsedNs: 4n * S });
  });

  it('neither a time nor a stall limit holds unless it is set', () => {
    const { goals, plan } = bench();
    const pursuit = goals.set(goal(7n), 'a test');
    plan(7n, 2n * S, 3);
    plan(7n, 100_000n * S, 3);
    expect(pursuit.ending).toBeNull();
  });

  it.each([
    [{ 'goal.timeout_s': 5 }, 'timed_out'],
    [{ 'goal.stall_s': 5 }, 'unreachable'],
  ])('with %o a goal ends as %s, reported as a warning, and stays in force', (parameters, outcome) => {
    const { goals, plan } = bench(parameters);
    goals.set(goal(7n), 'a test');
    plan(7n, 2n * S, 3);
    plan(7n, 7n * S, 3);
    expect(goals.report).toMatchObject({ level: 'warn', values: { state: outcome } });
    expect(goals.current).not.toBeNull();
  });

  it('a goal that takes over preempts, and giving up the old one leaves the new one alone', () => {
    const { goals, handed } = bench();
    const first = goals.set(goal(7n), 'a test');
    goals.set(goal(8n), 'another');
    expect(first.ending).toMatchObject({
      outcome: 'preempted',
      reason: 'another goal took over, from another',
    });
    goals.giveUp(first, 'canceled', 'too late');
    expect(handed).toEqual([7n, 8n]);
  });

  it('the goal that was asked for last is in force, whichever is read first', () => {
    const { goals, handed, logged } = bench();
    const slow = goals.newRequest();
    const quick = goals.newRequest();
    const second = goals.set(goal(8n), 'the quick one', {}, quick);
    const first = goals.setUnstamped(goal(0n), 'the slow one', {}, slow);
    expect(first.ending).toMatchObject({
      outcome: 'preempted',
      reason: 'another goal was asked for later, from the quick one',
    });
    expect(logged).toContain(
      'the goal from the slow one is not pursued: another goal was asked for later, from the quick one',
    );
    expect(second.ending).toBeNull();
    expect(handed).toEqual([8n]);
    goals.set(goal(9n), 'a third');
    expect(second.ending?.outcome).toBe('preempted');
  });

  it('a goal that is given up is handed on as none, once, and still reported', () => {
    const { goals, handed } = bench();
    expect(goals.report).toBeNull();
    const pursuit = goals.set(goal(7n), 'a test');
    goals.giveUp(pursuit, 'canceled', 'the client asked for an end');
    goals.giveUp(pursuit, 'canceled', 'the client asked for an end');
    expect(handed).toEqual([7n, null]);
    expect(goals.report).toMatchObject({
      level: 'warn',
      message: 'none any more: canceled: the client asked for an end',
    });
  });

  it('goals without a stamp get one each, also when time stands still and after one was given up', () => {
    const { goals, handed } = bench();
    goals.giveUp(goals.setUnstamped(goal(0n), 'a test'), 'canceled', '');
    goals.setUnstamped(goal(0n), 'a test');
    goals.set(goal(50n * S), 'a publisher with another clock');
    const last = goals.setUnstamped(goal(0n), 'a test').goal;
    expect(handed).toEqual([S, null, S + 1n, 50n * S, 50n * S + 1n]);
    expect(last.frames.map(({ stampNs }) => stampNs)).toEqual([50n * S + 1n]);
  });

  it('time counts from the activation', () => {
    const { goals, world, plan } = bench({ 'goal.timeout_s': 5 });
    world.condition = null;
    const pursuit = goals.set(goal(7n), 'a test');
    world.nowNs = 100n * S;
    goals.look();
    expect(goals.isActive).toBe(false);
    world.condition = OK;
    goals.onActivation();
    plan(7n, 104n * S, 3);
    expect(pursuit.ending).toBeNull();
    plan(7n, 105n * S, 3);
    expect(pursuit.ending?.outcome).toBe('timed_out');
  });

  it('a clock that was set back begins the time anew', () => {
    const { goals, world } = bench({ 'goal.timeout_s': 5 });
    const pursuit = goals.set(goal(7n), 'a test');
    world.nowNs = 3n * S;
    goals.look();
    world.nowNs = 0n;
    goals.look();
    world.nowNs = 4n * S;
    goals.look();
    expect(pursuit.ending).toBeNull();
    world.nowNs = 5n * S;
    goals.look();
    expect(pursuit.ending?.outcome).toBe('timed_out');
  });

  it('goals are blocked by an inactive node, or a hold of more than a second', () => {
    const { goals, world } = bench();
    expect(goals.blocker).toBeNull();
    world.condition = HELD;
    goals.look();
    world.nowNs = 2n * S - 1n;
    goals.look();
    expect(goals.blocker).toBeNull();
    world.nowNs = 2n * S;
    goals.look();
    expect(goals.blocker).toBe('the robot is held (pause: paused, clears with ~/pause)');
    world.condition = null;
    expect(goals.blocker).toContain('not active: activate it');
  });
});
