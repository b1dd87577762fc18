import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { PlanContext, Planner, PlannerResult, PlannerState } from '../../../src/core/ports.js';
import { createRng } from '../../../src/math/rng.js';
import { makePlanner, makeProposalPlanner } from '../../fixtures/planners.js';
import { linearContext, linearModel, linearOptions, linearScorer, scorerOf } from './linear-world.js';

const SIZE = linearOptions.horizon * linearModel.action.block * 2;
const COMMITTED = [0.5, -0.25];
const PROPOSED = [9, 9, 0.25, -0.5];
const context: PlanContext = {
  ...linearContext([0.2, -0.1], [0.9, 0.4], COMMITTED),
  proposal: Float32Array.from(PROPOSED),
};

/** A planner that always hands out the same, after having rested. */
function fixedPlanner(): Planner {
  const actions = new Float32Array(SIZE).fill(1);
  actions.set(COMMITTED);
  const state: PlannerState = { mean: actions, ageMs: 0, rest: { rested: true, used: 0.5, stretch: 2 } };
  const figures = {
    meanCost: 4,
    iterations: 2,
    elitesStd: 0.1,
    elitesStdByIteration: [0.1],
    costVariation: 0.2,
  };
  return { name: 'fixed', plan: () => Promise.resolve({ state, actions, bestCost: 3, ...figures }) };
}

/** The plan and the proposal cost this much. */
function plan(
  [planCost, proposalCost]: readonly [number, number],
  given: PlanContext = context,
): Promise<PlannerResult> {
  const scorer = scorerOf((actions) => (actions[2] === 1 ? planCost : proposalCost));
  const planner = makeProposalPlanner(fixedPlanner(), linearModel, scorer, linearOptions, 1);
  return planner.plan(null, given, createRng(1));
}

const isPlan = ({ actions }: PlannerResult): boolean => actions[2] === 1;

describe('a planner that departs from proposals only where it pays', () => {
  it('has the name of the planner that it wraps', () => {
    const planner = makeProposalPlanner(fixedPlanner(), linearModel, linearScorer(), linearOptions, 1);
    expect(planner.name).toBe('fixed');
  });

  it('follows a plan that costs less than the proposal by more than the margin', async () => {
    expect(isPlan(await plan([2, 3.25]))).toBe(true);
    expect(isPlan(await plan([2, 3]))).toBe(false);
    expect(isPlan(await plan([2, 1]))).toBe(false);
  });

  it('follows the proposal otherwise, behind what is committed, and starts the next plan from it', async () => {
    const { actions, state, bestCost } = await plan([2, 2.5]);
    expect([...actions.subarray(0, 6)]).toEqual([...COMMITTED, 0.25, -0.5, 0, 0]);
    expect(state.mean).toEqual(actions);
    expect(state.mean).not.toBe(actions);
    expect(bestCost).toBe(2.5);
  });

  it('does not rest then, whatever the plan does, and keeps its patience', async () => {
    expect((await plan([2, 2.5])).state.rest).toEqual({ rested: false, used: 0.5, stretch: 2 });
    expect((await plan([2, 3.5])).state.rest?.rested).toBe(true);
  });

  it('follows the plan where nothing is proposed, or nothing that is finite or has a finite cost', async () => {
    expect(isPlan(await plan([2, 2], linearContext([0.2, -0.1], [0.9, 0.4], COMMITTED)))).toBe(true);
    expect(isPlan(await plan([2, 2], { ...context, proposal: Float32Array.of(NaN, 0) }))).toBe(true);
    expect(isPlan(await plan([2, NaN]))).toBe(true);
  });

  it('follows the proposal where the plan has no finite cost', async () => {
    expect(isPlan(await plan([NaN, 2]))).toBe(false);
  });

  it('costs less than the proposal by the margin, or is the proposal', async () => {
    const scorer = linearScorer('all');
    const coordinate = fc.double({ min: -1, max: 1, noNaN: true });
    await fc.assert(
      fc.asyncProperty(
        fc.tuple(coordinate, coordinate),
        fc.array(fc.float({ min: -3, max: 3, noNaN: true }), { maxLength: 2 * SIZE }),
        fc.double({ min: 0.001, max: 0.5, noNaN: true }),
        async (goal, proposed, margin) => {
          const here = { ...linearContext([0, 0], goal), proposal: Float32Array.from(proposed) };
          const inner = makePlanner('cem', linearModel, scorer, linearOptions);
          const alone = makePlanner('inverse_dynamics', linearModel, scorer, linearOptions);
          const planner = makeProposalPlanner(inner, linearModel, scorer, linearOptions, margin);
          const { actions } = await planner.plan(null, here, createRng(4));
          const { actions: followed } = await alone.plan(null, here, createRng(4));
          const [cost = NaN] = await scorer.score(here, actions);
          const [proposalCost = NaN] = await scorer.score(here, followed);
          const isProposal = actions.every((action, i) => action === followed[i]);
          expect(isProposal || cost < proposalCost - margin + 1e-6).toBe(true);
        },
      ),
      { numRuns: 40 },
    );
  });
});
