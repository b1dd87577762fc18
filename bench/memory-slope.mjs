/**
 * Whether memory stays flat over many plans: `node bench/memory-slope.mjs [--plans 20000] [--graph iteration|plan]`, after `npm run setup`.
 *
 * Plans with the shipped model as the node does, collects garbage every 250 plans (node is started again with --expose-gc) and fits a line
 * to the resident memory of the second half; the first is for what is made once (the last of it, 8 MB, comes after some 7,600 plans).
 */
import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { createRng, deriveSeed } from '../dist/src/math/rng.js';
import { loadModel } from '../dist/src/model/load-model.js';
import { makeKernelPlanner, makePlanner } from './harness/planner.mjs';

const { values } = parseArgs({
  options: { plans: { type: 'string', default: '20000' }, graph: { type: 'string', default: 'iteration' } },
});
if (globalThis.gc === undefined) {
  const script = fileURLToPath(import.meta.url);
  const { status } = spawnSync(process.execPath, ['--expose-gc', script, ...process.argv.slice(2)], {
    stdio: 'inherit',
  });
  process.exit(status ?? 1);
}

const SAMPLE_EVERY = 250;
const plans = Number(values.plans);
const model = await loadModel(fileURLToPath(new URL('../models/reacher', import.meta.url)), {
  device: 'cpu',
});
const { latent, history, action, objective, plannerDefaults } = model.manifest;
const weights = {
  action: plannerDefaults.actionPenalty,
  smoothness: 0,
  limit: 0,
  limitMargin: 0,
  limitMarginM: 0,
};
const spec = { metric: objective.default, steps: objective.steps, expression: null, weights };
const request = { objective: spec, horizon: plannerDefaults.horizon, precision: 'float32' };
const scorer = await model.rollouts.scorer(request);
const shape = { latent, history, action, plannerDefaults };
const planner =
  values.graph === 'plan'
    ? makeKernelPlanner('cem', shape, await model.rollouts.plan(request, 'elites'), scorer, {})
    : makePlanner('cem', shape, scorer, {});

const rng = createRng(1);
const random = (...dims) => {
  const data = new Float32Array(dims.reduce((product, size) => product * size, 1));
  rng.normals(data);
  return { data, shape: dims };
};
const context = {
  history: random(1, history.window, latent.tokens, latent.dim),
  goal: random(1, latent.tokens, latent.dim),
  committed: new Float32Array(action.joints.length),
};

const samples = [];
let state = null;
const startMs = performance.now();
for (let plan = 1; plan <= plans; plan++) {
  const result = await planner.plan(state, context, createRng(deriveSeed(1, plan)));
  state = { ...result.state, ageMs: action.periodMs };
  if (plan % SAMPLE_EVERY !== 0) continue;
  globalThis.gc();
  samples.push([plan, process.memoryUsage().rss / 2 ** 20]);
}
const half = samples.slice(Math.floor(samples.length / 2));
const mean = (column) => half.reduce((sum, row) => sum + row[column], 0) / half.length;
const [x, y] = [mean(0), mean(1)];
const slope =
  half.reduce((sum, [plan, mb]) => sum + (plan - x) * (mb - y), 0) /
  half.reduce((sum, [plan]) => sum + (plan - x) ** 2, 0);
const seconds = (performance.now() - startMs) / 1000;
console.log(
  `${plans} plans by one ${values.graph} graph in ${seconds.toFixed(1)} s; ${cpus().length} x ${cpus()[0].model}, Node ${process.version}`,
);
console.log(
  `resident: ${samples[0][1].toFixed(1)} MB after ${SAMPLE_EVERY}, ${samples.at(-1)[1].toFixed(1)} MB at the end`,
);
console.log(`slope over the second half: ${(slope * 1000 * 1024).toFixed(1)} kB per 1000 plans`);
