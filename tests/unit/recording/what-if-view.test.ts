import { describe, expect, it } from 'vitest';

import {
  momentText,
  overviewCharts,
  planCharts,
  summarySentences,
  type Moment,
  type PlanView,
  type WhatIf,
} from '../../../src/recording/what-if-view.js';

const PLAN: PlanView = {
  ...{ cost: 1.25, goalDistance: 2, searchMs: 3.14, iterations: 4, rests: false, error: null },
  actions: [[0.1], [0.2]],
  motion: [[0], [0.01], [0.03]],
  terms: { distance: 1, action: 0.25, total: 1.25 },
};
const MOMENT: Moment = {
  ...{ timeS: 1.5, planIndex: 3, stampNs: '12', committed: 1 },
  recorded: PLAN,
  again: { ...PLAN, cost: null, actions: [[0.3]], motion: [[0], [0.03]], terms: null },
};
const REPORT: WhatIf = {
  ...{ recording: 'run.mcap', model: 'tiny', device: 'cpu', cameras: ['image'], actions: ['elbow'] },
  ...{ joints: [{ name: 'elbow', unit: 'rad' }], periodMs: 100, isWhatIf: true, changed: {} },
  ...{ compared: 1, identical: 0, notes: ['The file is cut off.'], moments: [MOMENT] },
  firstDifference: {
    ...{ planIndex: 3, stampNs: '12', what: 'action of step 0, elbow' },
    ...{ recorded: '0.1', replayed: '0.3' },
  },
};

describe('what is drawn of a replay', () => {
  it('is the motion of each joint, with gaps where a plan is shorter', () => {
    expect(planCharts(REPORT, MOMENT)).toEqual([
      {
        title: 'Planned motion, elbow',
        unit: 'rad',
        xs: [0, 0.1, 0.2],
        lines: { recorded: [0, 0.01, 0.03], again: [0, 0.03, null] },
      },
    ]);
  });

  it('is each number of the actions where the motion does not follow from them', () => {
    const still = { ...PLAN, motion: [] };
    const [chart] = planCharts(REPORT, { ...MOMENT, recorded: still, again: still });
    expect(chart).toMatchObject({ title: 'Planned action, elbow', lines: { recorded: [0.1, 0.2] } });
  });

  it('is the cost, the distance and the first action that was still free, over the recording', () => {
    const charts = overviewCharts(REPORT);
    expect(charts.map(({ title, lines }) => [title, lines.recorded, lines.again])).toEqual([
      ['Cost of the best candidate', [1.25], [null]],
      ['Distance to the goal', [2], [2]],
      ['First action, elbow', [0.2], [null]],
    ]);
  });

  it('is said in words: the plans, the terms of both, and what was not recorded', () => {
    expect(momentText(MOMENT)).toEqual({
      title: '1.50 s, plan 3',
      plans: {
        recorded: 'cost 1.2500, 4 iterations in 3.1 ms',
        again: 'cost none, 4 iterations in 3.1 ms',
      },
      terms: [
        { title: 'distance', recorded: '1.0000', again: 'not recorded' },
        { title: 'effort', recorded: '0.2500', again: 'not recorded' },
        { title: 'total', recorded: '1.2500', again: 'not recorded' },
      ],
    });
  });

  it('says how many plans are the same, the first difference, and what was left out', () => {
    expect(summarySentences(REPORT)).toEqual([
      'Plans of the model tiny made again on cpu: 1. Identical to the recorded ones, bit by bit: 0.',
      'First difference: plan 3, from the frame stamped 12 ns, action of step 0, elbow: recorded 0.1, replayed 0.3.',
      'None of these parameters changes a plan: they have the recorded values, or do not belong to planning.',
      'The file is cut off.',
    ]);
  });
});
