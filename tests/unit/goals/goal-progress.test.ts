import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { GoalProgress, type GoalCriteria, type GoalSample } from '../../../src/goals/goal-progress.js';

const MS = 1_000_000n;
const CRITERIA: GoalCriteria = {
  tolerance: 0.5,
  settleNs: 300n * MS,
  timeoutNs: 10_000n * MS,
  stallNs: 2_000n * MS,
};
const START = 5_000n * MS;

/** A goal with a frame every 100 ms, each known as soon as it is taken. */
function follow(distances: readonly number[], criteria: Partial<GoalCriteria> = {}): GoalProgress {
  const progress = new GoalProgress(START, { ...CRITERIA, ...criteria });
  distances.forEach((distance, index) =>
    progress.note(sampleAt(START + BigInt(index) * 100n * MS, 0n, distance)),
  );
  return progress;
}

function sampleAt(stampNs: bigint, ageNs: bigint, distance: number): GoalSample {
  return { stampNs, nowNs: stampNs + ageNs, distance };
}

interface Arrival {
  readonly stampMs: number;
  readonly ageMs: number;
  readonly distance: number;
}

/** Frames every 0 to 300 ms, so some twice, with ages that let them overtake each other; in the order of their arrival. */
const arrivals = fc
  .array(
    fc.record({
      gapMs: fc.constantFrom(0, 50, 100, 300),
      ageMs: fc.integer({ min: 0, max: 400 }),
      distance: fc.constantFrom(0, 0.2, 0.5, 0.50001, 3, NaN),
    }),
    { minLength: 1, maxLength: 40 },
  )
  .map((frames) => {
    let stampMs = 0;
    const all = frames.map(({ gapMs, ageMs, distance }): Arrival => {
      stampMs += gapMs;
      return { stampMs, ageMs, distance };
    });
    return all.toSorted((a, b) => a.stampMs + a.ageMs - (b.stampMs + b.ageMs));
  });

function toSample({ stampMs, ageMs, distance }: Arrival, moreMs = 0): GoalSample {
  return sampleAt(START + BigInt(stampMs) * MS, BigInt(ageMs + moreMs) * MS, distance);
}

/** The index of the arrival at which samples inside the tolerance span the settling time, by going through all pairs. */
function settledAt(all: readonly Arrival[], settleMs: number): number {
  const counted: Arrival[] = [];
  for (const [index, arrival] of all.entries()) {
    if (Number.isNaN(arrival.distance) || arrival.stampMs <= (counted.at(-1)?.stampMs ?? -Infinity)) continue;
    counted.push(arrival);
    const outside = counted.findLastIndex(({ distance }) => distance > CRITERIA.tolerance);
    const first = counted[outside + 1];
    if (first !== undefined && arrival.stampMs - first.stampMs >= settleMs) return index;
  }
  return -1;
}

describe('GoalProgress', () => {
  it('is reached when the distance stays within the tolerance for the settling time', () => {
    expect(follow([3, 2, 0.4, 0.3, 0.5]).state).toBe('underway');
    const reached = follow([3, 2, 0.4, 0.3, 0.5, 0.2]);
    expect(reached.state).toBe('reached');
    expect(reached.elapsedNs).toBe(500n * MS);
    expect(reached.distance).toBe(0.2);
  });

  it('is not reached by passing through', () => {
    expect(follow([2, 0.4, 0.3, 0.9, 0.4, 0.4, 0.4]).state).toBe('underway');
  });

  it('is reached at the first look without a settling time', () => {
    expect(follow([0.1], { settleNs: 0n }).state).toBe('reached');
  });

  it('is unreachable when the distance has not fallen for the stalling time', () => {
    const stuck = [4, 3, 2, ...Array.from({ length: 19 }, () => 2.1)];
    expect(follow(stuck).state).toBe('underway');
    expect(follow([...stuck, 1.99]).state).toBe('unreachable');
    expect(follow([...stuck, 2], { stallNs: 0n }).state).toBe('underway');
  });

  it('takes a little noise for no progress, and a real step for some', () => {
    const noisy = Array.from({ length: 22 }, (_, i) => 2 - 0.0005 * i);
    expect(follow(noisy).state).toBe('unreachable');
    const slow = Array.from({ length: 60 }, (_, i) => 4 * 0.97 ** i + 0.6);
    expect(follow(slow).state).toBe('underway');
  });

  it('runs out of time, also when no distance comes any more', () => {
    const progress = follow([3, 2.5], { stallNs: 0n });
    expect(progress.look(START + 9_999n * MS)).toBe('underway');
    expect(progress.look(START + 10_000n * MS)).toBe('timed_out');
    expect(follow([3], { timeoutNs: 0n, stallNs: 0n }).look(START + 10_000_000n * MS)).toBe('underway');
  });

  it('gives a goal that is being settled on the benefit of the last moment', () => {
    const progress = new GoalProgress(START, { ...CRITERIA, timeoutNs: 1000n * MS });
    progress.note(sampleAt(START + 700n * MS, 0n, 0.2));
    expect(progress.note(sampleAt(START + 1000n * MS, 0n, 0.2))).toBe('reached');
  });

  it('ignores a distance that is not a number', () => {
    expect(follow([NaN, Infinity, 0.2, NaN, 0.2, 0.2]).state).toBe('reached');
    expect(follow([NaN]).distance).toBeNaN();
  });

  it('stays what it has become, whatever comes after', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 5 }), { minLength: 1 }), (distances) => {
        const progress = new GoalProgress(START, CRITERIA);
        let final: string | null = null;
        distances.forEach((distance, index) => {
          const state = progress.note(sampleAt(START + BigInt(index) * 200n * MS, 0n, distance));
          if (final !== null) expect(state).toBe(final);
          if (state !== 'underway') final = state;
        });
      }),
    );
  });

  it('is not led astray by a clock that was set back', () => {
    const progress = follow([3, 2]);
    expect(progress.look(0n)).toBe('underway');
    expect(progress.elapsedNs).toBe(100n * MS);
  });

  it('is never reached by silence, however long', () => {
    const progress = follow([0.2], { timeoutNs: 0n });
    expect(progress.look(START + 3_600_000n * MS)).toBe('underway');
    expect(follow([0.2]).look(START + 10_000n * MS)).toBe('timed_out');
  });

  it('ignores a frame that it has seen already, or that was overtaken', () => {
    const progress = new GoalProgress(START, CRITERIA);
    progress.note(sampleAt(START + 100n * MS, 0n, 0.2));
    for (const nowMs of [200n, 300n, 400n, 500n])
      expect(progress.note({ stampNs: START + 100n * MS, nowNs: START + nowMs * MS, distance: 0.1 })).toBe(
        'underway',
      );
    expect(progress.distance).toBe(0.2);
    progress.note(sampleAt(START + 50n * MS, 500n * MS, 3));
    expect(progress.note(sampleAt(START + 400n * MS, 200n * MS, 0.2))).toBe('reached');
  });

  it('is reached when samples inside the tolerance span the settling time, whatever their delays, repeats and order', () => {
    fc.assert(
      fc.property(arrivals, fc.constantFrom(0, 1, 100, 300, 650), (all, settleMs) => {
        const expected = settledAt(all, settleMs);
        const progress = new GoalProgress(START, {
          ...CRITERIA,
          settleNs: BigInt(settleMs) * MS,
          timeoutNs: 0n,
          stallNs: 0n,
        });
        for (const [index, arrival] of all.entries()) {
          const sample = toSample(arrival);
          progress.look(sample.nowNs);
          progress.note(sample);
          progress.look(sample.nowNs + 10n * MS);
          expect(progress.state).toBe(expected >= 0 && index >= expected ? 'reached' : 'underway');
        }
      }),
    );
  });

  it('is out of time, or stalled, by the clock, whatever the stamps of its frames', () => {
    fc.assert(
      fc.property(arrivals, fc.integer({ min: 0, max: 1000 }), (all, moreMs) => {
        const progress = new GoalProgress(START, { ...CRITERIA, tolerance: -1 });
        let least = Infinity;
        let leastMs = 0;
        for (const arrival of all) {
          const sample = toSample(arrival, moreMs);
          const before = progress.distance;
          progress.note(sample);
          const isNoted = !Object.is(before, progress.distance);
          const nowMs = Number((sample.nowNs - START) / MS);
          if (isNoted && arrival.distance < least * 0.98) {
            least = arrival.distance;
            leastMs = nowMs;
          }
          expect(progress.state === 'unreachable').toBe(nowMs - leastMs >= 2000);
          if (progress.state !== 'underway') return;
        }
        expect(progress.look(START + BigInt(leastMs + 1999) * MS)).toBe('underway');
        expect(progress.look(START + BigInt(leastMs + 2000) * MS)).toBe('unreachable');
      }),
    );
  });

  it('goes on by the stamps of its frames while the clock is set back', () => {
    const progress = new GoalProgress(START, { ...CRITERIA, timeoutNs: 1000n * MS });
    progress.look(START + 900n * MS);
    progress.note({ stampNs: START + 800n * MS, nowNs: 0n, distance: 0.2 });
    expect(progress.elapsedNs).toBe(900n * MS);
    expect(progress.note({ stampNs: START + 1100n * MS, nowNs: 1n, distance: 0.2 })).toBe('reached');
    expect(progress.elapsedNs).toBe(900n * MS);
  });

  it('in virtual time, with frames of 100 ms ago and a look every 20 ms, is reached when the last frame needed arrives', () => {
    const progress = new GoalProgress(START, CRITERIA);
    const near = (ms: number): boolean => (ms >= 400 && ms < 600) || ms >= 700;
    let reachedMs = -1;
    for (let ms = 0; ms < 2000 && reachedMs < 0; ms += 20) {
      const nowNs = START + BigInt(ms) * MS;
      if (ms % 100 === 0)
        progress.note({ stampNs: nowNs - 100n * MS, nowNs, distance: near(ms - 100) ? 0.3 : 2 });
      if (progress.look(nowNs) === 'reached') reachedMs = ms;
    }
    expect(reachedMs).toBe(700 + 300 + 100);
  });
});
