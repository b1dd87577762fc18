import { describe, expect, it } from 'vitest';
import { guideWindow, RecentPlans } from '../../../../src/dashboard/ui/state/guide-window.js';
import { figuresOf, spreadByIteration, columnOf } from '../../../../src/dashboard/ui/state/figures.js';

describe('recent plans', () => {
  it('are those of the last seconds', () => {
    const plans = new RecentPlans();
    for (let second = 0; second <= 30; second++) plans.push(second, { plan_index: second });
    expect(plans.since(28)).toEqual([{ plan_index: 28 }, { plan_index: 29 }, { plan_index: 30 }]);
    expect(plans.since(0)).toHaveLength(10);
  });

  it('have their figures as the guide reads them: lists separated by spaces, unknown ones empty', () => {
    const plans = new RecentPlans();
    plans.push(1, { elites_std_by_iteration: [0.9, 0.5], goal_distance: null, device: 'cpu' });
    expect(plans.since(0)).toEqual([
      { elites_std_by_iteration: '0.9 0.5', goal_distance: '', device: 'cpu' },
    ]);
  });
});

describe('what the guide reads', () => {
  it('has parts, parameters and their ranges by name, without values that are not known yet', () => {
    const part = {
      part: 'planner',
      level: 'warn',
      message: '9 % late',
      values: { late_plans: '9' },
    } as const;
    expect(
      guideWindow(
        [],
        [part],
        [
          { name: 'planner', value: 'cem', range: null },
          { name: 'rest.margin', value: undefined, range: [-1, 10] },
        ],
      ),
    ).toEqual({
      plans: [],
      parts: { planner: { level: 'warn', message: '9 % late', values: { late_plans: '9' } } },
      parameters: { planner: 'cem' },
      ranges: { 'rest.margin': [-1, 10] },
    });
  });
});

describe('figures of a plan', () => {
  it('stand in the columns of the history, NaN where they are missing', () => {
    const row = figuresOf({ plan_ms: 40, goal_distance: null, device: 'cpu' });
    expect(row[columnOf('plan_ms')]).toBe(40);
    expect(row[columnOf('goal_distance')]).toBeNaN();
    expect(row[columnOf('encode_ms')]).toBeNaN();
  });

  it('have the spread of each iteration, also of one alone', () => {
    expect(spreadByIteration({ elites_std_by_iteration: [0.9, 0.4] })).toEqual([0.9, 0.4]);
    expect(spreadByIteration({ elites_std_by_iteration: 0.9 })).toEqual([0.9]);
    expect(spreadByIteration(null)).toEqual([]);
  });
});
