import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { FrameSet } from '../../../src/core/model-info.js';
import type { ImageFrame } from '../../../src/core/types.js';
import { CameraSync } from '../../../src/pipeline/camera-sync.js';

const frameAt = (ms: number): ImageFrame => ({
  stampNs: BigInt(ms) * 1_000_000n,
  width: 1,
  height: 1,
  encoding: 'mono8',
  step: 1,
  data: new Uint8Array(1),
});
const stampsMs = (set: FrameSet | null): number[] =>
  set === null ? [] : set.frames.map(({ stampNs }) => Number(stampNs) / 1e6);

describe('CameraSync', () => {
  it('with one camera every frame is a set', () => {
    const sync = new CameraSync(1, 20);
    expect(sync.push(0, frameAt(10))?.stampNs).toBe(10_000_000n);
    expect(sync.push(0, frameAt(20))?.frames).toHaveLength(1);
    expect(sync.unmatched).toEqual([0]);
  });

  it('puts frames within the tolerance together, stamped with the oldest', () => {
    const sync = new CameraSync(2, 20);
    expect(sync.push(0, frameAt(100))).toBeNull();
    const set = sync.push(1, frameAt(115));
    expect(set?.stampNs).toBe(100_000_000n);
    expect(stampsMs(set)).toEqual([100, 115]);
  });

  it('waits for a frame that fits, and uses a frame once', () => {
    const sync = new CameraSync(2, 20);
    sync.push(0, frameAt(100));
    expect(sync.push(1, frameAt(150))).toBeNull();
    expect(stampsMs(sync.push(0, frameAt(140)))).toEqual([140, 150]);
    expect(sync.push(0, frameAt(160))).toBeNull();
    expect(sync.unmatched).toEqual([1, 0]);
  });

  it('matches a camera whose frames arrive several periods later', () => {
    const sync = new CameraSync(2, 10);
    const sets: number[][] = [];
    for (let index = 0; index < 30; index++) {
      sync.push(0, frameAt(33 * index));
      if (index >= 3) sets.push(stampsMs(sync.push(1, frameAt(33 * (index - 3) + 4))));
    }
    expect(sets).toHaveLength(27);
    expect(sets.every(([first = 0, second = 0]) => second - first === 4)).toBe(true);
    expect(sync.unmatched).toEqual([0, 0]);
  });

  it('counts the frames that a slower camera leaves without a partner', () => {
    const sync = new CameraSync(2, 5);
    let sets = 0;
    for (let index = 0; index < 30; index++) {
      sync.push(0, frameAt(33 * index));
      if (index % 3 === 0 && sync.push(1, frameAt(33 * index)) !== null) sets++;
    }
    expect(sets).toBe(10);
    expect(sync.unmatched).toEqual([18, 0]);
  });

  it('goes on after a clock that went back', () => {
    const sync = new CameraSync(2, 20);
    sync.push(0, frameAt(9000));
    sync.push(1, frameAt(9500));
    sync.push(0, frameAt(10));
    expect(stampsMs(sync.push(1, frameAt(12)))).toEqual([10, 12]);
    expect(sync.unmatched).toEqual([1, 1]);
  });

  it('no set exceeds the tolerance, sets go forward in time, and every frame is used at most once', () => {
    const arrivals = fc.array(fc.tuple(fc.nat(2), fc.integer({ min: 1, max: 60 })), { maxLength: 120 });
    fc.assert(
      fc.property(arrivals, fc.integer({ min: 0, max: 50 }), (arrived, toleranceMs) => {
        const sync = new CameraSync(3, toleranceMs);
        const nowMs = [0, 0, 0];
        let before = [-1, -1, -1];
        let used = 0;
        for (const [camera, gapMs] of arrived) {
          nowMs[camera] = (nowMs[camera] ?? 0) + gapMs;
          const set = stampsMs(sync.push(camera, frameAt(nowMs[camera])));
          if (set.length === 0) continue;
          used += 3;
          expect(Math.max(...set) - Math.min(...set)).toBeLessThanOrEqual(toleranceMs);
          set.forEach((stamp, index) => {
            expect(stamp).toBeGreaterThan(before[index] ?? 0);
          });
          before = set;
        }
        const given = arrived.length;
        const unmatched = sync.unmatched.reduce((sum, count) => sum + count, 0);
        expect(used + unmatched).toBeLessThanOrEqual(given);
        expect(given - used - unmatched).toBeLessThanOrEqual(3 * 8);
      }),
    );
  });
});
