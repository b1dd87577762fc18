import { interval, map, Subject } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { NodeClock } from '../../../../src/ros/node/node-clock.js';
import type { SystemTime } from '../../../../src/ros/node/node-clock.js';
import { ms } from '../../../fixtures/robot.js';

const START_MS = 1000;

const system: SystemTime = {
  get nowNs() {
    return ms(Date.now());
  },
  ticks: (periodMs) => interval(periodMs).pipe(map(() => ms(Date.now()))),
};

beforeEach(() => {
  vi.useFakeTimers({ now: START_MS });
});

afterEach(() => {
  vi.useRealTimers();
});

/** The ticks of a clock, every 20 ms, as they come. */
function ticksOf(clock: NodeClock): bigint[] {
  const ticks: bigint[] = [];
  clock.ticks(20).subscribe((tick) => ticks.push(tick));
  return ticks;
}

describe("the node's clock without use_sim_time", () => {
  it('is the clock of the system, and so are its ticks', () => {
    const clock = new NodeClock(system, null);
    const ticks = ticksOf(clock);
    vi.advanceTimersByTime(50);
    expect(clock.nowNs).toBe(ms(START_MS + 50));
    expect(ticks).toEqual([ms(START_MS + 20), ms(START_MS + 40)]);
  });

  it('has no steps', () => {
    expect(new NodeClock(system, null).stepS).toBe(0);
  });
});

describe("the node's clock with use_sim_time", () => {
  let topic$: Subject<bigint>;
  let clock: NodeClock;

  beforeEach(() => {
    topic$ = new Subject();
    clock = new NodeClock(system, topic$);
  });

  it('is at 0 until a time comes, and stands still between two', () => {
    const ticks = ticksOf(clock);
    vi.advanceTimersByTime(100);
    expect([clock.nowNs, ticks]).toEqual([0n, []]);
    topic$.next(ms(7000));
    vi.advanceTimersByTime(100);
    expect([clock.nowNs, ticks]).toEqual([ms(7000), [ms(7000)]]);
  });

  it('has moved on already when its ticks come', () => {
    const seen: bigint[] = [];
    clock.ticks(20).subscribe(() => seen.push(clock.nowNs));
    topic$.next(ms(7000));
    topic$.next(ms(7040));
    expect(seen).toEqual([ms(7000), ms(7040), ms(7040)]);
  });

  it('knows the step between its last two times, by which stamps may be ahead of it', () => {
    const stepsS = [0, 33, 50, 50, 1000].map((passedMs, index, all) => {
      const soFarMs = all.slice(0, index).reduce((sum, each) => sum + each, 0);
      topic$.next(ms(7000 + soFarMs + passedMs));
      return clock.stepS;
    });
    // A longer step is a jump, and no message may be that far ahead.
    expect(stepsS).toEqual([0, 0.033, 0.05, 0.05, 0.5]);
  });

  it.each([
    ['was set back', 5000],
    ['was repeated', 7020],
  ])('keeps its step when it %s', (_, toMs) => {
    for (const atMs of [7000, 7020, toMs]) topic$.next(ms(atMs));
    expect([clock.nowNs, clock.stepS]).toEqual([ms(toMs), 0.02]);
  });
});
