import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Objective, Planner, PlannerState } from '../../src/core/ports.js';
import type { Tensor } from '../../src/core/types.js';
import { createRng } from '../../src/math/rng.js';
import { SquaredLatentDistance } from '../../src/planning/objectives.js';
import type { PlannerModel } from '../../src/planning/planner-model.js';
import type { PlannerOptions } from '../../src/planning/planner-options.js';
import { linearAction, linearContext, linearModel, linearOptions } from '../unit/planning/linear-world.js';

const JOINTS = linearAction.joints.length;
const PERIODS = linearOptions.horizon * linearAction.block;

/** What every planner owes its callers, whatever its algorithm. */
export function describePlannerContract(
  name: string,
  create: (model: PlannerModel, objective: Objective, options: PlannerOptions) => Planner,
): void {
  const planner = (model = linearModel, options = linearOptions): Planner =>
    create(model, new SquaredLatentDistance(), options);
  const context = linearContext([0.2, -0.1], [0.9, 0.4], [1.5, -0.5]);
  const oldPlan: PlannerState = { mean: new Float32Array(PERIODS * JOINTS).fill(0.3), ageMs: 130 };

  describe(`planner ${name}`, () => {
    it('has the name that it is registered under', () => {
      expect(planner().name).toBe(name);
    });

    it('makes the same plan from the same state, context and seed, whatever it planned before', async () => {
      const used = planner();
      await used.plan(oldPlan, linearContext([1, 1], [-1, -1]), createRng(99));
      const first = await used.plan(oldPlan, context, createRng(5));
      expect(await planner().plan(oldPlan, context, createRng(5))).toEqual(first);
    });

    it('makes another plan from another seed', async () => {
      const one = await planner().plan(null, context, createRng(1));
      const other = await planner().plan(null, context, createRng(2));
      expect(one.actions).not.toEqual(other.actions);
    });

    it('keeps the committed actions and stays inside the bounds, with and without a warm start', async () => {
      const within = (joint: number): fc.Arbitrary<number> =>
        fc.double({ min: linearAction.lower[joint] ?? 0, max: linearAction.upper[joint] ?? 0, noNaN: true });
      const row = fc.tuple(within(0), within(1));
      await fc.assert(
        fc.asyncProperty(
          fc.array(row, { maxLength: PERIODS - 1 }),
          fc.option(
            fc.record({ value: fc.float({ noNaN: true }), ageMs: fc.double({ min: -200, max: 2000 }) }),
          ),
          fc.integer(),
          async (rows, old, seed) => {
            const committed = rows.flat();
            const state =
              old === null
                ? null
                : { mean: new Float32Array(PERIODS * JOINTS).fill(old.value), ageMs: old.ageMs };
            const { actions } = await planner().plan(
              state,
              linearContext([0, 0], [3, -3], committed),
              createRng(seed),
            );
            expect(actions.subarray(0, committed.length)).toEqual(Float32Array.from(committed));
            for (const [i, value] of actions.subarray(committed.length).entries()) {
              expect(value).toBeGreaterThanOrEqual(linearAction.lower[i % JOINTS] ?? NaN);
              expect(value).toBeLessThanOrEqual(linearAction.upper[i % JOINTS] ?? NaN);
            }
          },
        ),
        { numRuns: 60 },
      );
    });

    it('keeps committed actions even where they break the bounds: they are being sent already', async () => {
      const { actions } = await planner().plan(null, linearContext([0, 0], [1, 1], [5, -5]), createRng(1));
      expect([...actions.subarray(0, JOINTS)]).toEqual([5, -5]);
    });

    it('returns horizon * block actions, a state of the same size for now, and finite costs', async () => {
      const { actions, state, bestCost, meanCost } = await planner().plan(null, context, createRng(3));
      expect(actions).toHaveLength(PERIODS * JOINTS);
      expect(state.mean).toHaveLength(PERIODS * JOINTS);
      expect(state.ageMs).toBe(0);
      expect([...actions, ...state.mean, bestCost, meanCost].every((value) => Number.isFinite(value))).toBe(
        true,
      );
      expect(bestCost).toBeLessThanOrEqual(meanCost);
    });

    it('leaves its inputs as they were', async () => {
      const before = structuredClone({ context, oldPlan });
      await planner().plan(oldPlan, context, createRng(4));
      expect({ context, oldPlan }).toEqual(before);
    });

    it('hands out results that later plans do not overwrite', async () => {
      const one = planner();
      const result = await one.plan(null, context, createRng(6));
      const copy = structuredClone(result);
      await one.plan(result.state, linearContext([0, 0], [-2, 2]), createRng(7));
      expect(result).toEqual(copy);
    });

    it('refuses a model whose predictions are all NaN', async () => {
      const predict = (history: Tensor): Promise<Tensor> => {
        const batch = history.shape[0] ?? 0;
        return Promise.resolve({
          data: new Float32Array(batch * JOINTS).fill(NaN),
          shape: [batch, 1, JOINTS],
        });
      };
      const broken = planner({ ...linearModel, predictor: { predict } });
      await expect(broken.plan(null, context, createRng(1))).rejects.toMatchObject({
        code: 'planner.not-finite',
      });
    });

    it.each([
      ['history', { ...context, history: { ...context.history, data: new Float32Array(4).fill(NaN) } }],
      ['goal', { ...context, goal: { ...context.goal, data: Float32Array.of(1, Infinity) } }],
      ['committed actions', { ...context, committed: Float32Array.of(NaN, 0) }],
    ])('refuses a %s that is not finite', async (_, spoilt) => {
      await expect(planner().plan(null, spoilt, createRng(1))).rejects.toMatchObject({
        code: 'planner.not-finite',
      });
    });

    it.each([
      [
        'history of another window',
        { ...context, history: { data: new Float32Array(2), shape: [1, 1, 1, 2] } },
      ],
      ['goal of another size', { ...context, goal: { data: new Float32Array(3), shape: [1, 1, 3] } }],
      ['half a committed action', { ...context, committed: new Float32Array(3) }],
      ['whole plan committed', { ...context, committed: new Float32Array(PERIODS * JOINTS) }],
    ])('refuses a %s', async (_, spoilt) => {
      await expect(planner().plan(null, spoilt, createRng(1))).rejects.toMatchObject({
        code: 'planner.wrong-shape',
      });
    });

    it('refuses options outside their ranges, all of them at once', () => {
      const options: PlannerOptions = { ...linearOptions, samples: 5, elites: 6, horizon: 0, minStd: 2 };
      expect(() => planner(linearModel, options)).toThrow(
        /elites 6.*horizon 0.*minStd 2.*\[params.invalid\]/,
      );
    });
  });
}
