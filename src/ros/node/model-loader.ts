import type { ModelInfo } from '../../core/model-info.js';
import type { Logger } from '../../core/types.js';
import type { Parameters } from '../../params/schema.js';
import type { PlannerPort } from '../../planning/planner-port.js';
import { loopSettings } from '../parameters/loop-settings.js';

export interface ModelLoaderOptions {
  readonly planner: PlannerPort;
  readonly parameters: () => Parameters;
  readonly log: Logger;
  /** Throws a JepaMpcError for settings that the model cannot plan with. */
  readonly checkModel: (model: ModelInfo) => void;
}

/** Loads the model of the parameters into a planner. */
export class ModelLoader {
  readonly #options: ModelLoaderOptions;

  constructor(options: ModelLoaderOptions) {
    this.#options = options;
  }

  /** Rejects with what the planner or `checkModel` refuse. */
  async load(): Promise<ModelInfo> {
    const model = await this.reload();
    this.#options.checkModel(model);
    return model;
  }

  /** For a planner that died: the model has been checked before. */
  reload(): Promise<ModelInfo> {
    const values = this.#options.parameters();
    this.#options.log.info(`loading the model in ${values.model}, device ${values.device}`);
    return this.#options.planner.load({
      modelFolder: values.model,
      device: values.device,
      threads: values['onnx.threads'],
      seed: values.seed,
      warmUp: loopSettings(values).tuning,
      loadTimeoutMs: values['planning.load_timeout_s'] * 1000,
    });
  }
}
