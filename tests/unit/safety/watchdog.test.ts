import { describe, expect, it } from 'vitest';
import {
  assessCondition,
  holdsRobot,
  WHOLE_MESSAGES,
  type ConditionReason,
  type InputStamps,
  type WatchdogInputs,
} from '../../../src/safety/watchdog.js';
import { LADDER } from '../../../src/safety/ladder.js';
import { UNHINDERED, type OperatorState } from '../../../src/safety/operator-state.js';
import { validateParameters } from '../../../src/params/validate.js';
import { ms } from '../../fixtures/robot.js';

const HEALTHY: WatchdogInputs = {
  nowNs: ms(10_000),
  image: { lastNs: ms(9900), fault: null },
  lateCameras: () => [],
  jointStates: { lastNs: ms(9985), fault: null },
  jointMessages: WHOLE_MESSAGES,
  planEndNs: ms(10_500),
  paused: false,
  active: true,
  workerAlive: true,
  clockJumped: false,
  fault: null,
  unsettled: null,
  frozenImage: null,
  restriction: null,
  operator: UNHINDERED,
};
const stamped = (lastNs: bigint | null): InputStamps => ({ lastNs, fault: null });
const asked = (operator: Partial<OperatorState>): Partial<WatchdogInputs> => ({
  operator: { ...UNHINDERED, ...operator },
});
const assess = (change: Partial<WatchdogInputs>) =>
  assessCondition({ ...HEALTHY, ...change }, validateParameters({}));

describe('assessCondition', () => {
  it('has nothing to say about a healthy loop', () => {
    expect(assess({})).toEqual({ level: 'ok', reasons: [] });
  });

  it.each<[string, Partial<WatchdogInputs>, string, string]>([
    ['an inactive node', { active: false }, 'stop', 'lifecycle'],
    ['a pause', { paused: true }, 'hold', 'pause'],
    [
      'an emergency stop',
      asked({ emergencyStop: { id: 'emergency-stop', found: 'pressed by /button' } }),
      'stop',
      'emergency_stop',
    ],
    [
      'a lost heartbeat',
      asked({ emergencyStop: { id: 'emergency-stop-silent', found: 'no heartbeat for 0.6 s' } }),
      'stop',
      'emergency_stop',
    ],
    ['a dry run', asked({ isDryRun: true }), 'hold', 'dry_run'],
    [
      'a second planner',
      asked({ controller: { id: 'two-planners', found: '/other also publishes' } }),
      'hold',
      'controller',
    ],
    [
      'a command topic without a subscriber',
      asked({ controller: { id: 'command-without-subscriber', found: 'nobody subscribes' } }),
      'hold',
      'controller',
    ],
    ['a lost speed scale', asked({ speedScaleSilence: 'no message for 0.6 s' }), 'hold', 'speed_scale'],
    [
      'a robot that does not follow',
      { fault: { id: 'robot-does-not-follow', found: 'joint stuck' } },
      'stop',
      'fault',
    ],
    [
      'a command outside the limits',
      { fault: { id: 'command-outside-limits', found: 'too fast' } },
      'stop',
      'fault',
    ],
    ['a clock that went backwards', { clockJumped: true }, 'stop', 'clock'],
    ['a dead worker', { workerAlive: false }, 'hold', 'worker'],
    ['no image yet', { image: stamped(null) }, 'hold', 'image'],
    ['an old image', { image: stamped(ms(9499)) }, 'hold', 'image'],
    ['a frozen picture', { frozenImage: 'the picture has not changed' }, 'hold', 'image'],
    [
      'images from the future',
      { image: { lastNs: null, fault: { verdict: 'future', found: 'a stamp 0.20 s ahead of the clock' } } },
      'hold',
      'image',
    ],
    ['a pose that readings do not agree on', { unsettled: 'two publishers' }, 'hold', 'pose'],
    ['no joint states yet', { jointStates: stamped(null) }, 'hold', 'joint_states'],
    ['old joint states', { jointStates: stamped(ms(9749)) }, 'hold', 'joint_states'],
    [
      'publishers of joint states that contradict each other, however fresh',
      { jointMessages: { ...WHOLE_MESSAGES, contradiction: () => 'two positions' } },
      'hold',
      'joint_states',
    ],
    ['no plan', { planEndNs: null }, 'degrade', 'plan'],
    ['a plan at its end', { planEndNs: ms(10_000) }, 'degrade', 'plan'],
  ])('answers %s with its level, and says what clears it', (_what, change, level, name) => {
    const condition = assess(change);
    expect(condition.level).toBe(level);
    expect(condition.reasons).toHaveLength(1);
    expect(condition.reasons[0]).toMatchObject({ name, level });
    for (const text of ['found', 'limit', 'clears'] as const)
      expect(condition.reasons[0]?.[text]).not.toBe('');
    const declared = LADDER.find(({ id }) => id === condition.reasons[0]?.id);
    expect(declared?.reaction).toBe(level);
    expect(declared?.clears.replaceAll('`', '')).toBe(condition.reasons[0]?.clears);
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

  it('says that a robot is kept at rest by a hold and by a stop alone', () => {
    expect(['degrade', 'hold', 'stop'].map((level) => holdsRobot({ level } as ConditionReason))).toEqual([
      false,
      true,
      true,
    ]);
  });

  it('names the joints that are behind the others, which are asked for as the limit of age has it', () => {
    const jointMessages = {
      contradiction: () => null,
      lateJoints: (sinceNs: bigint) => (sinceNs === ms(9750) ? ['elbow', 'wrist'] : []),
    };
    expect(assess({ jointMessages }).level).toBe('ok');
    const found = (jointStates: WatchdogInputs['jointStates']): string | undefined =>
      assess({ jointMessages, jointStates }).reasons[0]?.found;
    expect(found(stamped(ms(9500)))).toBe('the last of elbow, wrist is 0.50 s old');
    expect(found(stamped(null))).toBe('none received');
    expect(found({ lastNs: ms(9500), fault: { verdict: 'zero', found: 'no stamp' } })).toBe('no stamp');
  });

  it('names the cameras that are behind the others, which are asked for as the limit of age has it', () => {
    const lateCameras = (sinceNs: bigint) => (sinceNs === ms(9500) ? ['camera wrist'] : []);
    expect(assess({ lateCameras }).level).toBe('ok');
    const { reasons } = assess({ lateCameras, image: stamped(ms(9000)) });
    expect(reasons.map(({ id, found }) => [id, found])).toEqual([
      ['image-silent', 'the last of camera wrist is 1.00 s old'],
    ]);
  });

  it('prefers what publishers contradict each other about, at that time, to the age of joint states', () => {
    const jointMessages = {
      ...WHOLE_MESSAGES,
      contradiction: (nowNs: bigint) => (nowNs === HEALTHY.nowNs ? 'two positions' : null),
    };
    const { reasons } = assess({ jointMessages, jointStates: stamped(ms(9000)) });
    expect(reasons.map(({ id, found }) => [id, found])).toEqual([
      ['joint-states-contradictory', 'two positions'],
    ]);
  });

  it('prefers the age of frames to what they show', () => {
    const { reasons } = assess({ image: stamped(ms(9000)), frozenImage: 'the same picture' });
    expect(reasons.map(({ id }) => id)).toEqual(['image-silent']);
  });

  it('limits the age of joint states by the timeout of efforts, if efforts are commanded', () => {
    const values = validateParameters({
      'command.interface': 'commands',
      'command.kind': 'effort',
      'command.effort_kp': [1],
      'command.effort_kd': [1],
    });
    const stale = { ...HEALTHY, jointStates: stamped(ms(9899)) };
    expect(assessCondition(stale, values).reasons.map(({ id }) => id)).toEqual([
      'joint-states-silent-efforts',
    ]);
    expect(assess(stale).level).toBe('ok');
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
