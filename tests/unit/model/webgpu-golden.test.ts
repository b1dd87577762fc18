import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it } from 'vitest';

import { createRng } from '../../../src/math/rng.js';
import { loadModel } from '../../../src/model/load-model.js';
import { CandidateEvaluator } from '../../../src/planning/candidate-evaluator.js';
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

  it('makes the plan that the cpu makes', async () => {
    const plans: Float32Array[] = [];
    for (const device of ['cpu', 'webgpu'] as const) {
      const model = await loadModel(tinyModelFolder, { device });
      const { latent, history, action, plannerDefaults, objective } = model.manifest;
      const { actionPenalty, ...options } = plannerDefaults;
      const rolled = { predictor: model.predictor, latent, history, action };
      const scorer = new CandidateEvaluator(
        rolled,
        model.temporalDistance,
        {
          metric: objective.default,
          steps: objective.steps,
          expression: null,
          weights: { action: actionPenalty, smoothness: 0, limit: 0, limitMargin: 0 },
        },
        options.horizon,
      );
      const planner = createPlanner('cem', rolled, scorer, options);
      const context = {
        history: { data: new Float32Array(4), shape: [1, 2, 1, 2] },
        goal: { data: Float32Array.of(0.7, -0.4), shape: [1, 1, 2] },
        committed: Float32Array.of(0.5, 0),
      };
      plans.push((await planner.plan(null, context, createRng(1))).actions);
      await model.dispose();
    }
    const [cpu, webgpu] = plans;
    for (const [i, value] of webgpu?.entries() ?? []) expect(value).toBeCloseTo(cpu?.[i] ?? NaN, 4);
    expect(webgpu).toHaveLength(20);
  });
});
