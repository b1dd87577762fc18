import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { StampJudge } from '../../../src/timeline/stamp-judge.js';
import { ms } from '../../fixtures/robot.js';

const FUTURE_S = 0.1;
const NOW = ms(100_000);

function judged(judge: StampJudge, stampMs: number, nowMs = 100_000): string {
  return judge.judge(ms(stampMs), ms(nowMs), FUTURE_S);
}

describe('which stamps count', () => {
  it('each one that is newer than the last, up to the tolerance ahead and to ten seconds behind', () => {
    const judge = new StampJudge();
    expect(judge.lastNs).toBeNull();
    expect(judged(judge, 90_000)).toBe('accepted');
    expect(judged(judge, 99_950)).toBe('accepted');
    expect(judged(judge, 100_100)).toBe('accepted');
    expect(judge.lastNs).toBe(ms(100_100));
    expect(judge.refused).toBe(0);
    expect(judge.fault).toBeNull();
  });

  it('none twice, and none older than the last; only the latter count as refused', () => {
    const judge = new StampJudge();
    judged(judge, 99_900);
    expect(judged(judge, 99_900)).toBe('repeated');
    expect(judge.refused).toBe(0);
    expect(judged(judge, 99_899)).toBe('backwards');
    expect(judge.refused).toBe(1);
    expect(judge.fault).toBeNull();
    expect(judge.lastNs).toBe(ms(99_900));
  });

  it.each([
    ['future', 100_101, 'a stamp 0.10 s ahead of the clock'],
    ['future', 103_600_000, 'a stamp 103500.00 s ahead of the clock'],
    ['other-clock', 89_999, 'a stamp 10.00 s behind the clock, which is of another clock'],
    ['other-clock', 50_000, 'a stamp 50.00 s behind the clock, which is of another clock'],
    ['zero', 0, 'messages without a stamp (0)'],
  ])(
    'not one of another clock (%s, %i ms), which is reported until one is accepted',
    (verdict, stampMs, found) => {
      const judge = new StampJudge();
      expect(judged(judge, stampMs)).toBe(verdict);
      expect(judge.fault).toEqual({ verdict, found });
      expect(judge.lastNs).toBeNull();
      expect(judge.refused).toBe(1);
      expect(judged(judge, 99_950)).toBe('accepted');
      expect(judge.fault).toBeNull();
    },
  );

  it('a stamp of 0 while the clock itself is at its beginning', () => {
    expect(judged(new StampJudge(), 0, 0)).toBe('accepted');
    expect(judged(new StampJudge(), 0, 100)).toBe('accepted');
    expect(judged(new StampJudge(), 0, 101)).toBe('zero');
  });

  it('none up to the barrier of a reset, and older ones are distinguished from those that went back', () => {
    const judge = new StampJudge();
    judge.refuseUpTo(ms(99_500));
    expect(judged(judge, 99_500)).toBe('before-reset');
    expect(judged(judge, 99_501)).toBe('accepted');
    expect(judged(judge, 99_400)).toBe('before-reset');
    expect(judge.refused).toBe(2);
    expect(judge.fault).toBeNull();
  });

  it('a reset forgets no stamp: what counted before does not count again', () => {
    const judge = new StampJudge();
    judged(judge, 99_900);
    judge.refuseUpTo(ms(99_500));
    expect(judged(judge, 99_900)).toBe('repeated');
  });

  it('all of them again when the clock begins anew', () => {
    const judge = new StampJudge();
    judged(judge, 99_900);
    judge.refuseUpTo(NOW);
    judge.restart();
    expect(judge.lastNs).toBeNull();
    expect(judged(judge, 5, 10)).toBe('accepted');
  });

  it('never a message that was not newer, in whatever order they come', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 89_000, max: 100_500 }), { maxLength: 50 }), (stamps) => {
        const judge = new StampJudge();
        const counted = stamps.filter((stampMs) => judged(judge, stampMs) === 'accepted');
        expect(counted).toEqual([...new Set(counted)].toSorted((a, b) => a - b));
        let lastMs = -Infinity;
        const expected = stamps.filter((stampMs) => {
          const counts = stampMs > lastMs && stampMs >= 90_000 && stampMs <= 100_100;
          if (counts) lastMs = stampMs;
          return counts;
        });
        expect(counted).toEqual(expected);
      }),
    );
  });
});
