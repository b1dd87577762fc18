import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { FrameSet } from '../../../src/core/model-info.js';
import { FrameHistory } from '../../../src/pipeline/frame-history.js';

const frameAt = (ms: number): FrameSet => ({ stampNs: BigInt(ms) * 1_000_000n, frames: [] });
const stampsMs = (sets: readonly FrameSet[] | null): number[] | undefined =>
  sets?.map((set) => Number(set.stampNs / 1_000_000n));

describe('FrameHistory', () => {
  it('gives frames one step apart, oldest first', () => {
    const history = new FrameHistory(3, 200);
    for (let ms = 0; ms <= 600; ms += 100) history.push(frameAt(ms));
    expect(stampsMs(history.select())).toEqual([200, 400, 600]);
  });

  it('takes the nearest frame where none is exactly one step back', () => {
    const history = new FrameHistory(2, 200);
    for (const ms of [0, 70, 190, 333]) history.push(frameAt(ms));
    expect(stampsMs(history.select())).toEqual([190, 333]);
  });

  it('repeats the oldest frame while there is no history', () => {
    const history = new FrameHistory(3, 200);
    history.push(frameAt(5));
    expect(stampsMs(history.select())).toEqual([5, 5, 5]);
    history.push(frameAt(205));
    expect(stampsMs(history.select())).toEqual([5, 5, 205]);
  });

  it('refuses frames that are not newer, and frames from before a reset', () => {
    const history = new FrameHistory(2, 200);
    expect(history.push(frameAt(100))).toBe(true);
    expect(history.push(frameAt(100))).toBe(false);
    expect(history.push(frameAt(90))).toBe(false);
    history.reset(150_000_000n);
    expect(history.select()).toBeNull();
    expect(history.push(frameAt(150))).toBe(false);
    expect(history.push(frameAt(151))).toBe(true);
  });

  it('always gives a full window, in order, ending with the newest', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 1, maxLength: 40 }),
        (window, gapsMs) => {
          const history = new FrameHistory(window, 200);
          let nowMs = 0;
          for (const gapMs of gapsMs) {
            nowMs += gapMs;
            history.push(frameAt(nowMs));
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
