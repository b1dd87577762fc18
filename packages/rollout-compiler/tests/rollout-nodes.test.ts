import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { contextFrames } from '../../../src/core/model-spec.js';
import type { Tensor } from '../../../src/core/types.js';
import { createRng } from '../../../src/math/rng.js';
import { CANDIDATES } from '../src/graph/dims.js';
import { GraphBuilder } from '../src/graph/graph-builder.js';
import { readModel } from '../src/onnx/model-file.js';
import { productsIn } from '../src/emit/reduced-precision.js';
import { unrollPredictor } from '../src/nodes/rollout-nodes.js';
import { TracedGraph } from '../src/trace/trace-graph.js';
import type { Value } from '../src/graph/value.js';
import { loadModel, type LoadedModel } from '../../../src/model/load-model.js';
import { Rollout } from '../../../src/rollout/rollout.js';
import { MODEL_FOLDERS } from '../../../tests/fixtures/model-folders.js';
import { graphOf, largestDifference, operatorCounts, runGraph } from '../../../tests/fixtures/graph-run.js';

const HORIZON = 5;

interface Unrolled {
  readonly builder: GraphBuilder;
  readonly inputs: readonly Value[];
  readonly latents: readonly Value[];
}

function unroll(folder: string, { manifest }: LoadedModel): Unrolled {
  const { latent, history, action, graphs } = manifest;
  const builder = new GraphBuilder();
  const frames = builder.input('history', 'float32', [1, contextFrames(history), latent.tokens, latent.dim]);
  const actions = builder.input('actions', 'float32', [
    CANDIDATES,
    HORIZON * action.block,
    action.joints.length,
  ]);
  builder.countCandidatesFrom(actions);
  const file = join(folder, graphs.predictor.file);
  const predictor = new TracedGraph(readModel(readFileSync(file), file), file);
  return {
    builder,
    inputs: [frames, actions],
    latents: unrollPredictor(builder, predictor, manifest, HORIZON, frames, actions),
  };
}

function problem({ manifest }: LoadedModel, candidates: number): { history: Tensor; actions: Tensor } {
  const { latent, history, action } = manifest;
  const rng = createRng(7);
  const random = (...shape: number[]): Tensor => {
    const data = new Float32Array(shape.reduce((total, size) => total * size, 1));
    rng.normals(data);
    return { data, shape };
  };
  return {
    history: random(1, contextFrames(history), latent.tokens, latent.dim),
    actions: random(candidates, HORIZON * action.block, action.joints.length),
  };
}

async function stepByStep(
  model: LoadedModel,
  { history, actions }: { history: Tensor; actions: Tensor },
): Promise<Float32Array[]> {
  const { latent, history: spec, action } = model.manifest;
  const rollout = new Rollout(
    { latent, history: spec, action, predictor: model.predictor },
    actions.shape[0] ?? 0,
  );
  const steps: Float32Array[] = [];
  for await (const { data } of rollout.run(history, actions.data, HORIZON)) steps.push(data.slice());
  return steps;
}

describe.each(Object.entries(MODEL_FOLDERS))('the unrolled predictor of %s', (_, folder) => {
  it.each([1, 7])('predicts what calling it step by step does, %i candidates at once', async (candidates) => {
    const model = await loadModel(folder, { device: 'cpu' });
    const { builder, inputs, latents } = unroll(folder, model);
    const feeds = problem(model, candidates);
    const outputs = Object.fromEntries(latents.map((latent, step) => [`step${String(step)}`, latent]));
    const found = await runGraph(graphOf(builder, inputs, outputs), feeds);
    const expected = await stepByStep(model, feeds);
    for (const [step, latent] of expected.entries())
      expect(largestDifference(found[`step${String(step)}`] ?? new Float32Array(), latent)).toBeLessThan(
        1e-5,
      );
    await model.dispose();
  });
});

describe('what the compiler saves', () => {
  it('computes of the last step only what its newest latent needs, and shares what steps have in common', async () => {
    const folder = MODEL_FOLDERS['a transformer on single latents'];
    const model = await loadModel(folder, { device: 'cpu' });
    const { builder, inputs, latents } = unroll(folder, model);
    const last = latents.at(-1);
    const counts = operatorCounts(graphOf(builder, inputs, last === undefined ? {} : { last }));
    // Each block of actions is embedded once (two SiLU: in the embedding, in the modulation), not once for each window it is in.
    expect(counts['Sigmoid']).toBe(2 * HORIZON);
    // Attention is computed for a frame of each window that fills up (the first sees itself alone: no softmax), then, in each of the two
    // full windows, for all but the first in the first layer and for the newest alone in the last.
    expect(counts['Softmax']).toBe(2 * 2 + 2 * (2 + 1));
    await model.dispose();
  });

  it('computes what all candidates share for one of them', async () => {
    const folder = MODEL_FOLDERS['the shipped model'];
    const model = await loadModel(folder, { device: 'cpu' });
    const { builder, inputs, latents } = unroll(folder, model);
    const graph = graphOf(builder, inputs, latents[0] === undefined ? {} : { first: latents[0] });
    expect(operatorCounts(graph)['Expand'] ?? 0).toBeLessThanOrEqual(1);
    await model.dispose();
  });

  it.each([
    ['int8', 'MatMulInteger', 0.05],
    ['float16', 'Cast', 0.01],
  ] as const)('comes near with %s weights', async (precision, operator, tolerance) => {
    const folder = MODEL_FOLDERS['the shipped model'];
    const model = await loadModel(folder, { device: 'cpu' });
    const { builder, inputs, latents } = unroll(folder, model);
    const last = latents.at(-1);
    const graph = graphOf(
      builder,
      inputs,
      last === undefined ? {} : { last },
      productsIn(precision, builder),
    );
    expect(operatorCounts(graph)[operator]).toBeGreaterThan(HORIZON);
    const feeds = problem(model, 64);
    const found = await runGraph(graph, feeds);
    const expected = (await stepByStep(model, feeds)).at(-1) ?? new Float32Array();
    const difference = largestDifference(found['last'] ?? new Float32Array(), expected);
    expect(difference).toBeGreaterThan(0);
    expect(difference).toBeLessThan(tolerance);
    await model.dispose();
  });
});
