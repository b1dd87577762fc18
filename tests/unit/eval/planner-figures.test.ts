import { describe, expect, it } from 'vitest';
import { PlannerFigures } from '../../../eval/episodes/planner-figures.js';

function statistics(planMs: string): Map<string, string> {
  return new Map([
    ['plan_rate_hz', '30'],
    ['plan_ms', planMs],
    ['frame_to_command_ms', '50'],
    ['thread_gap_p99_ms', planMs],
    ['thread_gap_max_ms', planMs],
    ['device', 'cpu'],
  ]);
}

describe('PlannerFigures', () => {
  it('summarises the statistics of the planner', () => {
    const figures = new PlannerFigures();
    for (const planMs of ['10', '20', '30']) figures.add(statistics(planMs));
    expect(figures.latest('plan_ms')).toBe(30);
    expect(figures.summary()).toEqual({
      planRateHz: { median: 30, p5: 30 },
      planMs: { p50: 20, p95: 29 },
      frameToCommandMs: { p50: 50, p95: 50 },
      rosThreadGapMs: { p99: 30, max: 30 },
      device: 'cpu',
    });
  });

  it('takes the newest percentile of the gaps, which covers the whole run, and the longest of all', () => {
    const figures = new PlannerFigures();
    for (const gapMs of ['30', '20']) figures.add(statistics(gapMs));
    expect(figures.summary().rosThreadGapMs).toEqual({ p99: 20, max: 30 });
  });

  it.each(['', 'nan', 'Infinity', '-1', '0.00'])('ignores the value %j', (text) => {
    const figures = new PlannerFigures();
    figures.add(statistics('10'));
    figures.add(statistics(text));
    expect(figures.summary().planMs).toEqual({ p50: 10, p95: 10 });
  });

  it('names a figure that never arrived', () => {
    const figures = new PlannerFigures();
    figures.add(new Map([['plan_rate_hz', '30']]));
    expect(() => figures.summary()).toThrow(/plan_ms/);
  });
});
