/**
 * Plans of the whole engine, as hashes of their bits: for every planner, rollout and shipped test model, and for each parameter that shapes a
 * plan. `--write FILE` records them, `--compare FILE` compares with a record of the same machine: a refactoring must not change a bit.
 */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { valuesOf } from '../dist/src/core/parameter.js';
import { createRng } from '../dist/src/math/rng.js';
import { validateParameters } from '../dist/src/params/validate.js';
import { planningParameters } from '../dist/src/planning/planning-parameters.js';
import { plannerNames } from '../dist/src/planning/registry.js';
import { PlannerEngine } from '../dist/src/worker/planner-engine.js';
import { loadParameters } from '../dist/src/worker/planner-port.js';

const { values: options } = parseArgs({
  options: { write: { type: 'string' }, compare: { type: 'string' } },
});

const MODELS = [
  'models/reacher',
  ...['tiny-model', 'small-lewm', 'small-patches'].map((name) => `tests/fixtures/${name}`),
];
const FEW = { 'sampling.samples': 48, 'sampling.elites': 8, 'sampling.iterations': 3, 'rest.margin': 0 };
/** What is varied, one after the other, with the first model. */
const VARIED = [
  {},
  { 'rest.margin': 0.1 },
  { 'rest.margin': 1000, 'rest.patience_s': 0.2 },
  { 'sampling.keep': 'mean' },
  { 'sampling.returned': 'best' },
  { 'sampling.momentum': 0.3 },
  { 'noise.beta': 1.5 },
  { 'sampling.wide_share': 0.25 },
  { 'sampling.early_stop_std': 0.5 },
  { 'sampling.joint_initial_std': [0.3, 0.9], 'sampling.joint_min_std': [0.01, 0.05] },
  { 'actions.repeat': 2 },
  { 'actions.ball': 'l2' },
  { 'actions.lower': [-0.5], 'actions.upper': [0.7] },
  { 'objective.action_weight': 0.5, 'objective.smoothness_weight': 1 },
  { 'objective.limit_weight': 10, 'objective.limit_margin': 0.3 },
  { 'objective.metric': 'cosine', 'objective.steps': 'weighted' },
  { 'objective.expression': 'latent_distance + 0.1 * sum(action^2)' },
  { 'sampling.horizon': 3 },
  { planner: 'mppi', 'mppi.temperature': 2 },
  { planner: 'icem', 'icem.shrink': 2, 'icem.kept_elites': 5 },
];
const CASES = [
  ...MODELS.flatMap((model) =>
    plannerNames.flatMap((planner) =>
      ['auto', 'plan', 'host'].map((graph) => ({
        model,
        values: { ...FEW, planner, 'rollout.graph': graph },
      })),
    ),
  ),
  ...VARIED.map((values) => ({ model: MODELS[0], values: { ...FEW, ...values } })),
];
const PLANS = 4;
const SIZE = 48;

/** A picture of noise for each camera of the model. */
function frameSet(info, index, seed) {
  const stampNs = BigInt(index + 1) * 100_000_000n;
  const frames = info.cameras.map((_, camera) => {
    const noise = new Float32Array(SIZE * SIZE * 3);
    createRng(seed * 1000 + index * 10 + camera).uniforms(noise);
    const data = Uint8Array.from(noise, (value) => value * 255);
    return { stampNs, width: SIZE, height: SIZE, encoding: 'rgb8', step: 3 * SIZE, data };
  });
  const proprioception = new Float64Array(info.proprioception.length).fill(0.1 * index);
  return { stampNs, frames, ...(proprioception.length > 0 && { proprioception }) };
}

async function hashOf({ model, values }) {
  const folder = fileURLToPath(new URL(`../${model}`, import.meta.url));
  const parameters = valuesOf(loadParameters, validateParameters({ model: folder, device: 'cpu', seed: 7 }));
  const ignore = () => undefined;
  const log = { debug: ignore, info: ignore, warn: ignore, error: ignore };
  const engine = await PlannerEngine.load({ parameters, warmUp: null }, log);
  const { info } = engine;
  const hash = createHash('sha256');
  const joints = info.joints.length;
  for (let planIndex = 0; planIndex < PLANS; planIndex++) {
    const history = Array.from({ length: info.window }, (_, i) =>
      frameSet(info, Math.max(0, planIndex - info.window + 1 + i), 3),
    );
    const goal = { ...frameSet(info, 0, 99), stampNs: 5n };
    const { actions, statistics } = await engine.plan({
      type: 'plan',
      planIndex,
      history: history.map((set) => ({ stampNs: set.stampNs, set })),
      oldestNs: 0n,
      goal: { stampNs: goal.stampNs, set: goal },
      committed: new Float32Array(planIndex === 2 ? info.planning.action.names.length : 0).fill(0.05),
      joints: {
        position: new Float64Array(joints).fill(0.1 * planIndex),
        commanded: new Float64Array(joints).fill(0.1 * planIndex + 0.01),
        lower: new Float64Array(joints).fill(-2),
        upper: new Float64Array(joints).fill(2),
      },
      values: valuesOf(planningParameters, validateParameters(values)),
      extras: { candidates: 0, costTerms: false },
    });
    const { bestCost, meanCost, iterations, elitesStd, goalDistance } = statistics;
    hash.update(new Uint8Array(actions.buffer, actions.byteOffset, actions.byteLength));
    hash.update(
      new Uint8Array(Float64Array.of(bestCost, meanCost, iterations, elitesStd, goalDistance).buffer),
    );
  }
  await engine.dispose();
  return hash.digest('hex');
}

const hashes = {};
for (const one of CASES) hashes[JSON.stringify(one)] = await hashOf(one);
const all = createHash('sha256').update(JSON.stringify(hashes)).digest('hex').slice(0, 16);
console.log(`${CASES.length} cases of ${PLANS} plans, hash ${all}`);
if (options.write !== undefined) writeFileSync(options.write, `${JSON.stringify(hashes, null, 1)}\n`);
if (options.compare !== undefined) {
  const before = JSON.parse(readFileSync(options.compare, 'utf8'));
  const changed = Object.keys(before).filter((name) => hashes[name] !== before[name]);
  for (const name of changed) console.log(`changed: ${name}`);
  console.log(
    changed.length === 0 ? 'bit-equal' : `${changed.length} of ${Object.keys(before).length} differ`,
  );
  process.exitCode = changed.length === 0 ? 0 : 1;
}
