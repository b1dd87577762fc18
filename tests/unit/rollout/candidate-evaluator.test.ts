import { describe, expect, it } from 'vitest';

import type { ObjectiveSpec, ObjectiveWeights } from '../../../src/core/objective-spec.js';
import type { Objective, PlanContext } from '../../../src/core/ports.js';
import { CandidateEvaluator } from '../../../src/rollout/candidate-evaluator.js';
import { parseExpression } from '../../../src/planning/expression/parse-expression.js';
import { linearContext, linearModel, move } from '../planning/linear-world.js';

const HORIZON = 3;
const START = [0.2, -0.1];
const GOAL = [1, 0.5];
const SIZE = HORIZON * 4;
const CANDIDATES = Float32Array.from({ length: 3 * SIZE }, (_, i) => Math.sin(i * i));
const NOTHING: ObjectiveWeights = { action: 0, smoothness: 0, limit: 0, limitMargin: 0, limitMarginM: 0 };
const context: PlanContext = {
  ...linearContext(START, GOAL),
  joints: {
    position: Float64Array.from(START),
    lower: Float64Array.of(-1, -1),
    upper: Float64Array.of(0.3, Infinity),
  },
};

interface Changes extends Partial<Omit<ObjectiveSpec, 'expression'>> {
  readonly text?: string;
}

function evaluator(
  { text, ...spec }: Changes,
  temporalDistance: Objective | null = null,
): CandidateEvaluator {
  const scope = { joints: 2, hasTemporalDistance: true, foreseesState: true };
  const expression = text === undefined ? null : parseExpression(text, scope);
  return new CandidateEvaluator(
    linearModel,
    temporalDistance,
    { metric: 'squared_latent_distance', steps: 'last', weights: NOTHING, ...spec, expression },
    HORIZON,
  );
}

async function costs(changes: Changes, candidates = CANDIDATES): Promise<number[]> {
  return [...(await evaluator(changes).score(context, candidates))];
}

/** Pose of a candidate after so many steps. The latents of the linear world are poses. */
function pose(candidate: number, step: number): number[] {
  return move(START, CANDIDATES.subarray(candidate * SIZE, candidate * SIZE + step * 4));
}

/** Squared distance from the goal of a candidate after so many steps. */
function missed(candidate: number, step: number): number {
  return pose(candidate, step).reduce((sum, value, joint) => sum + (value - (GOAL[joint] ?? NaN)) ** 2, 0);
}

function expectClose(actual: readonly number[], expected: (candidate: number) => number): void {
  for (const [candidate, cost] of actual.entries()) expect(cost).toBeCloseTo(expected(candidate), 5);
}

describe('CandidateEvaluator', () => {
  it('scores the latents of the last step, of all, or more and more', async () => {
    expectClose(await costs({ steps: 'last' }), (n) => missed(n, 3));
    expectClose(await costs({ steps: 'all' }), (n) => (missed(n, 1) + missed(n, 2) + missed(n, 3)) / 3);
    expectClose(
      await costs({ steps: 'weighted' }),
      (n) => (missed(n, 1) + 2 * missed(n, 2) + 4 * missed(n, 3)) / 7,
    );
  });

  it('asks for the distance of no step that does not count', async () => {
    let asked = 0;
    const counting: Objective = {
      name: 'counting',
      distance: (latents) => {
        asked++;
        return Promise.resolve(new Float32Array(latents.shape[0] ?? 0));
      },
    };
    await evaluator({ metric: 'temporal_distance', steps: 'last' }, counting).score(context, CANDIDATES);
    expect(asked).toBe(1);
  });

  it('puts an expression in the place of the distance', async () => {
    expectClose(await costs({ text: '2 * latent_distance + 10 * t' }), (n) => 2 * missed(n, 3) + 30);
    expectClose(
      await costs({ text: 'latent_distance / t', steps: 'all' }),
      (n) => (missed(n, 1) + missed(n, 2) / 2 + missed(n, 3) / 3) / 3,
    );
  });

  it('foresees the joints that an expression names: where the linear world really goes', async () => {
    expectClose(
      await costs({ text: 'q[1] - 3 * state[t - 1, 2]' }),
      (n) => (pose(n, 3)[0] ?? NaN) - 3 * (pose(n, 2)[1] ?? NaN),
    );
  });

  it('adds what the motion costs', async () => {
    const free = await costs({});
    const charged = await costs({
      weights: { action: 1, smoothness: 1, limit: 1, limitMargin: 0.05, limitMarginM: 0.05 },
    });
    for (const [n, cost] of charged.entries()) expect(cost).toBeGreaterThan(free[n] ?? NaN);
  });

  it('leaves limits out where the joints are not known', async () => {
    const score = (given: PlanContext): Promise<Float32Array> =>
      evaluator({ weights: { ...NOTHING, limit: 1, limitMargin: 1, limitMarginM: 1 } }).score(
        given,
        CANDIDATES,
      );
    expect([...(await score(linearContext(START, GOAL)))]).toEqual(await costs({}));
    expect([...(await score(context))]).not.toEqual(await costs({}));
  });

  it('takes any number of candidates, and another one the next time', async () => {
    const one = evaluator({ text: 'latent_distance + norm(q)' });
    const all = [...(await one.score(context, CANDIDATES))];
    for (const count of [1, 2, 3]) {
      expect([...(await one.score(context, CANDIDATES.slice(0, count * SIZE)))]).toEqual(all.slice(0, count));
    }
  });

  it('lets single candidates have no finite cost', async () => {
    const middle = [0, 1, 2].map((n) => pose(n, 3)[0] ?? NaN).sort((a, b) => a - b)[1] ?? NaN;
    const scores = await costs({ text: `log(${String(middle)} - q[1] + 0.001)` });
    expect(scores.filter(Number.isFinite)).toHaveLength(2);
  });

  it('refuses when none has one, and names the expression', async () => {
    await expect(costs({ text: 'sqrt(-1 - latent_distance)' })).rejects.toThrow(
      /objective.expression "sqrt\(-1 - latent_distance\)".*\[planner.not-finite\]/,
    );
  });

  it('refuses an expression over joints that nobody measured', async () => {
    await expect(evaluator({ text: 'q[1]' }).score(linearContext(START, GOAL), CANDIDATES)).rejects.toThrow(
      /joint_states.*\[planner.not-ready\]/,
    );
  });

  it('refuses an expression over a learned distance that the model does not have', () => {
    expect(() => evaluator({ text: 'goal_distance' })).toThrow(/\[model.unsupported\]/);
  });

  it('refuses weights below 0, all at once', () => {
    expect(() => evaluator({ weights: { ...NOTHING, action: -1, limit: NaN } })).toThrow(
      /action -1, limit NaN.*\[params.invalid\]/,
    );
  });
});
