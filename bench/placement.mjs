/**
 * Which operators of a compiled rollout run where: `node bench/placement.mjs [--device webgpu] [--model FOLDER] [--samples 16]
 * [--precision int8]`, after `npm run setup`. What a device has no kernel for runs on the cpu, with copies there and back (MemcpyToHost, MemcpyFromHost).
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { contextFrames } from '../dist/src/core/model-spec.js';
import { createRng } from '../dist/src/math/rng.js';
import { loadModel } from '../dist/src/model/load-model.js';
import { makeKernelPlanner, makePlanner } from './harness/planner.mjs';
import { readEvents } from './harness/node-times.mjs';

const { values } = parseArgs({
  options: {
    device: { type: 'string', default: 'webgpu' },
    model: { type: 'string', default: fileURLToPath(new URL('../models/reacher', import.meta.url)) },
    samples: { type: 'string', default: '16' },
    precision: { type: 'string', default: 'float32' },
  },
});

const samples = Number(values.samples);
const model = await loadModel(values.model, { device: values.device });
const { latent, history, action, objective, plannerDefaults } = model.manifest;
const weights = {
  action: plannerDefaults.actionPenalty,
  smoothness: 0.1,
  limit: 1,
  limitMargin: 0.1,
  limitMarginM: 0.1,
};
const spec = { metric: objective.default, steps: objective.steps, expression: null, weights };
const request = { objective: spec, horizon: plannerDefaults.horizon, precision: values.precision };
const parameters = {
  'sampling.samples': samples,
  'sampling.elites': Math.min(plannerDefaults.elites, samples),
  'sampling.returned': 'mean',
};
const shape = { latent, history, action, plannerDefaults };
const random = (...dims) => {
  const data = new Float32Array(dims.reduce((product, size) => product * size, 1));
  createRng(1).normals(data);
  return { data, shape: dims };
};
const context = {
  history: random(1, contextFrames(history), latent.tokens, latent.dim),
  goal: random(1, latent.tokens, latent.dim),
  committed: new Float32Array(0),
};

/** Operators of one run, as `{ provider: { operator: how many } }`. */
async function placementOf(open) {
  const folder = mkdtempSync(join(tmpdir(), 'jepa-mpc-placement-'));
  try {
    const prefix = join(folder, 'rollout');
    await open(prefix);
    const counts = {};
    for (const { cat, name, args } of readEvents(prefix)) {
      if (cat !== 'Node' || !name.endsWith('_kernel_time')) continue;
      const provider = (counts[args.provider] ??= {});
      provider[args.op_name] = (provider[args.op_name] ?? 0) + 1;
    }
    return counts;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function show(title, counts) {
  console.log(`${title} on ${values.device}, operators run:`);
  for (const [provider, operators] of Object.entries(counts)) {
    const text = Object.entries(operators).sort(([a], [b]) => a.localeCompare(b));
    console.log(`  ${provider}: ${text.map(([operator, count]) => `${operator} ${count}`).join(', ')}`);
  }
}

const iteration = await placementOf(async (prefix) => {
  const scorer = await model.rollouts.scorer(request, { profilePrefix: prefix });
  await makePlanner('cem', shape, scorer, { ...parameters, 'sampling.iterations': 1 }).plan(
    null,
    context,
    createRng(1),
  );
  await scorer.dispose();
});
show('An iteration', iteration);

const plan = await placementOf(async (prefix) => {
  const scorer = await model.rollouts.scorer(request);
  const kernel = await model.rollouts.plan(request, 'elites', { profilePrefix: prefix });
  await makeKernelPlanner('cem', shape, kernel, scorer, parameters).plan(null, context, createRng(1));
  await kernel.dispose();
  await scorer.dispose();
});
show(`A whole plan of ${plannerDefaults.iterations} iterations`, plan);
await model.dispose();
