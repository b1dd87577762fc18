import { JepaMpcError } from '../core/errors.js';
import type { Fallback, Logger, Plan } from '../core/types.js';
import { PlannerEngine } from './planner-engine.js';
import type { PlannerSettings } from './planner-port.js';
import type { PlanMessage } from './worker-protocol.js';

/** Loads an engine that reports a fallback with every plan, if there is one. */
type LoadEngine = (
  settings: PlannerSettings,
  logger: Logger,
  fallbacks: readonly Fallback[],
) => Promise<PlannerEngine>;

/**
 * An engine that moves to the CPU when its device fails in a way that a smaller rollout does not mend: a lost GPU, or too little memory for
 * the encoder. Only `device: auto` moves. A device that was chosen by name keeps failing, so that nobody plans on the CPU without knowing.
 */
export class DeviceGuard {
  readonly #settings: PlannerSettings;
  readonly #logger: Logger;
  readonly #load: LoadEngine;
  #engine: PlannerEngine;

  private constructor(settings: PlannerSettings, logger: Logger, load: LoadEngine, engine: PlannerEngine) {
    this.#settings = settings;
    this.#logger = logger;
    this.#load = load;
    this.#engine = engine;
  }

  /** @throws JepaMpcError as {@link PlannerEngine.load} */
  static async load(
    settings: PlannerSettings,
    logger: Logger,
    load: LoadEngine = (...args) => PlannerEngine.load(...args),
  ): Promise<DeviceGuard> {
    return new DeviceGuard(settings, logger, load, await load(settings, logger, []));
  }

  /** The engine in force. */
  get engine(): PlannerEngine {
    return this.#engine;
  }

  /** @throws JepaMpcError as {@link PlannerEngine.plan}. A failed run is thrown too: the next plan, with all its frames, runs on the CPU. */
  async plan(message: PlanMessage): Promise<Plan> {
    try {
      return await this.#engine.plan(message);
    } catch (error) {
      if (error instanceof JepaMpcError && error.code === 'model.run-failed' && this.#mayMove())
        await this.#moveToCpu(error);
      throw error;
    }
  }

  #mayMove(): boolean {
    return this.#settings.parameters.device === 'auto' && this.#engine.info.device !== 'cpu';
  }

  async #moveToCpu({ facts }: JepaMpcError): Promise<void> {
    const failed = this.#engine;
    const { device } = failed.info;
    const fallback: Fallback = {
      instead: 'the whole model on the cpu',
      reason: `device ${device} failed: ${facts.subject}: ${facts.found}`,
      remedy: 'See what the driver reports (dmesg, nvidia-smi), then start the node again.',
    };
    this.#logger.warn(`Planning goes on with ${fallback.instead}: ${fallback.reason}. ${fallback.remedy}`);
    const parameters = { ...this.#settings.parameters, device: 'cpu' as const };
    this.#engine = await this.#load({ ...this.#settings, parameters }, this.#logger, [fallback]);
    await failed.dispose().catch((error: unknown) => {
      this.#logger.debug(`sessions on ${device} are not released: ${String(error)}`);
    });
  }
}
