/**
 * Times the parts of a plan for a model folder, from the built code in `dist`:
 *
 *   node bench/plan.mjs [model folder] [--device cpu] [--threads 1] [--samples N] [--iterations N] [--horizon N] [--repeats 100]
 *
 * Without options the model's own planner defaults are used.
 */
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';

import { createRng, deriveSeed } from '../dist/math/rng.js';
import { loadModel } from '../dist/model/load-model.js';
import { createObjective } from '../dist/planning/objectives.js';
import { createPlanner } from '../dist/planning/registry.js';
import { ImageToTensor } from '../dist/vision/image-to-tensor.js';

const WARM_UP_RUNS = 5;
const SEED = 1;
const CAMERA_WIDTH = 640;
const CAMERA_HEIGHT = 480;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    device: { type: 'string', default: 'cpu' },
    threads: { type: 'string', default: '1' },
    samples: { type: 'string' },
    iterations: { type: 'string' },
    horizon: { type: 'string' },
    repeats: { type: 'string', default: '100' },
  },
});

/**
 * Runs `work` and prints the median and the 95th percentile of its duration, and the mean processor time of the whole process, which
 * other programs on the machine disturb less.
 */
async function time(label, work) {
  const durationsMs = [];
  let cpuAtStart = process.cpuUsage();
  for (let run = -WARM_UP_RUNS; run < Number(values.repeats); run++) {
    if (run === 0) cpuAtStart = process.cpuUsage();
    const startMs = performance.now();
    await work(run);
    if (run >= 0) durationsMs.push(performance.now() - startMs);
  }
  const cpu = process.cpuUsage(cpuAtStart);
  const cpuMs = (cpu.user + cpu.system) / 1000 / durationsMs.length;
  durationsMs.sort((a, b) => a - b);
  const percentile = (share) =>
    durationsMs[Math.floor(share * (durationsMs.length - 1))].toFixed(2).padStart(8);
  console.log(
    `${label.padEnd(44)}${percentile(0.5)} ms p50${percentile(0.95)} ms p95${cpuMs.toFixed(2).padStart(8)} ms cpu`,
  );
}

function randomTensor(rng, ...shape) {
  const data = new Float32Array(shape.reduce((product, size) => product * size, 1));
  rng.normals(data);
  return { data, shape };
}

const folder = positionals[0] ?? 'models/reacher';
const model = await loadModel(folder, { device: values.device, threads: Number(values.threads) });
const { cameras, latent, history, action, plannerDefaults, objective } = model.manifest;
const options = {
  ...plannerDefaults,
  samples: Number(values.samples ?? plannerDefaults.samples),
  iterations: Number(values.iterations ?? plannerDefaults.iterations),
  horizon: Number(values.horizon ?? plannerDefaults.horizon),
  objectiveSteps: objective.steps,
};
const { samples, iterations, horizon } = options;
console.log(
  `${model.info.name} on ${model.device}, ${values.threads} thread(s); ${cpus().length} x ${cpus()[0].model}, Node ${process.version}`,
);

const rng = createRng(SEED);
const images = cameras.map(({ channels, height, width }) => randomTensor(rng, 1, channels, height, width));
const frame = {
  stampNs: 0n,
  width: CAMERA_WIDTH,
  height: CAMERA_HEIGHT,
  encoding: 'rgb8',
  step: CAMERA_WIDTH * 3,
  data: Uint8Array.from({ length: CAMERA_WIDTH * CAMERA_HEIGHT * 3 }, (_, i) => i % 251),
};
const toTensor = new ImageToTensor(cameras[0]);
await time(`image ${CAMERA_WIDTH} x ${CAMERA_HEIGHT} to ${cameras[0].width} x ${cameras[0].height}`, () =>
  toTensor.write(frame, images[0].data),
);
await time('encoder, 1 frame', () => model.encoder.encode(images));

const window = randomTensor(rng, samples, history.window, latent.tokens, latent.dim);
const actions = randomTensor(rng, samples, action.joints.length * action.block);
await time(`predictor, batch ${samples}`, () => model.predictor.predict(window, actions));

const score = createObjective(objective.default, model.temporalDistance);
const latents = randomTensor(rng, samples, latent.tokens, latent.dim);
const goal = randomTensor(rng, 1, latent.tokens, latent.dim);
await time(`${score.name}, batch ${samples}`, () => score.distance(latents, goal));

const planner = createPlanner('cem', { predictor: model.predictor, latent, history, action }, score, options);
const context = {
  history: randomTensor(rng, 1, history.window, latent.tokens, latent.dim),
  goal,
  committed: new Float32Array(action.joints.length),
};
let state = null;
await time(`cem plan, N ${samples} x ${iterations} iterations x H ${horizon}`, async (run) => {
  const result = await planner.plan(state, context, createRng(deriveSeed(SEED, run + WARM_UP_RUNS)));
  state = { ...result.state, ageMs: action.periodMs };
});
await model.dispose();
