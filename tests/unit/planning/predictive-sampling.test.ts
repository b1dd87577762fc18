import { describe, expect, it } from 'vitest';

import type { Planner } from '../../../src/core/ports.js';
import { createRng } from '../../../src/math/rng.js';
import {
  distanceBetween,
  GOAL,
  linearContext,
  linearModel,
  linearOptions,
  linearScorer,
  move,
  START,
  silence,
} from './linear-world.js';
import { type TestSettings, makePlanner } from '../../fixtures/planners.js';

const context = linearContext(START, GOAL);

function planner(options: Partial<TestSettings> = {}): Planner {
  return makePlanner('predictive_sampling', linearModel, linearScorer(), { ...linearOptions, ...options });
}

describe('PredictiveSamplingPlanner', () => {
  it('gets nearer with every plan that starts from the last', async () => {
    let state = null;
    let cost = Infinity;
    for (let index = 0; index < 20; index++) {
      const result = await planner({ iterations: 1, initialStd: 0.3 }).plan(state, context, createRng(index));
      expect(result.bestCost).toBeLessThanOrEqual(cost + 1e-6);
      cost = result.bestCost;
      state = result.state;
      expect(result.actions).toEqual(result.state.mean);
    }
    expect(cost).toBeLessThan(0.05 ** 2);
  });

  it('stays with the plan that it has when nothing better is sampled', async () => {
    const good = await planner({ iterations: 10 }).plan(null, context, createRng(1));
    const again = await planner().plan(good.state, context, silence);
    expect(again.actions).toEqual(good.actions);
  });

  it('samples around the best of the iteration before', async () => {
    const missed = async (iterations: number): Promise<number> => {
      const { actions } = await planner({ iterations, initialStd: 0.3 }).plan(null, context, createRng(1));
      return distanceBetween(move(START, actions), GOAL);
    };
    expect((await missed(8)) * 2).toBeLessThan(await missed(1));
  });

  it('has one elite, whatever the options say', async () => {
    const found: number[] = [];
    const { elitesStd } = await planner({
      elites: 50,
      momentum: 0.9,
      returned: 'mean',
      onIteration: ({ elites }) => found.push(elites.length),
    }).plan(null, context, createRng(1));
    expect(found).toEqual([1, 1, 1, 1, 1]);
    expect(elitesStd).toBe(0);
  });
});
