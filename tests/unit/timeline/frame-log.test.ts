import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { FrameSet } from '../../../src/core/model-info.js';
import { FrameLog } from '../../../src/timeline/frame-log.js';

const frameAt = (ms: number): FrameSet => ({ stampNs: BigInt(ms) * 1_000_000n, frames: [] });
const stampsMs = (sets: readonly FrameSet[] | null): number[] | undefined =>
  sets?.map((set) => Number(set.stampNs / 1_000_000n));

describe('FrameLog', () => {
  it('gives frames one step apart, oldest first', () => {
    const history = new FrameLog(3, 200);
    for (let ms = 0; ms <= 600; ms += 100) history.add(frameAt(ms));
    expect(stampsMs(history.select())).toEqual([200, 400, 600]);
  });

  it('takes the nearest frame where none is exactly one step back', () => {
    const history = new FrameLog(2, 200);
    for (const ms of [0, 70, 190, 333]) history.add(frameAt(ms));
    expect(stampsMs(history.select())).toEqual([190, 333]);
  });

  it('repeats the oldest frame while there is no history', () => {
    const history = new FrameLog(3, 200);
    history.add(frameAt(5));
    expect(stampsMs(history.select())).toEqual([5, 5, 5]);
    history.add(frameAt(205));
    expect(stampsMs(history.select())).toEqual([5, 5, 205]);
  });

  it('has nothing to give when it was cleared', () => {
    const history = new FrameLog(2, 200);
    history.add(frameAt(100));
    expect(history.newest?.stampNs).toBe(100_000_000n);
    history.clear();
    expect(history.select()).toBeNull();
    expect(history.newest).toBeNull();
  });

  it('forgets what no window can ask for any more', () => {
    const history = new FrameLog(2, 200);
    for (let ms = 0; ms <= 10_000; ms += 10) history.add(frameAt(ms));
    expect(stampsMs(history.select())).toEqual([9800, 10_000]);
  });

  it('always gives a full window, in order, ending with the newest', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 1, maxLength: 40 }),
        (window, gapsMs) => {
          const history = new FrameLog(window, 200);
          let nowMs = 0;
          for (const gapMs of gapsMs) {
            nowMs += gapMs;
            history.add(frameAt(nowMs));
          }
          const selected = stampsMs(history.select()) ?? [];
          expect(selected).toHaveLength(window);
          expect(selected.at(-1)).toBe(nowMs);
          expect(selected).toEqual([...selected].sort((a, b) => a - b));
        },
      ),
    );
  });
});
