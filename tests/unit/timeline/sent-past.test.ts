import { describe, expect, it } from 'vitest';

import { SentLog } from '../../../src/timeline/sent-log.js';
import { ms } from '../../fixtures/robot.js';

const PERIOD_MS = 20;

/** Commands of two joints with actions of three entries: `[tick in ms, start, end, velocity, action]`. */
function logOf(rows: readonly (readonly [number, number, number, number, number])[]): SentLog {
  const log = new SentLog(2, 3, ms(PERIOD_MS));
  for (const [tickMs, start, end, velocity, action] of rows) {
    log.note(
      {
        stampNs: ms(tickMs),
        position: Float64Array.of(end, -end),
        velocity: Float64Array.of(0, velocity),
        action: Float64Array.of(action, action + 0.25, action + 0.5),
      },
      Float64Array.of(start, -start),
    );
  }
  return log;
}

const desired = (log: SentLog, atMs: number): number[] => [...log.desiredAt(ms(atMs), new Float64Array(2))];

it('a command of another size is refused', () => {
  const command = {
    stampNs: 0n,
    position: new Float64Array(2),
    velocity: new Float64Array(2),
    action: new Float64Array(3),
  };
  const start = new Float64Array(2);
  const log = new SentLog(2, 3, ms(PERIOD_MS));
  for (const name of ['position', 'velocity', 'action'] as const) {
    const wrong = { ...command, [name]: new Float64Array(4) };
    expect(() => {
      log.note(wrong, start);
    }).toThrow(RangeError);
  }
  expect(() => {
    log.note(command, new Float64Array(1));
  }).toThrow(RangeError);
  expect(log.lastNs).toBeNull();
});

describe('what was sent', () => {
  const log = logOf([
    [100, 0, 1, 50, 1],
    [120, 1, 3, 100, 2],
    [140, 3, 4, 0, 3],
  ]);

  it('moves from the start of a period to its end, and stays there after the newest', () => {
    expect(desired(log, 100)).toEqual([0, -0]);
    expect(desired(log, 105)).toEqual([0.25, -0.25]);
    expect(desired(log, 120)).toEqual([1, -1]);
    expect(desired(log, 130)).toEqual([2, -2]);
    expect(desired(log, 160)).toEqual([4, -4]);
    expect(desired(log, 500)).toEqual([4, -4]);
  });

  it('is known from the first tick on', () => {
    expect([99, 100, 500].map((atMs) => log.covers(ms(atMs)))).toEqual([false, true, true]);
    expect(log.lastNs).toBe(ms(140));
  });

  it('is the action in force at a time, until a tick has been left out', () => {
    expect([100, 119, 120, 145].map((atMs) => log.actionAt(ms(atMs), 0))).toEqual([1, 1, 2, 3]);
    expect(log.actionAt(ms(125), 2)).toBe(2.5);
    expect(log.actionAt(ms(180) - 1n, 0)).toBe(3);
    expect(log.actionAt(ms(180), 0)).toBeNull();
  });

  it('is in place again after a gap, with nothing in it', () => {
    const gap = logOf([
      [100, 0, 1, 0, 1],
      [200, 1, 1, 0, 2],
    ]);
    expect(gap.actionAt(ms(139), 1)).toBe(1.25);
    expect(gap.actionAt(ms(140), 1)).toBeNull();
    expect(gap.actionAt(ms(200), 1)).toBe(2.25);
    expect(desired(gap, 150)).toEqual([1, -1]);
  });

  it('has only been rest since a time if the period at that time and every later one end at rest', () => {
    const stopped = logOf([
      [100, 0, 1, 1, 1],
      [120, 1, 2, 0, 0],
      [140, 2, 2, 0, 0],
    ]);
    expect([99, 100, 119, 120, 150].map((atMs) => stopped.restsSince(ms(atMs)))).toEqual([
      false,
      false,
      false,
      true,
      true,
    ]);
    expect(logOf([[100, 0, 0, 0, 0]]).restsSince(0n)).toBe(true);
    expect(logOf([]).restsSince(0n)).toBe(true);
  });

  it('is gone when it was cleared', () => {
    const cleared = logOf([[100, 0, 1, 1, 1]]);
    cleared.clear();
    expect(cleared.lastNs).toBeNull();
    expect(cleared.covers(ms(500))).toBe(false);
    expect(cleared.restsSince(0n)).toBe(true);
  });

  it('is forgotten after 1024 periods', () => {
    const long = logOf(
      Array.from({ length: 1025 }, (_, tick) => [PERIOD_MS * tick, tick, tick + 1, 1, tick] as const),
    );
    expect(long.covers(ms(PERIOD_MS - 1))).toBe(false);
    expect(long.covers(ms(PERIOD_MS))).toBe(true);
    expect(long.actionAt(ms(PERIOD_MS), 0)).toBe(1);
    expect(long.actionAt(ms(PERIOD_MS * 1024), 2)).toBe(1024.5);
    expect(desired(long, PERIOD_MS * 700.5)).toEqual([700.5, -700.5]);
  });
});
