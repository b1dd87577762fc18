import { describe, expect, it } from 'vitest';
import { assessCondition, type InputStamps, type WatchdogInputs } from '../../../src/safety/watchdog.js';
import { validateParameters } from '../../../src/params/validate.js';
import { ms } from '../../fixtures/robot.js';

const HEALTHY: WatchdogInputs = {
  nowNs: ms(10_000),
  image: { lastNs: ms(9900), fault: null },
  jointStates: { lastNs: ms(9985), fault: null },
  planEndNs: ms(10_500),
  paused: false,
  active: true,
  workerAlive: true,
  clockJumped: false,
  fault: null,
  unsettled: null,
};
const stamped = (lastNs: bigint | null): InputStamps => ({ lastNs, fault: null });
const assess = (change: Partial<WatchdogInputs>) =>
  assessCondition({ ...HEALTHY, ...change }, validateParameters({}));

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
    ['no image yet', { image: stamped(null) }, 'hold', 'image'],
    ['an old image', { image: stamped(ms(9499)) }, 'hold', 'image'],
    [
      'images from the future',
      { image: { lastNs: null, fault: { verdict: 'future', found: 'a stamp 0.20 s ahead of the clock' } } },
      'hold',
      'image',
    ],
    ['a pose that readings do not agree on', { unsettled: 'two publishers' }, 'hold', 'pose'],
    ['no joint states yet', { jointStates: stamped(null) }, 'hold', 'joint_states'],
    ['old joint states', { jointStates: stamped(ms(9749)) }, 'hold', 'joint_states'],
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
    ['an image as old as allowed', { image: stamped(ms(9500)) }],
    ['joint states as old as allowed', { jointStates: stamped(ms(9750)) }],
    ['a stamp a little ahead', { image: stamped(ms(10_100)) }],
    ['the last nanosecond of a plan', { planEndNs: ms(10_000) + 1n }],
  ])('accepts %s', (_what, change) => {
    expect(assess(change).level).toBe('ok');
  });

  it('gives all reasons and the worst level', () => {
    const condition = assess({ active: false, paused: true, image: stamped(null) });
    expect(condition.level).toBe('stop');
    expect(condition.reasons.map((reason) => reason.name)).toEqual(['lifecycle', 'pause', 'image']);
  });

  it('puts figures in words', () => {
    expect(assess({ image: stamped(ms(9000)) }).reasons[0]).toMatchObject({
      found: 'the last is 1.00 s old',
      limit: 'a message every 0.50 s',
    });
  });

  it('names the parameter that helps against stamps of another clock, once nothing usable comes any more', () => {
    const fault = { verdict: 'zero', found: 'messages without a stamp (0)' } as const;
    expect(assess({ jointStates: { lastNs: ms(9990), fault } }).level).toBe('ok');
    const { reasons } = assess({ jointStates: { lastNs: ms(9000), fault }, image: { lastNs: null, fault } });
    expect(reasons.map(({ found }) => found)).toEqual([fault.found, fault.found]);
    expect(reasons.map(({ clears }) => clears.split(' ').slice(-2).join(' '))).toEqual([
      'camera.stamps: arrival',
      'joint_states.stamps: arrival',
    ]);
  });
});
