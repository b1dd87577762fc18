import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { FrameSet } from '../../../src/core/model-info.js';
import type { GoalEnding } from '../../../src/goals/goal-pursuit.js';
import { GoalSequence } from '../../../src/goals/goal-sequence.js';
import type { GoalList } from '../../../src/goals/goal-sequence.js';
import { Goals } from '../../../src/goals/goals.js';
import { parameterSchema } from '../../../src/params/schema.js';
import type { Condition } from '../../../src/safety/watchdog.js';
import { silentLogger } from '../../fixtures/plan-message.js';
import { ms, planOf } from '../../fixtures/robot.js';

/** A plan comes every 100 ms, from a frame that is this old, give or take the jitter. */
const FRAME_AGE_MS = 120;
const JITTER_MS = [0, 25, -20, 10] as const;

const OK: Condition = { level: 'ok', reasons: [] };
const PAUSED: Condition = {
  level: 'hold',
  reasons: [
    { name: 'pause', id: 'paused', level: 'hold', found: 'paused', limit: 'none', clears: '~/pause' },
  ],
};

const named = (name: string): { goal: FrameSet; origin: string } => ({
  goal: { stampNs: 0n, frames: [] },
  origin: name,
});
const A: GoalList = [named('a')];

let condition: Condition | null;
let goals: Goals;
let sequence: GoalSequence;
/** In force, one after the other; null: none any more. */
let handed: (string | null)[];
/** Distance to the goal that each plan sees; null: no plan comes. */
let distance: number | null;
let ending: GoalEnding | null;

function start(parameters: Record<string, unknown>): void {
  const values = parameterSchema.parse({ 'goal.tolerance': 1, 'goal.settle_s': 0.5, ...parameters });
  const clock = {
    get nowNs() {
      return ms(Date.now());
    },
  };
  goals = new Goals({
    clock,
    parameters: () => values,
    log: silentLogger,
    onStatus: ignore,
    onGoal: (goal) => {
      if (goal === null) handed.push(null);
      else handed.push(String(goal.stampNs));
    },
    condition: () => condition,
  });
  sequence = new GoalSequence({ goals, clock, parameters: () => values });
}

function cancel(): void {
  sequence.cancel('too late');
}

function ignore(): void {
  // Not looked at here.
}

function pursue(list: GoalList, criteria = {}): void {
  void sequence.pursue(list, criteria).then((end) => {
    ending = end;
  });
}

/** Lets time pass; plans come in meanwhile. */
async function pass(seconds: number): Promise<void> {
  for (let step = 0; step < seconds * 10; step++) {
    await vi.advanceTimersByTimeAsync(100);
    goals.look();
    const goal = goals.current;
    if (distance === null || goal === null) continue;
    const ageMs = FRAME_AGE_MS + (JITTER_MS[step % JITTER_MS.length] ?? 0);
    const plan = planOf(Date.now() - ageMs, [[0]]);
    const statistics = { ...plan.statistics, goalDistance: distance };
    goals.onPlan({ ...plan, goalStampNs: goal.stampNs, statistics });
  }
}

beforeEach(() => {
  vi.useFakeTimers({ now: 10_000 });
  condition = OK;
  handed = [];
  distance = 5;
  ending = null;
});

afterEach(() => {
  vi.useRealTimers();
});

describe('one goal', () => {
  it('is reached once the frames have shown it for long enough, and stays in force', async () => {
    start({});
    pursue(A);
    await pass(2);
    distance = 0.5;
    await pass(0.5);
    expect(ending).toBeNull();
    await pass(0.3);
    expect(ending).toMatchObject({ outcome: 'reached', distance: 0.5 });
    expect(Number(ending?.elapsedNs) / 1e9).toBeCloseTo(2.6, 5);
    expect(handed).toHaveLength(1);
  });

  it('that is not reached in time is given up: the robot has no goal any more', async () => {
    start({ 'goal.timeout_s': 3 });
    pursue(A);
    await pass(3.2);
    expect(ending).toMatchObject({ outcome: 'timed_out', distance: 5 });
    expect(handed.at(-1)).toBeNull();
  });

  it('has the timeout of the request in place of the parameter', async () => {
    start({ 'goal.timeout_s': 3 });
    pursue(A, { timeoutNs: ms(1000) });
    await pass(1.2);
    expect(ending?.outcome).toBe('timed_out');
  });

  it('ends when another goal takes over, which stays in force', async () => {
    start({});
    pursue(A);
    await pass(1);
    goals.setUnstamped({ stampNs: 0n, frames: [] }, 'the topic');
    await pass(0.2);
    expect(ending).toMatchObject({ outcome: 'preempted' });
    expect(goals.current).not.toBeNull();
  });

  it('ends when its client cancels it: the robot brakes', async () => {
    start({});
    pursue(A);
    await pass(1);
    sequence.cancel('the client asked for it');
    await pass(0.1);
    expect(ending).toMatchObject({ outcome: 'canceled', reason: 'the client asked for it', distance: 5 });
    expect(goals.current).toBeNull();
  });

  it('ends when the node shuts down', async () => {
    start({});
    pursue(A);
    await pass(1);
    sequence.stop('shutting down');
    await pass(0.1);
    expect(ending).toMatchObject({ outcome: 'stopped', reason: 'shutting down' });
  });

  it('survives a short hold, and is stopped by one of more than a second', async () => {
    start({});
    pursue(A);
    await pass(1);
    distance = null;
    condition = PAUSED;
    await pass(0.8);
    condition = OK;
    await pass(1);
    expect(ending).toBeNull();
    condition = PAUSED;
    await pass(1.3);
    expect(ending).toMatchObject({ outcome: 'stopped' });
    expect(ending?.reason).toContain('the robot is held (pause: paused');
    expect(goals.current).toBeNull();
  });

  it.each([
    ['that the client has cancelled before', cancel, 'canceled', 'too late'],
    [
      'of a node that is not active',
      (): void => void (condition = null),
      'stopped',
      'the node is not active',
    ],
  ])('%s never replaces the goal in force', async (_, prepare, outcome, reason) => {
    start({});
    const before = goals.setUnstamped({ stampNs: 0n, frames: [] }, 'the topic');
    prepare();
    pursue(A);
    await pass(0.1);
    expect(ending).toMatchObject({ outcome, elapsedNs: 0n, distance: NaN });
    expect(ending?.reason).toContain(reason);
    expect(goals.current).toBe(before.goal);
  });
});

describe('several goals', () => {
  const all = [named('a'), named('b'), named('c')] as const;

  it('are pursued in order, each until it is reached; the time is that of all', async () => {
    start({});
    pursue(all);
    for (let goal = 0; goal < all.length; goal++) {
      distance = 5;
      await pass(1);
      expect(handed).toHaveLength(goal + 1);
      distance = 0.5;
      await pass(0.9);
    }
    expect(ending?.outcome).toBe('reached');
    expect(Number(ending?.elapsedNs) / 1e9).toBeGreaterThan(4.5);
    expect(new Set(handed).size).toBe(3);
  });

  it('are left after goal.subgoal_s, the last one not', async () => {
    start({ 'goal.subgoal_s': 2 });
    pursue(all);
    await pass(2.5);
    expect(handed).toHaveLength(2);
    await pass(2.5);
    expect(handed).toHaveLength(3);
    await pass(20);
    expect([handed.length, ending]).toEqual([3, null]);
    condition = PAUSED;
    await pass(1.3);
    expect(ending?.outcome).toBe('stopped');
  });

  it('share one timeout, of which each later one gets what is left', async () => {
    start({ 'goal.subgoal_s': 2, 'goal.timeout_s': 5 });
    pursue(all);
    await pass(4.5);
    expect([handed.length, ending]).toEqual([3, null]);
    await pass(1);
    expect(ending?.outcome).toBe('timed_out');
    expect(Number(ending?.elapsedNs) / 1e9).toBeGreaterThanOrEqual(5);
    expect(Number(ending?.elapsedNs) / 1e9).toBeLessThan(5.4);
  });

  it('end with the first that is given up', async () => {
    start({ 'goal.stall_s': 2 });
    pursue(all);
    await pass(3);
    expect(ending?.outcome).toBe('unreachable');
    expect([handed.length, handed.at(-1)]).toEqual([2, null]);
  });
});
