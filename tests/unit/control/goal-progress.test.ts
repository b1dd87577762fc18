import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { GoalProgress, type GoalCriteria } from '../../../src/control/goal-progress.js';

const MS = 1_000_000n;
const CRITERIA: GoalCriteria = {
  tolerance: 0.5,
  settleNs: 300n * MS,
  timeoutNs: 10_000n * MS,
  stallNs: 2_000n * MS,
};
const START = 5_000n * MS;

/** A goal whose distance is looked at every 100 ms. */
function follow(distances: readonly number[], criteria: Partial<GoalCriteria> = {}): GoalProgress {
  const progress = new GoalProgress(START, { ...CRITERIA, ...criteria });
  distances.forEach((distance, index) => progress.note(START + BigInt(index) * 100n * MS, distance));
  return progress;
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
    progress.note(START + 700n * MS, 0.2);
    expect(progress.note(START + 1000n * MS, 0.2)).toBe('reached');
  });

  it('hears nothing in a distance that is no number', () => {
    expect(follow([NaN, Infinity, 0.2, NaN, 0.2, 0.2]).state).toBe('reached');
    expect(follow([NaN]).distance).toBeNaN();
  });

  it('stays what it has become, whatever comes after', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 5 }), { minLength: 1 }), (distances) => {
        const progress = new GoalProgress(START, CRITERIA);
        let final: string | null = null;
        distances.forEach((distance, index) => {
          const state = progress.note(START + BigInt(index) * 200n * MS, distance);
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
});
