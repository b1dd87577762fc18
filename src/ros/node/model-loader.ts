import { valuesOf } from '../../core/parameter.js';
import type { ModelInfo } from '../../core/model-info.js';
import type { Logger } from '../../core/types.js';
import type { Parameters } from '../../params/schema.js';
import { planningParameters } from '../../planning/planning-parameters.js';
import { loadParameters, type PlannerPort } from '../../worker/planner-port.js';

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
      parameters: valuesOf(loadParameters, values),
      warmUp: valuesOf(planningParameters, values),
    });
  }
}
