import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { FrameSet } from '../../../src/core/model-info.js';
import type { ImageFrame } from '../../../src/core/types.js';
import { CameraSync } from '../../../src/perception/camera-sync.js';

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

const PERIOD_MS = 33;
const TOLERANCE_MS = 10;

/** A frame in transit, stamped `PERIOD_MS * moment`. */
interface Arrival {
  readonly camera: number;
  readonly moment: number;
  readonly atMs: number;
}

/**
 * Two cameras that see the same moments, each frame with a delay of its own, some of them twice; in the order of their arrival.
 *
 * @param delaysMs of each camera, from minimum to maximum; more than a period apart, frames overtake each other
 */
function twoCameras(
  delaysMs: readonly [fc.Arbitrary<number>, fc.Arbitrary<number>],
): fc.Arbitrary<Arrival[]> {
  const frame = fc.record({
    delays: fc.tuple(...delaysMs),
    isTwice: fc.tuple(fc.boolean(), fc.boolean()),
    repeatMs: fc.integer({ min: 0, max: 60 }),
  });
  return fc.array(frame, { minLength: 1, maxLength: 40 }).map((frames) =>
    frames
      .flatMap(({ delays, isTwice, repeatMs }, moment) =>
        [0, 1].flatMap((camera): Arrival[] => {
          const atMs = PERIOD_MS * moment + (delays[camera] ?? 0);
          const first = { camera, moment, atMs };
          return isTwice[camera] === true ? [first, { ...first, atMs: atMs + repeatMs }] : [first];
        }),
      )
      .toSorted((a, b) => a.atMs - b.atMs),
  );
}

/** The moments of the sets that come of them, `[camera 0, camera 1]`. The second camera is 4 ms off. */
function setsOf(arrivals: readonly Arrival[], sync = new CameraSync(2, TOLERANCE_MS)): number[][] {
  return arrivals.flatMap(({ camera, moment }) => {
    const stamps = stampsMs(sync.push(camera, frameAt(PERIOD_MS * moment + 4 * camera)));
    return stamps.length === 0 ? [] : [stamps.map((ms) => Math.floor(ms / PERIOD_MS))];
  });
}

/** Those of a camera in the order of their arrival, without those that a newer one overtook. */
function inOrder(arrivals: readonly Arrival[], camera: number): number[] {
  const moments: number[] = [];
  for (const arrival of arrivals) {
    if (arrival.camera === camera && arrival.moment > (moments.at(-1) ?? -1)) moments.push(arrival.moment);
  }
  return moments;
}

describe('CameraSync', () => {
  it('with one camera every frame is a set', () => {
    const sync = new CameraSync(1, 20);
    expect(sync.push(0, frameAt(10))?.stampNs).toBe(10_000_000n);
    expect(sync.push(0, frameAt(20))?.frames).toHaveLength(1);
    expect(sync.unmatched).toEqual([0]);
  });

  it('groups frames within the tolerance, with the stamp of the oldest', () => {
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

  it('says which cameras have no frame since a time, whether the last one found a partner or not', () => {
    const sync = new CameraSync(2, 20);
    expect(sync.lateSince(0n)).toEqual([0, 1]);
    sync.push(0, frameAt(100));
    sync.push(1, frameAt(104));
    // Neither has sent anything since this set, though the frame of the second is newer than its stamp.
    expect(sync.lateSince(100_000_000n)).toEqual([0, 1]);
    sync.push(0, frameAt(133));
    expect(sync.lateSince(100_000_000n)).toEqual([1]);
    sync.push(1, frameAt(160));
    expect(sync.lateSince(100_000_000n)).toEqual([]);
    expect(new CameraSync(1, 20).lateSince(0n)).toEqual([]);
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

  it('makes a set of every moment, however late a camera is and whatever comes twice', () => {
    const delays = fc.integer({ min: 0, max: PERIOD_MS - 1 });
    const lateDelays = fc.integer({ min: 0, max: 32 }).map((ms) => ms + 4 * PERIOD_MS);
    fc.assert(
      fc.property(twoCameras([delays, lateDelays]), (arrivals) => {
        const moments = inOrder(arrivals, 1);
        expect(setsOf(arrivals)).toEqual(moments.map((moment) => [moment, moment]));
      }),
    );
  });

  it('makes a set of every moment when the frames of one camera overtake each other while the other waits', () => {
    const jumbled = fc.integer({ min: 0, max: 3 * PERIOD_MS });
    const late = fc.constant(4 * PERIOD_MS);
    fc.assert(
      fc.property(twoCameras([jumbled, late]), (arrivals) => {
        const moments = inOrder(arrivals, 1);
        expect(setsOf(arrivals)).toEqual(moments.map((moment) => [moment, moment]));
      }),
    );
  });

  it('loses no more moments than those that a newer set overtook', () => {
    const prompt = fc.constant(0);
    const jumbled = fc.integer({ min: 0, max: 5 * PERIOD_MS });
    fc.assert(
      fc.property(twoCameras([prompt, jumbled]), (arrivals) => {
        const moments = inOrder(arrivals, 1);
        expect(setsOf(arrivals)).toEqual(moments.map((moment) => [moment, moment]));
      }),
    );
  });

  it('whatever comes late, twice or out of order: sets go forward, and each frame is in one, given up, or waiting', () => {
    const anyDelay = fc.integer({ min: 0, max: 800 });
    fc.assert(
      fc.property(twoCameras([anyDelay, anyDelay]), (arrivals) => {
        const sync = new CameraSync(2, TOLERANCE_MS);
        const sets = setsOf(arrivals, sync);
        for (const [index, [first = NaN, second = NaN]] of sets.entries()) {
          expect(second).toBe(first);
          expect(first).toBeGreaterThan(sets[index - 1]?.[0] ?? -1);
        }
        for (const camera of [0, 1]) {
          const given = arrivals.filter((arrival) => arrival.camera === camera).length;
          const waiting = given - sets.length - (sync.unmatched[camera] ?? NaN);
          expect(waiting).toBeGreaterThanOrEqual(0);
          expect(waiting).toBeLessThanOrEqual(8);
        }
      }),
    );
  });

  it('a frame that comes again after it was used is not used again', () => {
    const sync = new CameraSync(2, 20);
    sync.push(0, frameAt(100));
    expect(stampsMs(sync.push(1, frameAt(100)))).toEqual([100, 100]);
    expect(sync.push(0, frameAt(100))).toBeNull();
    expect(sync.push(1, frameAt(115))).toBeNull();
    expect(sync.unmatched).toEqual([1, 0]);
  });

  it('gives up on a frame older than the eight that wait', () => {
    const sync = new CameraSync(2, 20);
    for (let index = 1; index <= 8; index++) sync.push(0, frameAt(100 * index));
    expect(sync.push(0, frameAt(50))).toBeNull();
    expect(sync.unmatched).toEqual([1, 0]);
    expect(sync.push(1, frameAt(50))).toBeNull();
    expect(stampsMs(sync.push(1, frameAt(100)))).toEqual([100, 100]);
  });

  it('a stamp up to a second back is a frame that was overtaken, and one further back a clock that was set back', () => {
    for (const [backMs, expected] of [
      [1000, []],
      [1001, [1999, 1999]],
    ] as const) {
      const sync = new CameraSync(2, 20);
      sync.push(0, frameAt(3000));
      sync.push(1, frameAt(3000));
      sync.push(0, frameAt(3000 - backMs));
      expect(stampsMs(sync.push(1, frameAt(3000 - backMs)))).toEqual(expected);
    }
  });
});
