import { describe, expect, it } from 'vitest';

import type { Planner } from '../../../src/core/ports.js';
import { createRng, deriveSeed } from '../../../src/math/rng.js';
import {
  distanceBetween,
  GOAL,
  linearContext,
  linearModel,
  linearOptions,
  linearScorer,
  move,
  START,
} from './linear-world.js';
import { type TestSettings, makePlanner } from '../../fixtures/planners.js';

const context = linearContext(START, GOAL);

function mppi(options: Partial<TestSettings> = {}, scorer = linearScorer()): Planner {
  return makePlanner('mppi', linearModel, scorer, { ...linearOptions, 'mppi.temperature': 0.02, ...options });
}

describe('MppiPlanner', () => {
  it('ends within 0.1 rad of a reachable goal 1.1 rad away, for every seed', async () => {
    for (let seed = 0; seed < 20; seed++) {
      const { actions } = await mppi().plan(null, context, createRng(seed));
      expect(distanceBetween(move(START, actions), GOAL)).toBeLessThan(0.1);
    }
  });

  it('reaches and holds the goal when it plans again every period', async () => {
    const planner = mppi({ samples: 64, iterations: 2, elites: 64 }, linearScorer('all'));
    let pose = START;
    let state = null;
    for (let index = 0; index < 25; index++) {
      const result = await planner.plan(state, linearContext(pose, GOAL), createRng(deriveSeed(1, index)));
      pose = move(pose, result.actions.subarray(0, 2));
      state = { ...result.state, ageMs: 100 };
      if (index >= 20) expect(distanceBetween(pose, GOAL)).toBeLessThan(0.15);
    }
  });

  it('follows the best candidate when cold, and the mean of all elites when hot', async () => {
    const options: Partial<TestSettings> = { iterations: 1, returned: 'mean', elites: 20 };
    const best = await mppi({ ...options, returned: 'best' }).plan(null, context, createRng(1));
    const cold = await mppi({ ...options, 'mppi.temperature': 1e-6 }).plan(null, context, createRng(1));
    expect(cold.actions).toEqual(best.actions);

    let elitesMean: number[] = [];
    const hot = await mppi({
      ...options,
      'mppi.temperature': 1e6,
      onIteration: ({ candidates, elites, mean }) => {
        elitesMean = [...mean].map((_, i) => {
          const values = [...elites].map((n) => candidates[n * mean.length + i] ?? NaN);
          return values.reduce((sum, value) => sum + value, 0) / values.length;
        });
      },
    }).plan(null, context, createRng(1));
    for (const [i, action] of hot.actions.entries()) expect(action).toBeCloseTo(elitesMean[i] ?? NaN, 4);
  });

  it('samples as widely in the last iteration as in the first, and never stops early', async () => {
    const deviations: number[] = [];
    const { iterations } = await mppi({
      initialStd: [0.5, 0.25],
      earlyStopStd: 10,
      onIteration: ({ std }) => deviations.push(std[0] ?? NaN, std[1] ?? NaN),
    }).plan(null, context, createRng(1));
    expect(iterations).toBe(linearOptions.iterations);
    for (const [i, deviation] of deviations.entries())
      expect(deviation).toBeCloseTo(i % 2 === 0 ? 0.5 * 2 : 0.25 * 1.4, 6);
  });
});
