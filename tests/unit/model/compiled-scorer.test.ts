import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

import type { ObjectiveSpec } from '../../../src/core/objective-spec.js';
import type { PlanContext } from '../../../src/core/ports.js';
import { createRng } from '../../../src/math/rng.js';
import { CompiledPlan } from '../../../src/model/compiled-plan.js';
import { CompiledScorer } from '../../../src/model/compiled-scorer.js';
import { RolloutCompiler, type RolloutRequest } from '../../../packages/rollout-compiler/src/index.js';
import { loadModel, type LoadedModel } from '../../../src/model/load-model.js';
import { CandidateEvaluator } from '../../../src/rollout/candidate-evaluator.js';
import { largestDifference } from '../../fixtures/graph-run.js';
import { randomContext } from '../../fixtures/random-context.js';

const HORIZON = 4;
const SAMPLES = 24;
const CPU = { device: 'cpu', threads: 1 } as const;
const at = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

function objective(metric: ObjectiveSpec['metric'], steps: ObjectiveSpec['steps'] = 'last'): ObjectiveSpec {
  return {
    metric,
    steps,
    expression: null,
    weights: { action: 0.3, smoothness: 0.1, limit: 2, limitMargin: 0.2, limitMarginM: 0.2 },
  };
}

async function open(folder: string): Promise<{ model: LoadedModel; compiler: RolloutCompiler }> {
  const model = await loadModel(folder, { device: 'cpu' });
  const { latent, history, action, graphs } = model.manifest;
  const source = (file: string) => ({ bytes: readFileSync(join(folder, file)), subject: file });
  const compiler = new RolloutCompiler({
    latent,
    history,
    action,
    predictor: source(graphs.predictor.file),
    distance: graphs.distance === undefined ? null : source(graphs.distance.file),
  });
  return { model, compiler };
}

function contextOf(model: LoadedModel): PlanContext {
  const joints = model.manifest.action.joints.length;
  return {
    ...randomContext(model, 5),
    joints: {
      position: new Float64Array(joints).fill(0.4),
      lower: new Float64Array(joints).fill(-0.5),
      upper: new Float64Array(joints).fill(0.5),
    },
  };
}

function candidatesOf({ manifest }: LoadedModel, count: number): Float32Array {
  const { action } = manifest;
  const candidates = new Float32Array(count * HORIZON * action.block * action.joints.length);
  createRng(9).normals(candidates);
  return candidates;
}

const request = (spec: ObjectiveSpec): RolloutRequest => ({
  objective: spec,
  horizon: HORIZON,
  precision: 'float32',
});

describe.each([
  ['the shipped model', at('models/reacher'), 'temporal_distance'],
  ['a transformer on single latents', at('tests/fixtures/small-lewm'), 'squared_latent_distance'],
  ['a transformer on patches', at('tests/fixtures/small-patches'), 'smooth_l1'],
] as const)('the compiled rollout of %s', (_, folder, metric) => {
  it.each(['last', 'all', 'weighted'] as const)('scores as the host does, %s steps', async (steps) => {
    const { model, compiler } = await open(folder);
    const spec = objective(metric, steps);
    const { latent, history, action } = model.manifest;
    const host = new CandidateEvaluator(
      { latent, history, action, predictor: model.predictor },
      model.temporalDistance,
      spec,
      HORIZON,
    );
    const compiled = await CompiledScorer.compile(compiler, action, request(spec), CPU);
    const context = contextOf(model);
    for (const count of [1, SAMPLES]) {
      const candidates = candidatesOf(model, count);
      const expected = (await host.score(context, candidates)).slice();
      expect(largestDifference(await compiled.score(context, candidates), expected)).toBeLessThan(1e-5);
    }
    await compiled.dispose();
    await model.dispose();
  });
});

describe('CompiledScorer', () => {
  it('takes new weights without compiling again', async () => {
    const { model, compiler } = await open(at('models/reacher'));
    const scorer = await CompiledScorer.compile(
      compiler,
      model.manifest.action,
      request(objective('temporal_distance')),
      CPU,
    );
    const context = contextOf(model);
    const candidates = candidatesOf(model, SAMPLES);
    const before = (await scorer.score(context, candidates)).slice();
    scorer.weights = { ...scorer.weights, action: 1.3 };
    const after = await scorer.score(context, candidates);
    expect(after.every((cost, n) => cost > (before[n] ?? NaN))).toBe(true);
    await scorer.dispose();
    await model.dispose();
  });

  it('says when no candidate has a finite cost', async () => {
    const { model, compiler } = await open(at('models/reacher'));
    const scorer = await CompiledScorer.compile(
      compiler,
      model.manifest.action,
      request(objective('temporal_distance')),
      CPU,
    );
    const candidates = candidatesOf(model, 3).fill(NaN);
    await expect(scorer.score(contextOf(model), candidates)).rejects.toMatchObject({
      code: 'planner.not-finite',
    });
    await scorer.dispose();
    await model.dispose();
  });
});

describe('CompiledPlan', () => {
  it('finds a cheaper plan than any of its first candidates, and scores it as the compiled scorer does', async () => {
    const { model, compiler } = await open(at('models/reacher'));
    const { action } = model.manifest;
    const asked = request(objective('temporal_distance'));
    const plan = await CompiledPlan.compile(compiler, action, asked, 'elites', CPU);
    const scorer = await CompiledScorer.compile(compiler, action, asked, CPU);
    const size = HORIZON * action.block * action.joints.length;
    const noise = new Float32Array(4 * SAMPLES * size);
    createRng(2).normals(noise);
    const row = (value: number): Float32Array => new Float32Array(size).fill(value);
    const context = contextOf(model);
    const end = await plan.plan(context, {
      noise,
      iterations: 4,
      mean: row(0),
      std: row(1),
      lower: row(-2),
      upper: row(2),
      minStd: row(0.01),
      halfRange: row(2),
      elites: 6,
      momentum: 0,
      temperature: 1,
      earlyStopStd: 0,
    });
    expect(end.iterations).toBe(4);
    expect(end.bestCost).toBeLessThan(Math.min(...end.costs.subarray(0, SAMPLES)));
    const [cost] = await scorer.score(context, end.best);
    expect(Math.abs((cost ?? NaN) / end.bestCost - 1)).toBeLessThan(1e-5);
    await plan.dispose();
    await scorer.dispose();
    await model.dispose();
  });
});
