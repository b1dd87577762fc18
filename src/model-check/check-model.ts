import { cpus } from 'node:os';
import { performance } from 'node:perf_hooks';

import type { Logger } from '../core/types.js';
import type { DeviceChoice } from '../model/devices.js';
import { loadModel } from '../model/load-model.js';
import { readGolden } from '../model/model-files.js';
import { defaultsOf } from '../core/parameter.js';
import { planningParameters } from '../planning/planning-parameters.js';
import { loadParameters } from '../worker/planner-port.js';
import { measurePlanning } from './measure-planning.js';
import type { ModelCard } from './model-card.js';

const FLOAT_BYTES = 4;

/**
 * Checks a model folder against the contract, as the node does when it loads one, and plans with it with the node's default parameters.
 *
 * @throws JepaMpcError for everything that does not fit: whatever {@link loadModel} and {@link measurePlanning} throw
 */
export async function checkModel(folder: string, device: DeviceChoice, logger: Logger): Promise<ModelCard> {
  const threads = loadParameters['onnx.threads'].defaultValue;
  const model = await loadModel(folder, { device, threads, logger });
  try {
    const { manifest, info, graphs } = model;
    const defaults = defaultsOf(planningParameters);
    const golden = await readGolden(folder, manifest);
    const planning = await measurePlanning(model, golden, defaults, logger, () => performance.now());
    const processors = cpus();
    return {
      manifest,
      sha256: info.sha256,
      graphs,
      parameters: graphs.reduce((total, graph) => total + graph.parameters, 0),
      latentBytesPerCandidate: planning.horizon * manifest.latent.tokens * manifest.latent.dim * FLOAT_BYTES,
      planning,
      device: model.device,
      threads,
      machine: `${processors[0]?.model ?? 'unknown processor'}, ${String(processors.length)} cores`,
    };
  } finally {
    await model.dispose();
  }
}
