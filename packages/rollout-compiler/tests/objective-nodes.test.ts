import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { ActionSpec } from '../../../src/core/model-spec.js';
import type { DistanceMetric, ObjectiveSpec, StepAggregation } from '../../../src/core/objective-spec.js';
import type { Objective, Predictor } from '../../../src/core/ports.js';
import type { JointUnit } from '../../../src/core/types.js';
import { createRng } from '../../../src/math/rng.js';
import { CANDIDATES } from '../src/graph/dims.js';
import { GraphBuilder } from '../src/graph/graph-builder.js';
import { objectiveNodes, WEIGHT_NAMES, type ObjectiveInputs } from '../src/nodes/objective-nodes.js';
import type { Value } from '../src/graph/value.js';
import { limitSums } from '../../../src/model/rollout-feeds.js';
import { CandidateEvaluator } from '../../../src/rollout/candidate-evaluator.js';
import { parseExpression } from '../../../src/planning/expression/parse-expression.js';
import { graphOf, runGraph } from '../../../tests/fixtures/graph-run.js';
import { scalarExpression } from '../../../tests/unit/planning/expression/random-expressions.js';

const HORIZON = 3;
const TOKENS = 2;
const DIM = 3;
const SAMPLES = 5;
const velocities: ActionSpec = {
  kind: 'joint_velocity',
  joints: ['one', 'two'],
  names: ['one', 'two'],
  unit: 'rad/s',
  periodMs: 100,
  block: 2,
  mean: [0, 0],
  std: [1, 1],
  lower: [-2, -1.1],
  upper: [2, 1.7],
  frozen: [null, null],
  deadBand: [0, 0],
  endEffector: null,
  gripper: null,
};
const JOINTS = velocities.joints.length;
const PERIODS = HORIZON * velocities.block;

/** Stands for a learned distance: the mean absolute value of a latent, whatever the goal. */
const learnedOnHost: Objective = {
  name: 'temporal_distance',
  distance: ({ data, shape }) =>
    Promise.resolve(
      Float32Array.from({ length: shape[0] ?? 0 }, (_, n) => {
        const latent = data.subarray(n * TOKENS * DIM, (n + 1) * TOKENS * DIM);
        return latent.reduce((sum, value) => sum + Math.abs(value), 0) / latent.length;
      }),
    ),
};

/** Everything that the cost of some random plans is made of. */
interface Situation {
  /** Latents of each step, `[N, T, D]`. */
  readonly latents: readonly Float32Array[];
  readonly goal: Float32Array;
  readonly actions: Float32Array;
  readonly position: Float32Array;
  readonly lower: Float32Array;
  readonly upper: Float32Array;
  readonly units: readonly JointUnit[];
}

function randomSituation(seed: number): Situation {
  const rng = createRng(seed);
  const draw = (count: number): Float32Array => {
    const values = new Float32Array(count);
    rng.normals(values);
    return values;
  };
  return {
    latents: Array.from({ length: HORIZON }, () => draw(SAMPLES * TOKENS * DIM)),
    goal: draw(TOKENS * DIM),
    actions: draw(SAMPLES * PERIODS * JOINTS),
    position: draw(JOINTS),
    lower: Float32Array.of(-1, -Infinity),
    upper: Float32Array.of(0.5, Infinity),
    units: seed % 2 === 0 ? ['m', 'rad'] : ['rad', 'm'],
  };
}

async function onHost(spec: ObjectiveSpec, situation: Situation, action = velocities): Promise<Float32Array> {
  let step = 0;
  const predictor: Predictor = {
    predict: () => {
      const data = situation.latents[step++ % HORIZON] ?? new Float32Array(0);
      return Promise.resolve({ data, shape: [SAMPLES, TOKENS, DIM] });
    },
  };
  const model = {
    predictor,
    latent: { tokens: TOKENS, dim: DIM },
    history: { mode: 'markov', window: 1, warmup: 'repeat', actions: 'newest' } as const,
    action,
  };
  const context = {
    history: { data: new Float32Array(TOKENS * DIM), shape: [1, 1, TOKENS, DIM] },
    goal: { data: situation.goal, shape: [1, TOKENS, DIM] },
    committed: new Float32Array(0),
    joints: {
      position: Float64Array.from(situation.position),
      lower: Float64Array.from(situation.lower),
      upper: Float64Array.from(situation.upper),
      units: situation.units,
    },
  };
  const evaluator = new CandidateEvaluator(model, learnedOnHost, spec, HORIZON);
  return (await evaluator.score(context, situation.actions)).slice();
}

async function asGraph(
  spec: ObjectiveSpec,
  situation: Situation,
  action = velocities,
): Promise<Float32Array> {
  const builder = new GraphBuilder();
  const input = (name: string, dims: readonly number[]): Value => builder.input(name, 'float32', dims);
  const inputs: ObjectiveInputs = {
    latents: situation.latents.map((_, step) => input(`latent${String(step)}`, [CANDIDATES, TOKENS, DIM])),
    goal: input('goal', [1, TOKENS, DIM]),
    actions: input('actions', [CANDIDATES, PERIODS, JOINTS]),
    weights: {
      action: input('action', []),
      smoothness: input('smoothness', []),
      limit: input('limit', []),
    },
    joints: {
      position: input('position', [JOINTS]),
      minSums: input('minSums', [PERIODS * JOINTS]),
      maxSums: input('maxSums', [PERIODS * JOINTS]),
    },
    temporalDistance: (latents) => builder.reduce('ReduceMean', builder.unary('Abs', latents), [1, 2], false),
  };
  const { latents, weights, joints, goal, actions } = inputs;
  const costs = objectiveNodes(builder, spec, action, inputs);
  const declared = [...latents, goal, actions, ...Object.values(weights), ...Object.values(joints ?? {})];
  const single = (value: number) => ({ data: Float32Array.of(value), shape: [] });
  const row = (data: Float32Array) => ({ data, shape: [data.length] });
  const { minSums, maxSums } = limitSums(
    {
      ...situation,
      position: Float64Array.from(situation.position),
      lower: Float64Array.from(situation.lower),
      upper: Float64Array.from(situation.upper),
    },
    spec.weights,
    action,
    PERIODS,
  );
  const results = await runGraph(graphOf(builder, declared, { costs }), {
    ...Object.fromEntries(
      situation.latents.map((data, step) => [
        `latent${String(step)}`,
        { data, shape: [SAMPLES, TOKENS, DIM] },
      ]),
    ),
    goal: { data: situation.goal, shape: [1, TOKENS, DIM] },
    actions: { data: situation.actions, shape: [SAMPLES, PERIODS, JOINTS] },
    ...Object.fromEntries(WEIGHT_NAMES.map((name) => [name, single(spec.weights[name])])),
    position: row(situation.position),
    minSums: row(minSums),
    maxSums: row(maxSums),
  });
  return results['costs'] ?? new Float32Array(0);
}

/** Largest relative difference of a cost; terms may cancel, so that a cost below 1 is compared as one of 1. */
function difference(a: Float32Array, b: Float32Array): number {
  expect(a).toHaveLength(b.length);
  return a.reduce((worst, value, n) => {
    const other = b[n] ?? NaN;
    return Math.max(worst, Math.abs(value - other) / Math.max(1, Math.abs(other)));
  }, 0);
}

const weight = fc.oneof(fc.constant(0), fc.double({ min: 0, max: 10, noNaN: true }));
const specWithout = fc.record({
  metric: fc.constantFrom<DistanceMetric>(
    'temporal_distance',
    'squared_latent_distance',
    'l1',
    'cosine',
    'smooth_l1',
  ),
  steps: fc.constantFrom<StepAggregation>('last', 'all', 'weighted'),
  weights: fc.record({
    action: weight,
    smoothness: weight,
    limit: weight,
    limitMargin: weight,
    limitMarginM: weight,
  }),
});
const scope = { joints: JOINTS, hasTemporalDistance: true, foreseesState: true };

describe('an objective as nodes', () => {
  it('costs what the host says, for every metric, aggregation and weight', async () => {
    await fc.assert(
      fc.asyncProperty(specWithout, fc.nat(), async (rest, seed) => {
        const spec = { ...rest, expression: null };
        const situation = randomSituation(seed);
        expect(difference(await asGraph(spec, situation), await onHost(spec, situation))).toBeLessThan(1e-5);
      }),
      { numRuns: 60 },
    );
  });

  it('costs what the host says, for every kind of action that tells where the joints will be', async () => {
    const kind = fc.constantFrom('joint_velocity', 'joint_delta', 'joint_position');
    const expression = parseExpression('sum(q * q) + q[1]', scope);
    await fc.assert(
      fc.asyncProperty(kind, fc.boolean(), specWithout, fc.nat(), async (of, isNamed, rest, seed) => {
        const spec = { ...rest, expression: isNamed ? expression : null };
        const situation = randomSituation(seed);
        const action = { ...velocities, kind: of };
        const costs = await asGraph(spec, situation, action);
        expect(difference(costs, await onHost(spec, situation, action))).toBeLessThan(1e-5);
      }),
      { numRuns: 60 },
    );
  });

  it('costs what the host says, for every part of the latents that is compared', async () => {
    const range = (size: number) =>
      fc
        .tuple(fc.nat(size - 1), fc.nat(size - 1))
        .map(([a, b]): readonly [number, number] => [Math.min(a, b), Math.max(a, b) + 1]);
    const stream = fc.record({
      tokens: range(TOKENS),
      dims: range(DIM),
      weight: fc.double({ min: 0.1, max: 10, noNaN: true }),
    });
    const streams = fc.array(stream, { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(streams, specWithout, fc.nat(), async (parts, rest, seed) => {
        const spec = { ...rest, streams: parts, expression: null };
        const situation = randomSituation(seed);
        expect(difference(await asGraph(spec, situation), await onHost(spec, situation))).toBeLessThan(1e-5);
      }),
      { numRuns: 60 },
    );
  });

  it('costs what the host says, for every expression', async () => {
    await fc.assert(
      fc.asyncProperty(specWithout, scalarExpression, fc.nat(), async (rest, text, seed) => {
        const spec = { ...rest, expression: parseExpression(text, scope) };
        const situation = randomSituation(seed);
        expect(difference(await asGraph(spec, situation), await onHost(spec, situation))).toBeLessThan(1e-5);
      }),
      { numRuns: 150 },
    );
  });

  it.each([
    ['atan2(q[1], action[2])'],
    ['atan2(0 * q[1], 0 * q[2])'],
    ['atan2(action[1], 0 * q[2])'],
    ['floor(10 * q[1]) + sign(q[2]) + sum(action > 0) + (q[1] != q[2])'],
    ['sum(q < action ? q : action) + (goal_distance ? 1 : 0)'],
    ['0.9 ^ (H - t) * latent_distance ^ 1.5'],
    ['max(q[1], action[1], 0.2) + min(state)'],
    ['3'],
    ['t'],
  ])('costs what the host says: %s', async (text) => {
    for (const steps of ['last', 'all'] as const) {
      const weights = { action: 0, smoothness: 0, limit: 0, limitMargin: 0, limitMarginM: 0 };
      const spec: ObjectiveSpec = { metric: 'l1', steps, weights, expression: parseExpression(text, scope) };
      const situation = randomSituation(7);
      expect(difference(await asGraph(spec, situation), await onHost(spec, situation))).toBeLessThan(1e-5);
    }
  });

  it.each([
    ['goal_distance', /\[model.unsupported\]/],
    ['q[1]', /joint_states.*\[planner.not-ready\]/],
  ])('is refused without what it needs: %s', (text, message) => {
    const builder = new GraphBuilder();
    const value = builder.input('any', 'float32', [CANDIDATES, PERIODS, JOINTS]);
    const scalar = builder.scalar(1);
    const inputs: ObjectiveInputs = {
      latents: [value, value, value],
      goal: value,
      actions: value,
      weights: { action: scalar, smoothness: scalar, limit: scalar },
      joints: null,
      temporalDistance: null,
    };
    const spec: ObjectiveSpec = {
      metric: 'l1',
      steps: 'last',
      weights: { action: 0, smoothness: 0, limit: 0, limitMargin: 0, limitMarginM: 0 },
      expression: parseExpression(text, scope),
    };
    expect(() => objectiveNodes(builder, spec, velocities, inputs)).toThrow(message);
  });
});
