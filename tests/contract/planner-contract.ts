import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { CandidateScorer, Planner, PlannerState } from '../../src/core/ports.js';
import type { Tensor } from '../../src/core/types.js';
import { createRng } from '../../src/math/rng.js';
import type { PlannerModel } from '../../src/planning/planner-definition.js';
import type { IterationTrace } from '../../src/planning/sampling-settings.js';
import {
  changedNoise,
  linearAction,
  linearContext,
  linearModel,
  linearOptions,
  linearScorer,
  scorerOf,
} from '../unit/planning/linear-world.js';
import { type TestSettings } from '../fixtures/planners.js';

const JOINTS = linearAction.joints.length;
const PERIODS = linearOptions.horizon * linearAction.block;
const SIZE = PERIODS * JOINTS;
/** Half the range of each joint. */
const HALF = linearAction.upper.map((upper, joint) => (upper - (linearAction.lower[joint] ?? NaN)) / 2);
/** More than the candidates that any planner keeps: those from here on are sampled. */
const FIRST_SAMPLED = 8;

/** A cost with many valleys. */
const rugged = scorerOf((actions) =>
  actions.reduce((sum, action, i) => sum + Math.sin(5 * action + i) + 0.1 * action * action, 0),
);

/** Passes candidates on and remembers them all. */
function watched(scorer: CandidateScorer): { scorer: CandidateScorer; seen: Float32Array[] } {
  const seen: Float32Array[] = [];
  return {
    seen,
    scorer: {
      score: (context, candidates) => {
        seen.push(candidates.slice());
        return scorer.score(context, candidates);
      },
    },
  };
}

/** Reverses the order of the sampled candidates in the noise of one iteration. */
function reverseSampled(normals: Float32Array): void {
  const old = normals.slice();
  const rows = normals.length / SIZE;
  for (let row = FIRST_SAMPLED; row < rows; row++) {
    const other = rows - 1 - (row - FIRST_SAMPLED);
    normals.set(old.subarray(other * SIZE, (other + 1) * SIZE), row * SIZE);
  }
}

/**
 * What every planner owes its callers, whatever its algorithm.
 *
 * @param runsAfter runs of the scorer that come after the iterations, whatever time is left
 * @param draws whether its plans depend on the seed
 */
export function describePlannerContract(
  name: string,
  create: (model: PlannerModel, scorer: CandidateScorer, options: TestSettings) => Planner,
  { title = name, runsAfter = 0, draws = true } = {},
): void {
  const planner = (options: Partial<TestSettings> = {}, scorer = linearScorer()): Planner =>
    create(linearModel, scorer, { ...linearOptions, ...options });
  const context = linearContext([0.2, -0.1], [0.9, 0.4], [1.5, -0.5]);
  const oldPlan: PlannerState = {
    mean: new Float32Array(SIZE).fill(0.3),
    elites: new Float32Array(2 * SIZE).fill(0.4),
    ageMs: 130,
  };

  describe(`planner ${title}`, () => {
    it('has the name that it is registered under', () => {
      expect(planner().name).toBe(name);
    });

    it('makes the same plan from the same state, context and seed, whatever it planned before', async () => {
      const used = planner();
      await used.plan(oldPlan, linearContext([1, 1], [-1, -1]), createRng(99));
      const first = await used.plan(oldPlan, context, createRng(5));
      expect(await planner().plan(oldPlan, context, createRng(5))).toEqual(first);
    });

    if (draws) {
      it('makes another plan from another seed', async () => {
        const one = await planner().plan(null, context, createRng(1));
        const other = await planner().plan(null, context, createRng(2));
        expect(one.actions).not.toEqual(other.actions);
      });
    }

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
                : {
                    mean: new Float32Array(SIZE).fill(old.value),
                    elites: new Float32Array(3 * SIZE).fill(-old.value),
                    ageMs: old.ageMs,
                  };
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
      const result = await planner().plan(null, context, createRng(3));
      const { actions, state, bestCost, meanCost, iterations, elitesStd, elitesStdByIteration } = result;
      expect(actions).toHaveLength(SIZE);
      expect(state.mean).toHaveLength(SIZE);
      expect(state.ageMs).toBe(0);
      for (const value of [...actions, ...state.mean, bestCost, meanCost, elitesStd])
        expect(value).toSatisfy(Number.isFinite);
      expect(bestCost).toBeLessThanOrEqual(meanCost);
      expect(iterations).toBeGreaterThanOrEqual(1);
      expect(iterations).toBeLessThanOrEqual(linearOptions.iterations);
      expect(elitesStdByIteration).toHaveLength(iterations);
      expect(elitesStdByIteration.at(-1)).toBe(elitesStd);
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
      const broken = planner({}, linearScorer('last', { ...linearModel, predictor: { predict } }));
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
      ['whole plan committed', { ...context, committed: new Float32Array(SIZE) }],
    ])('refuses a %s', async (_, spoilt) => {
      await expect(planner().plan(null, spoilt, createRng(1))).rejects.toMatchObject({
        code: 'planner.wrong-shape',
      });
    });

    it('refuses options outside their ranges, all of them at once', () => {
      expect(() => planner({ samples: 5, elites: 6, horizon: 0, minStd: 2 })).toThrow(
        /elites 6.*horizon 0.*min_std 2.*\[params.invalid\]/,
      );
    });

    it('scores and hands out nothing outside the constraints: box, ball, frozen joints, action repeat', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom('none' as const, 'l1' as const, 'l2' as const),
          fc.constantFrom(null, -1.1, 0, 0.7),
          fc.integer({ min: 1, max: 4 }),
          fc.integer({ min: 0, max: 3 }),
          fc.double({ min: 0, max: 3, noNaN: true }),
          fc.integer(),
          async (ball, elbow, actionRepeat, committedPeriods, noiseBeta, seed) => {
            const { scorer, seen } = watched(linearScorer());
            const committed = Array.from({ length: committedPeriods * JOINTS }, () => 0.25);
            const options = {
              ball,
              frozen: [null, elbow],
              actionRepeat,
              noiseBeta,
              iterations: 2,
              samples: 20,
            };
            const { actions } = await planner(options, scorer).plan(
              oldPlan,
              linearContext([0, 0], [3, -3], committed),
              createRng(seed),
            );
            const free = elbow === null ? [0, 1] : [0];
            for (const sequence of [...seen, actions]) {
              for (let start = 0; start < sequence.length; start += JOINTS) {
                const period = ((start / JOINTS) % PERIODS) - committedPeriods;
                const values = [...sequence.subarray(start, start + JOINTS)];
                if (period < 0) {
                  expect(values).toEqual([0.25, 0.25]);
                  continue;
                }
                for (const [joint, value] of values.entries()) {
                  expect(value).toBeGreaterThanOrEqual(linearAction.lower[joint] ?? NaN);
                  expect(value).toBeLessThanOrEqual(linearAction.upper[joint] ?? NaN);
                }
                if (elbow !== null) expect(values[1]).toBeCloseTo(elbow, 6);
                const offsets = free.map((joint) => Math.abs((values[joint] ?? NaN) / (HALF[joint] ?? NaN)));
                const norm =
                  ball === 'l1' ? offsets.reduce((sum, offset) => sum + offset, 0) : Math.hypot(...offsets);
                if (ball !== 'none') expect(norm).toBeLessThan(1 + 1e-6);
                if (period % actionRepeat > 0)
                  expect(values).toEqual([...sequence.subarray(start - JOINTS, start)]);
              }
            }
          },
        ),
        { numRuns: 40 },
      );
    });

    it('hands out a plan that costs no more than any mean that it tried, however rugged the cost', async () => {
      await fc.assert(
        fc.asyncProperty(fc.integer(), fc.boolean(), async (seed, isWarm) => {
          let leastMean = Infinity;
          const onIteration = ({ costs }: IterationTrace): void => {
            leastMean = Math.min(leastMean, costs[0] ?? NaN);
          };
          const state = isWarm ? oldPlan : null;
          const { actions } = await planner({ onIteration }, rugged).plan(state, context, createRng(seed));
          const [cost = NaN] = await rugged.score(context, actions);
          expect(cost).toBeLessThanOrEqual(leastMean);
        }),
        { numRuns: 50 },
      );
    });

    it('does not care about the order of the samples', async () => {
      for (const seed of [1, 2, 3]) {
        const plan = await planner().plan(oldPlan, context, createRng(seed));
        const reversed = changedNoise(createRng(seed), reverseSampled);
        expect(await planner().plan(oldPlan, context, reversed)).toEqual(plan);
      }
    });

    it('draws the same from twice the noise and half the deviation, exactly', async () => {
      const twice = changedNoise(createRng(1), (normals) => {
        for (const [i, value] of normals.entries()) normals[i] = 2 * value;
      });
      const once = { iterations: 1, initialStd: 0.5, minStd: 0 };
      const plan = await planner(once).plan(oldPlan, context, createRng(1));
      expect(await planner({ ...once, initialStd: 0.25 }).plan(oldPlan, context, twice)).toEqual(plan);
    });

    it('never takes a candidate without a finite cost for an elite', async () => {
      const cost = scorerOf((actions) => ((actions[2] ?? 0) > 0 ? NaN : -(actions[2] ?? 0)));
      let elitesSeen = 0;
      const onIteration = ({ costs, elites }: IterationTrace): void => {
        for (const elite of elites) expect(costs[elite]).toSatisfy(Number.isFinite);
        elitesSeen += elites.length;
      };
      const options = { elites: linearOptions.samples, onIteration };
      const { iterations } = await planner(options, cost).plan(
        null,
        linearContext([0, 0], [1, 1]),
        createRng(1),
      );
      expect(elitesSeen).toBeLessThan(iterations * linearOptions.samples);
    });

    it('ends inside its time budget, but never before the first iteration', async () => {
      let nowMs = 0;
      const slow: CandidateScorer = {
        score: (given, candidates) => {
          nowMs += 10;
          return rugged.score(given, candidates);
        },
      };
      for (const budgetMs of [1, 10, 25, 35]) {
        const startMs = nowMs;
        const timeBudget = { ms: budgetMs, nowMs: () => nowMs };
        const { iterations } = await planner({ timeBudget }, slow).plan(null, context, createRng(1));
        expect(iterations).toBeGreaterThanOrEqual(1);
        expect(nowMs - startMs).toBeLessThanOrEqual(Math.max(10, budgetMs) + 10 * runsAfter);
      }
    });
  });
}
