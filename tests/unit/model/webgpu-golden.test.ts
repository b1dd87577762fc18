import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it } from 'vitest';

import type { ObjectiveSpec } from '../../../src/core/objective-spec.js';
import type { PlanContext, Planner } from '../../../src/core/ports.js';
import { createRng } from '../../../src/math/rng.js';
import { loadModel, type LoadedModel } from '../../../src/model/load-model.js';
import { CandidateEvaluator } from '../../../src/planning/candidate-evaluator.js';
import { KernelPlanner } from '../../../src/planning/kernel-planner.js';
import { createPlanner } from '../../../src/planning/registry.js';
import { tinyModelFolder } from '../../fixtures/tiny-model.js';

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
});

const context: PlanContext = {
  history: { data: new Float32Array(4), shape: [1, 2, 1, 2] },
  goal: { data: Float32Array.of(0.7, -0.4), shape: [1, 1, 2] },
  committed: Float32Array.of(0.5, 0),
};

async function plannerOf(model: LoadedModel, how: string): Promise<Planner> {
  const { latent, history, action, plannerDefaults, objective } = model.manifest;
  const { actionPenalty, ...options } = plannerDefaults;
  const shape = { latent, history, action };
  const spec: ObjectiveSpec = {
    metric: objective.default,
    steps: objective.steps,
    expression: null,
    weights: { action: actionPenalty, smoothness: 0, limit: 0, limitMargin: 0 },
  };
  const request = { objective: spec, horizon: options.horizon, precision: 'float32' } as const;
  if (how === 'step by step') {
    const rolled = { ...shape, predictor: model.predictor };
    const scorer = new CandidateEvaluator(rolled, model.temporalDistance, spec, options.horizon);
    return createPlanner('cem', shape, scorer, options);
  }
  const scorer = await model.rollouts.scorer(request);
  if (how === 'by iterations') return createPlanner('cem', shape, scorer, options);
  return new KernelPlanner('cem', shape, await model.rollouts.plan(request, 'elites'), scorer, options);
}
