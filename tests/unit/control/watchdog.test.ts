import { describe, expect, it } from 'vitest';
import {
  assessCondition,
  ClockGuard,
  DEFAULT_WATCHDOG_THRESHOLDS,
  type WatchdogInputs,
} from '../../../src/control/watchdog.js';
import { ms } from './fixtures.js';

const HEALTHY: WatchdogInputs = {
  nowNs: ms(10_000),
  lastImageNs: ms(9950),
  lastJointStatesNs: ms(9990),
  planEndNs: ms(10_500),
  paused: false,
  active: true,
  workerAlive: true,
  clockJumped: false,
  fault: null,
};
const assess = (change: Partial<WatchdogInputs>) =>
  assessCondition({ ...HEALTHY, ...change }, DEFAULT_WATCHDOG_THRESHOLDS);

describe('assessCondition', () => {
  it('has nothing to say about a healthy loop', () => {
    expect(assess({})).toEqual({ level: 'ok', reasons: [] });
  });

  it.each<[string, Partial<WatchdogInputs>, string, string]>([
    ['an inactive node', { active: false }, 'stop', 'lifecycle'],
    ['a pause', { paused: true }, 'hold', 'pause'],
    ['a fault', { fault: 'joint stuck' }, 'hold', 'fault'],
    ['a clock that went backwards', { clockJumped: true }, 'hold', 'clock'],
    ['a dead worker', { workerAlive: false }, 'hold', 'worker'],
    ['no image yet', { lastImageNs: null }, 'hold', 'image'],
    ['an old image', { lastImageNs: ms(9499) }, 'hold', 'image'],
    ['an image from the future', { lastImageNs: ms(10_101) }, 'hold', 'image'],
    ['no joint states yet', { lastJointStatesNs: null }, 'hold', 'joint_states'],
    ['old joint states', { lastJointStatesNs: ms(9499) }, 'hold', 'joint_states'],
    ['no plan', { planEndNs: null }, 'degrade', 'plan'],
    ['a plan at its end', { planEndNs: ms(10_000) }, 'degrade', 'plan'],
  ])('answers %s with its level, and says what clears it', (_what, change, level, name) => {
    const condition = assess(change);
    expect(condition.level).toBe(level);
    expect(condition.reasons).toHaveLength(1);
    expect(condition.reasons[0]).toMatchObject({ name, level });
    for (const text of ['found', 'limit', 'clears'] as const)
      expect(condition.reasons[0]?.[text]).not.toBe('');
  });

  it.each<[string, Partial<WatchdogInputs>]>([
    ['an image as old as allowed', { lastImageNs: ms(9500) }],
    ['joint states as old as allowed', { lastJointStatesNs: ms(9500) }],
    ['a stamp a little ahead', { lastImageNs: ms(10_100) }],
    ['the last nanosecond of a plan', { planEndNs: ms(10_000) + 1n }],
  ])('accepts %s', (_what, change) => {
    expect(assess(change).level).toBe('ok');
  });

  it('gives all reasons and the worst level', () => {
    const condition = assess({ active: false, paused: true, lastImageNs: null });
    expect(condition.level).toBe('stop');
    expect(condition.reasons.map((reason) => reason.name)).toEqual(['lifecycle', 'pause', 'image']);
  });

  it('puts figures in words', () => {
    expect(assess({ lastImageNs: ms(9000) }).reasons[0]).toMatchObject({
      found: 'the last is 1.00 s old',
      limit: 'a message every 0.50 s',
    });
  });
});

describe('ClockGuard', () => {
  it('remembers a jump backwards until reset', () => {
    const guard = new ClockGuard();
    expect([5n, 5n, 6n, 4n, 7n].map((time) => guard.observe(time))).toEqual([
      false,
      false,
      false,
      true,
      true,
    ]);
    guard.reset();
    expect(guard.observe(1n)).toBe(false);
  });
});
