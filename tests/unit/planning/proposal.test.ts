import { describe, expect, it } from 'vitest';

import type { PlannerState } from '../../../src/core/ports.js';
import { createRng } from '../../../src/math/rng.js';
import { isBaseline, plannerNames } from '../../../src/planning/registry.js';
import {
  GOAL,
  linearAction,
  linearContext,
  linearModel,
  linearOptions,
  linearScorer,
  silence,
  START,
} from './linear-world.js';
import { makePlanner } from '../../fixtures/planners.js';

/** Half of the way in the first two actions, the other half in the next two; there the proposal ends. */
const PROPOSAL = Float32Array.of(2, 1, 2, 1, 2, 1, 2, 1);
const planners = plannerNames.filter((name) => !isBaseline(name));
const best = { keep: 'mean_best_rest', returned: 'best' } as const;

describe.each(planners)('%s', (name) => {
  it('tries what is proposed: without noise nothing else would move', async () => {
    const planner = makePlanner(name, linearModel, linearScorer(), {
      ...linearOptions,
      ...best,
      iterations: 1,
    });
    const context = { ...linearContext(START, GOAL), proposal: PROPOSAL };
    const { actions } = await planner.plan(null, context, silence);
    expect([...actions.subarray(0, PROPOSAL.length)]).toEqual([...PROPOSAL]);
    expect(actions.subarray(PROPOSAL.length).every((action) => action === 0)).toBe(true);
  });

  it('keeps it inside the bounds and behind what is committed', async () => {
    const planner = makePlanner(name, linearModel, linearScorer(), {
      ...linearOptions,
      ...best,
      iterations: 1,
    });
    const context = {
      ...linearContext(START, GOAL, [0.25, 0.25]),
      proposal: new Float32Array(100).fill(9),
    };
    const { actions } = await planner.plan(
      null,
      { ...context, goal: linearContext(START, [99, 99]).goal },
      silence,
    );
    expect([...actions.subarray(0, 2)]).toEqual([0.25, 0.25]);
    expect(actions[2]).toBe(2);
    expect(actions[3]).toBeLessThanOrEqual(1.7);
    expect(actions[3]).toBeGreaterThan(1.69);
  });

  it('starts around what costs less, the proposal or the last plan, and tries the other one', async () => {
    const planner = makePlanner(name, linearModel, linearScorer(), {
      ...linearOptions,
      ...best,
      iterations: 1,
    });
    const far = new Float32Array(PROPOSAL.length).fill(-1);
    const candidates: number[][] = [];
    const length = linearOptions.horizon * linearAction.block * linearAction.names.length;
    const firstTwo = async (
      state: PlannerState | null,
      proposal: Float32Array,
    ): Promise<readonly number[][]> => {
      candidates.length = 0;
      const onCandidates = (all: Float32Array): void => {
        for (const start of [0, length]) candidates.push([...all.subarray(start, start + PROPOSAL.length)]);
      };
      await planner.plan(state, { ...linearContext(START, GOAL), proposal, onCandidates }, silence);
      return candidates;
    };
    const last = (actions: Float32Array): PlannerState => {
      const mean = new Float32Array(length);
      mean.set(actions);
      return { mean, ageMs: 0 };
    };
    expect(await firstTwo(last(far), PROPOSAL)).toEqual([[...PROPOSAL], [...far]]);
    expect(await firstTwo(last(PROPOSAL), far)).toEqual([[...PROPOSAL], [...far]]);
    expect(await firstTwo(last(PROPOSAL), PROPOSAL)).toEqual([[...PROPOSAL], [...PROPOSAL]]);
  });

  it('plans as without one where it is not finite', async () => {
    const plan = async (proposal?: Float32Array): Promise<Float32Array> => {
      const planner = makePlanner(name, linearModel, linearScorer(), linearOptions);
      const context = { ...linearContext(START, GOAL), ...(proposal && { proposal }) };
      return (await planner.plan(null, context, createRng(3))).actions;
    };
    expect(await plan(Float32Array.of(NaN, 0))).toEqual(await plan());
  });
});
