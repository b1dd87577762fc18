import { describe, expect, it } from 'vitest';
import {
  toCommandPoints,
  toJointReading,
  toHoldReason,
  toPlannerStatistics,
  toResetReport,
} from '../../../eval/ros/demo-messages.js';

const header = { stamp: { sec: 2, nanosec: 5 } };

describe('toJointReading', () => {
  it('puts the joints into the requested order', () => {
    const message = { header, name: ['elbow', 'shoulder'], position: [1, 2], velocity: [3, 4] };
    const reading = toJointReading(message, ['shoulder', 'elbow']);
    expect(reading).toEqual({
      stampNs: 2_000_000_005n,
      position: Float64Array.of(2, 1),
      velocity: Float64Array.of(4, 3),
    });
  });

  it('returns null when a joint is missing', () => {
    expect(
      toJointReading({ header, name: ['elbow'], position: [1], velocity: [3] }, ['shoulder']),
    ).toBeNull();
  });
});

describe('toCommandPoints', () => {
  it('puts every point into the requested order, with NaN for a missing joint', () => {
    const points = [{ positions: [1], velocities: [2], time_from_start: { sec: 0, nanosec: 20_000_000 } }];
    expect(toCommandPoints({ joint_names: ['elbow'], points }, ['shoulder', 'elbow'])).toEqual([
      { position: [Number.NaN, 1], velocity: [Number.NaN, 2], timeFromStartS: 0.02 },
    ]);
  });
});

describe('toPlannerStatistics', () => {
  it('reads the status named planner, and returns null without one', () => {
    const other = { name: 'camera', values: [{ key: 'plan_ms', value: '7' }] };
    const planner = { name: 'planner', values: [{ key: 'plan_ms', value: '12.5' }] };
    expect(toPlannerStatistics({ status: [other, planner] })?.get('plan_ms')).toBe('12.5');
    expect(toPlannerStatistics({ status: [other] })).toBeNull();
  });
});

describe('toResetReport', () => {
  it('reads the state that the planner node reports', () => {
    expect(toResetReport('anchored at shoulder=-0.5 elbow=1e-7; goal 1000000001; now 1040000000')).toEqual({
      positions: new Map([
        ['shoulder', -0.5],
        ['elbow', 1e-7],
      ]),
      goalStampNs: 1_000_000_001n,
      nowNs: 1_040_000_000n,
    });
  });

  it.each(['', 'no joint_states yet', 'anchored at shoulder=1; goal x; now 3'])(
    'gives nothing for %j',
    (message) => {
      expect(toResetReport(message)).toBeNull();
    },
  );
});

describe('toHoldReason', () => {
  const part = (name: string, level: number) => ({ name, level, message: 'hold: fault' });

  it('is the message of the status motion while that is an error, and empty otherwise', () => {
    const status = [part('other: motion', 2), part('node: goal', 2), part('node: motion', 2)];
    expect(toHoldReason({ status }, 'node')).toBe('hold: fault');
    expect(toHoldReason({ status: [part('node: motion', 1)] }, 'node')).toBe('');
  });

  it('ignores another node', () => {
    expect(toHoldReason({ status: [part('other: motion', 2)] }, 'node')).toBeNull();
  });
});
