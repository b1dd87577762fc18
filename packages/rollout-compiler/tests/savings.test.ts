import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { contextFrames } from '../../../src/core/model-spec.js';
import type { ObjectiveSpec } from '../../../src/core/objective-spec.js';
import type { PlanContext } from '../../../src/core/ports.js';
import type { Tensor } from '../../../src/core/types.js';
import { createRng } from '../../../src/math/rng.js';
import { RolloutCompiler, type RolloutSources } from '../src/compile-rollout.js';
import { readModel } from '../src/onnx/model-file.js';
import { ALL_SAVINGS, type Savings } from '../src/graph/value-table.js';
import { loadModel, type LoadedModel } from '../../../src/model/load-model.js';
import { MODEL_FOLDERS } from '../../../tests/fixtures/model-folders.js';
import { largestDifference, operatorCounts } from '../../../tests/fixtures/graph-run.js';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const HORIZON = 5;
const CANDIDATES = 6;

const LEFT_OUT: Record<string, Savings> = {
  'the last frame only': { ...ALL_SAVINGS, lastFrameOnly: false },
  'what candidates share, once': { ...ALL_SAVINGS, sharedOnce: false },
  'what steps have in common, once': { ...ALL_SAVINGS, keptBetweenSteps: false },
  'any of them': { lastFrameOnly: false, sharedOnce: false, keptBetweenSteps: false },
};

const rng = createRng(11);
const random = (...shape: number[]): Tensor => {
  const data = new Float32Array(shape.reduce((total, size) => total * size, 1));
  rng.normals(data);
  return { data, shape };
};

function objectiveOf({ manifest }: LoadedModel): ObjectiveSpec {
  return {
    metric: manifest.graphs.distance === undefined ? 'squared_latent_distance' : 'temporal_distance',
    steps: 'all',
    expression: null,
    weights: { action: 0.3, smoothness: 0.1, limit: 1, limitMargin: 0.2, limitMarginM: 0.2 },
  };
}

function problem({ manifest }: LoadedModel): { context: PlanContext; candidates: Float32Array } {
  const { latent, history, action } = manifest;
  return {
    context: {
      history: random(1, contextFrames(history), latent.tokens, latent.dim),
      goal: random(1, latent.tokens, latent.dim),
      committed: new Float32Array(0),
    },
    candidates: random(CANDIDATES, HORIZON * action.block, action.joints.length).data,
  };
}

describe.each(Object.entries(MODEL_FOLDERS))('the costs of %s', (_, folder) => {
  let model: LoadedModel;
  beforeAll(async () => {
    model = await loadModel(folder, { device: 'cpu' });
  });
  afterAll(() => model.dispose());

  it.each(Object.entries(LEFT_OUT))('are the same without the saving of %s', async (_name, savings) => {
    const request = { objective: objectiveOf(model), horizon: HORIZON, precision: 'float32' } as const;
    const { context, candidates } = problem(model);
    const [all, less] = [
      await model.rollouts.scorer(request),
      await model.rollouts.scorer({ ...request, savings }),
    ];
    const expected = await all.score(context, candidates);
    expect(largestDifference(await less.score(context, candidates), expected)).toBeLessThan(1e-5);
    await Promise.all([all.dispose(), less.dispose()]);
  });
});

describe('without a saving', () => {
  const folder = MODEL_FOLDERS['a transformer on single latents'];
  let compiler: RolloutCompiler;
  let objective: ObjectiveSpec;
  beforeAll(async () => {
    const model = await loadModel(folder, { device: 'cpu' });
    const { latent, history, action, graphs } = model.manifest;
    const { file } = graphs.predictor;
    const predictor = { bytes: readFileSync(join(folder, file)), subject: file };
    objective = { ...objectiveOf(model), steps: 'last' };
    compiler = new RolloutCompiler({
      latent,
      history,
      action,
      predictor,
      distance: null,
    } satisfies RolloutSources);
    await model.dispose();
  });
  const count = (operator: string, savings?: Savings): number => {
    const request = { objective, horizon: HORIZON, precision: 'float32' } as const;
    const bytes = compiler.iteration(savings === undefined ? request : { ...request, savings });
    const { graph } = readModel(bytes, 'compiled');
    if (graph === undefined) throw new Error('no graph');
    return operatorCounts(graph)[operator] ?? 0;
  };

  it('attention is computed for the frames whose output nobody needs', () => {
    expect(count('Softmax', { ...ALL_SAVINGS, lastFrameOnly: false })).toBeGreaterThan(count('Softmax'));
  });

  it('frames are repeated for every candidate before anything is computed', () => {
    expect(count('Expand', { ...ALL_SAVINGS, sharedOnce: false })).toBeGreaterThan(0);
  });

  it('each window embeds its actions anew', () => {
    // Windows of 1, 2, 3, 3 and 3 actions instead of 5 actions; two SiLU each.
    expect(count('Sigmoid')).toBe(2 * HORIZON);
    expect(count('Sigmoid', { ...ALL_SAVINGS, keptBetweenSteps: false })).toBe(2 * (1 + 2 + 3 + 3 + 3));
  });
});
