import { describe, expect, it } from 'vitest';

import { replayedClock, StopRule } from '../../../src/planning/stop-rule.js';

/** Iterations run when each takes so many ms, in turn. */
function iterationsRun(
  durationsMs: readonly number[],
  budgetMs: number | null,
  plans = 1,
): { iterations: number; hasTime: boolean } {
  let nowMs = 500;
  const budget = budgetMs === null ? {} : { timeBudget: { ms: budgetMs, nowMs: () => nowMs } };
  const rule = new StopRule({ iterations: durationsMs.length, earlyStopStd: 0, ...budget });
  for (let plan = 0; plan < plans; plan++) {
    rule.start();
    do {
      nowMs += durationsMs[rule.iterations] ?? NaN;
      rule.noteIteration();
    } while (rule.goesOn(1));
  }
  return { iterations: rule.iterations, hasTime: rule.hasTime() };
}

describe('StopRule', () => {
  it('runs all iterations without a budget, or with one that they fit in exactly', () => {
    expect(iterationsRun([10, 10, 10], null)).toEqual({ iterations: 3, hasTime: true });
    expect(iterationsRun([10, 10, 10], 30)).toEqual({ iterations: 3, hasTime: false });
  });

  it('stops before an iteration as long as the longest would overrun', () => {
    expect(iterationsRun([10, 10, 10, 10], 39).iterations).toBe(3);
    expect(iterationsRun([20, 5, 5, 5], 40).iterations).toBe(1 + 1);
    expect(iterationsRun([5, 20, 5, 5], 40).iterations).toBe(2);
  });

  it('runs the first iteration even if it is too long already', () => {
    expect(iterationsRun([100, 100], 1)).toEqual({ iterations: 1, hasTime: false });
  });

  it('starts afresh with each plan', () => {
    expect(iterationsRun([10, 10, 10, 10], 39, 3).iterations).toBe(3);
  });

  it('stops by the clock of a replay where it stopped before', () => {
    for (const [durations, budgetMs] of [
      [[10, 10, 10, 10], 39],
      [[10, 10, 10], 30],
      [[10, 10, 10], 100],
      [[100, 100], 1],
    ] as const) {
      const { iterations, hasTime } = iterationsRun(durations, budgetMs);
      const nowMs = replayedClock({ iterations, timeIsUp: !hasTime });
      const timeBudget = { ms: budgetMs, nowMs };
      const rule = new StopRule({ iterations: durations.length, earlyStopStd: 0, timeBudget });
      rule.start();
      do rule.noteIteration();
      while (rule.goesOn(1));
      expect([rule.iterations, rule.hasTime()]).toEqual([iterations, hasTime]);
    }
  });

  it('stops when the elites agree to within the threshold', () => {
    const rule = new StopRule({ iterations: 9, earlyStopStd: 0.1 });
    rule.start();
    rule.noteIteration();
    expect(rule.goesOn(0.1)).toBe(true);
    expect(rule.goesOn(0.0999)).toBe(false);
  });
});
