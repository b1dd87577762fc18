import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it } from 'vitest';

import { buildRollout } from '../../../src/rollout/build-rollout.js';
import type { ObjectiveSpec } from '../../../src/core/objective-spec.js';
import type { PlanContext, Planner } from '../../../src/core/ports.js';
import type { Tensor } from '../../../src/core/types.js';
import { createRng } from '../../../src/math/rng.js';
import { loadModel, type LoadedModel } from '../../../src/model/load-model.js';
import { CandidateEvaluator } from '../../../src/rollout/candidate-evaluator.js';
import { silentLogger } from '../../fixtures/plan-message.js';
import { tinyModelFolder } from '../../fixtures/tiny-model.js';
import { makeKernelPlanner, makePlanner } from '../../fixtures/planners.js';

/** Vulkan on the processor, as Debian's chromium package ships it. */
const SWIFTSHADER = '/usr/lib/chromium/vk_swiftshader_icd.json';
const reacherFolder = fileURLToPath(new URL('../../../models/reacher', import.meta.url));

const hasSwiftShader = existsSync(SWIFTSHADER);

// Read by the Vulkan loader when the first WebGPU session opens. Every test file has a process of its own.
if (hasSwiftShader) process.env['VK_ICD_FILENAMES'] = SWIFTSHADER;

describe('WebGPU', () => {
  beforeEach(({ skip }) => {
    skip(!hasSwiftShader, `no ${SWIFTSHADER}: install the Debian packages chromium-common and libvulkan1`);
  });

  it.each([tinyModelFolder, reacherFolder].filter((folder) => existsSync(folder)))(
    'gives the golden outputs of %s',
    async (folder) => {
      const model = await loadModel(folder, { device: 'webgpu' });
      expect(model.info.device).toBe('webgpu');
      await model.dispose();
    },
  );

  it.each(['step by step', 'by iterations', 'in one graph'])(
    'makes the plan that the cpu makes, %s',
    async (how) => {
      const plans: Float32Array[] = [];
      for (const device of ['cpu', 'webgpu'] as const) {
        const model = await loadModel(tinyModelFolder, { device });
        plans.push((await (await plannerOf(model, how)).plan(null, context, createRng(1))).actions);
        await model.dispose();
      }
      const [cpu, webgpu] = plans;
      for (const [i, value] of webgpu?.entries() ?? []) expect(value).toBeCloseTo(cpu?.[i] ?? NaN, 4);
      expect(webgpu).toHaveLength(20);
    },
  );

  it('runs every operator of an iteration there, and of a plan all but the loop and the count of its rounds', async () => {
    const model = await loadModel(tinyModelFolder, { device: 'webgpu' });
    const folder = await mkdtemp(join(tmpdir(), 'jepa-mpc-placement-'));
    const [iteration, plan] = [join(folder, 'iteration'), join(folder, 'plan')];
    const { request, shape, options } = partsOf(model);
    const scorer = await model.rollouts.scorer(request, { profilePrefix: iteration });
    const kernel = await model.rollouts.plan(request, 'elites', { profilePrefix: plan });
    await makeKernelPlanner('cem', shape, kernel, scorer, options).plan(null, context, createRng(1));
    await Promise.all([scorer.dispose(), kernel.dispose()]);
    expect(await operatorsOnTheCpu(iteration)).toEqual([]);
    expect(await operatorsOnTheCpu(plan)).toEqual(['Loop', 'Reshape']);
    await rm(folder, { recursive: true });
    await model.dispose();
  });

  it('plans in float32, and says so, where it cannot compute in half precision', async () => {
    const model = await loadModel(reacherFolder, { device: 'webgpu' });
    const { latent, history, action } = model.manifest;
    const zeros = (...dims: number[]): Tensor => ({
      data: new Float32Array(dims.reduce((product, size) => product * size, 1)),
      shape: dims,
    });
    const situation = {
      history: zeros(1, history.window, latent.tokens, latent.dim),
      goal: zeros(1, latent.tokens, latent.dim),
      committed: new Float32Array(0),
    };
    const horizon = 1;
    const rolloutRequest = {
      ...partsOf(model).request,
      horizon,
      precision: 'float16',
      kind: 'iteration',
      planner: null,
    } as const;
    const rollout = await buildRollout(model, rolloutRequest, situation, createRng(1), silentLogger);
    // SwiftShader has no half-precision arithmetic.
    expect(rollout.fallbacks).toMatchObject([
      { instead: 'float32', reason: expect.stringContaining('f16') as string },
    ]);
    const candidates = new Float32Array(4 * horizon * action.block * action.joints.length);
    expect(await rollout.scorer.score(situation, candidates)).toHaveLength(4);
    await rollout.dispose();
    await model.dispose();
    // The shipped model takes a software device a while.
  }, 60_000);
});

/** Of a profiled session, in the order of their names. */
async function operatorsOnTheCpu(prefix: string): Promise<string[]> {
  const names = await readdir(dirname(prefix));
  const file = names.find((name) => name.startsWith(basename(prefix)) && name.endsWith('.json')) ?? '';
  const events = JSON.parse(await readFile(join(dirname(prefix), file), 'utf8')) as readonly {
    readonly cat: string;
    readonly args?: { readonly provider?: string; readonly op_name?: string };
  }[];
  const operators = events.filter(
    ({ cat, args }) => cat === 'Node' && args?.provider === 'CPUExecutionProvider',
  );
  return [...new Set(operators.map(({ args }) => args?.op_name ?? ''))].sort();
}

const context: PlanContext = {
  history: { data: new Float32Array(4), shape: [1, 2, 1, 2] },
  goal: { data: Float32Array.of(0.7, -0.4), shape: [1, 1, 2] },
  committed: Float32Array.of(0.5, 0),
};

function partsOf({ manifest }: LoadedModel) {
  const { latent, history, action, plannerDefaults, objective } = manifest;
  const { actionPenalty, momentum = 0, actionRepeat = 1, ...others } = plannerDefaults;
  const options = { ...others, momentum, actionRepeat };
  const spec: ObjectiveSpec = {
    metric: objective.default,
    steps: objective.steps,
    expression: null,
    weights: { action: actionPenalty, smoothness: 0, limit: 0, limitMargin: 0, limitMarginM: 0 },
  };
  const request = { objective: spec, horizon: options.horizon, precision: 'float32' } as const;
  return { shape: { latent, history, action }, spec, request, options };
}

async function plannerOf(model: LoadedModel, how: string): Promise<Planner> {
  const { shape, spec, request, options } = partsOf(model);
  if (how === 'step by step') {
    const rolled = { ...shape, predictor: model.predictor };
    const scorer = new CandidateEvaluator(rolled, model.temporalDistance, spec, options.horizon);
    return makePlanner('cem', shape, scorer, options);
  }
  const scorer = await model.rollouts.scorer(request);
  if (how === 'by iterations') return makePlanner('cem', shape, scorer, options);
  return makeKernelPlanner('cem', shape, await model.rollouts.plan(request, 'elites'), scorer, options);
}
