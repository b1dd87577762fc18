import { describe, expect, it } from 'vitest';

import { checkPlanning } from '../../../src/planning/check-planning.js';
import { defaultValues, makePlanner } from '../../fixtures/planners.js';
import { planningFacts } from '../../fixtures/planning-facts.js';
import {
  GOAL,
  linearContext,
  linearModel,
  linearOptions,
  linearScorer,
  silence,
  START,
} from './linear-world.js';

const planner = makePlanner('inverse_dynamics', linearModel, linearScorer(), linearOptions);
const context = linearContext(START, GOAL, [0.25, 0.25]);

describe('the planner inverse_dynamics', () => {
  it('follows what is proposed inside the bounds and behind what is committed, then rests', async () => {
    const proposal = Float32Array.of(1, 1, -0.5, 0.5, 9, -9);
    const { actions, bestCost } = await planner.plan(null, { ...context, proposal }, silence);
    const { lower, upper } = linearModel.action;
    const expected = [0.25, 0.25, -0.5, 0.5, upper[0] ?? NaN, lower[1] ?? NaN];
    for (const [i, value] of expected.entries()) expect(actions[i]).toBeCloseTo(value, 6);
    expect(actions.subarray(expected.length).every((action) => action === 0)).toBe(true);
    const [cost] = await linearScorer().score(context, actions);
    expect(bestCost).toBe(cost);
  });

  it('follows the proposal, not what was planned before', async () => {
    const proposed = { ...context, proposal: Float32Array.of(0, 0, 1, 1) };
    const before = { mean: new Float32Array(20).fill(0.3), ageMs: 100 };
    const { actions } = await planner.plan(before, proposed, silence);
    expect(actions).toEqual((await planner.plan(null, proposed, silence)).actions);
  });

  it('refuses a context without a proposal, and a proposal that is not finite', async () => {
    await expect(planner.plan(null, context, silence)).rejects.toMatchObject({ code: 'model.unsupported' });
    const spoilt = { ...context, proposal: Float32Array.of(0, NaN) };
    await expect(planner.plan(null, spoilt, silence)).rejects.toMatchObject({ code: 'planner.not-finite' });
  });

  it('is refused for a model that proposes nothing, before a plan is made', () => {
    const values = { ...defaultValues, planner: 'inverse_dynamics' } as const;
    const check = (hasInverseDynamics: boolean) => () => {
      checkPlanning(values, { ...planningFacts, hasInverseDynamics });
    };
    expect(check(false)).toThrow(/planner inverse_dynamics.*without inverse dynamics.*Set planner to cem/);
    expect(check(true)).not.toThrow();
  });
});
