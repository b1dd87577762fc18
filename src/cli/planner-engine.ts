import { performance } from 'node:perf_hooks';

import { JepaMpcError } from '../core/errors.js';
import type { FrameSet, ModelInfo } from '../core/model-info.js';
import type { ObjectiveName, ObjectiveSteps } from '../core/model-spec.js';
import type { Objective, Planner, PlannerState } from '../core/ports.js';
import type { Logger, Plan, Tensor } from '../core/types.js';
import { createRng, deriveSeed } from '../math/rng.js';
import { loadModel } from '../model/load-model.js';
import type { LoadedModel } from '../model/load-model.js';
import type { PlannerSettings, PlannerTuning } from '../pipeline/planner-port.js';
import type { FrameReference, PlanMessage } from '../pipeline/worker-protocol.js';
import { createObjective } from '../planning/objectives.js';
import type { PlannerOptions } from '../planning/planner-options.js';
import { createPlanner } from '../planning/registry.js';
import { ImageToTensor } from '../vision/image-to-tensor.js';

/**
 * What runs in the planner worker: a loaded model and everything between frames and a plan. Latents of frames it has seen are kept as long as
 * the history window can still ask for them.
 */
export class PlannerEngine {
  readonly #model: LoadedModel;
  readonly #seed: number;
  readonly #images: readonly ImageToTensor[];
  #latents = new Map<bigint, Tensor>();
  #goal: { readonly stampNs: bigint; readonly latent: Tensor } | null = null;
  #tuningKey = '';
  #planner: Planner | null = null;
  #objective: Objective | null = null;
  #warmStart: { readonly mean: Float32Array; readonly frameStampNs: bigint } | null = null;

  private constructor(model: LoadedModel, seed: number) {
    this.#model = model;
    this.#seed = seed;
    this.#images = model.manifest.cameras.map((camera) => new ImageToTensor(camera));
  }

  /** @throws JepaMpcError for every way in which a model folder can be wrong. */
  static async load(settings: PlannerSettings, logger: Logger): Promise<PlannerEngine> {
    const model = await loadModel(settings.modelFolder, {
      device: settings.device,
      threads: settings.threads,
      logger,
    });
    return new PlannerEngine(model, settings.seed);
  }

  get info(): ModelInfo {
    return this.#model.info;
  }

  /** Gives the sessions back. */
  dispose(): Promise<void> {
    return this.#model.dispose();
  }

  /** Encodes what is new, plans, and keeps what the next plan starts from. */
  async plan(request: PlanMessage): Promise<Plan> {
    const startMs = performance.now();
    const history = await this.#encodeHistory(request.history);
    const goal = await this.#encodeGoal(request.goal);
    const encodedMs = performance.now();

    const { planner, objective } = this.#plannerFor(request.tuning);
    const frameStampNs = request.history.at(-1)?.stampNs ?? 0n;
    const state = request.planIndex === 0 ? null : this.#agedWarmStart(frameStampNs);
    const rng = createRng(deriveSeed(this.#seed, request.planIndex));
    const result = await planner.plan(state, { history, goal, committed: request.committed }, rng);
    this.#warmStart = { mean: result.state.mean, frameStampNs };
    const [goalDistance] = await objective.distance(newest(history), goal);

    const { action } = this.#model.manifest;
    return {
      frameStampNs,
      goalStampNs: request.goal.stampNs,
      actions: result.actions,
      joints: action.joints.length,
      periodMs: action.periodMs,
      committed: request.committed.length / action.joints.length,
      statistics: {
        planIndex: request.planIndex,
        encodeMs: encodedMs - startMs,
        planMs: performance.now() - startMs,
        bestCost: result.bestCost,
        meanCost: result.meanCost,
        goalDistance: goalDistance ?? NaN,
      },
    };
  }

  /** `[1, W, N, D]`, oldest first. */
  async #encodeHistory(references: readonly FrameReference[]): Promise<Tensor> {
    const { tokens, dim } = this.#model.manifest.latent;
    const size = tokens * dim;
    const kept = new Map<bigint, Tensor>();
    const history = new Float32Array(references.length * size);
    for (const [index, reference] of references.entries()) {
      const latent =
        kept.get(reference.stampNs) ??
        this.#latents.get(reference.stampNs) ??
        (await this.#encode(reference));
      kept.set(reference.stampNs, latent);
      history.set(latent.data, index * size);
    }
    this.#latents = kept;
    return { data: history, shape: [1, references.length, tokens, dim] };
  }

  async #encodeGoal(reference: FrameReference): Promise<Tensor> {
    if (this.#goal?.stampNs !== reference.stampNs) {
      this.#goal = { stampNs: reference.stampNs, latent: await this.#encode(reference) };
    }
    return this.#goal.latent;
  }

  /** `[1, N, D]`. */
  async #encode(reference: FrameReference): Promise<Tensor> {
    if (reference.set === null) {
      throw new JepaMpcError('planner.not-ready', {
        subject: `frame stamped ${String(reference.stampNs)} ns`,
        found: 'a stamp without pixels',
        expected: 'the pixels of a frame that was not encoded before',
        remedy: 'This is a defect: please report it. The next plan sends the frame again.',
      });
    }
    const latent = await this.#model.encoder.encode(this.#tensors(reference.set));
    return { data: latent.data.slice(), shape: latent.shape };
  }

  #tensors(set: FrameSet): Tensor[] {
    return this.#images.map((converter, index) => {
      const frame = set.frames[index];
      if (frame === undefined) {
        throw new JepaMpcError('image.size', {
          subject: `images for camera ${converter.spec.name}`,
          found: `${String(set.frames.length)} images`,
          expected: `${String(this.#images.length)}, one for each camera of the model`,
          remedy: 'Give a goal image for each camera.',
        });
      }
      const data = new Float32Array(converter.length);
      converter.write(frame, data);
      return { data, shape: converter.shape };
    });
  }

  #agedWarmStart(frameStampNs: bigint): PlannerState | null {
    if (this.#warmStart === null) return null;
    return { mean: this.#warmStart.mean, ageMs: Number(frameStampNs - this.#warmStart.frameStampNs) / 1e6 };
  }

  /** The planner for this tuning; made anew only when the tuning changed. */
  #plannerFor(tuning: PlannerTuning): { planner: Planner; objective: Objective } {
    const key = Object.values(tuning).join(' ');
    if (this.#planner === null || this.#objective === null || key !== this.#tuningKey) {
      this.#objective = createObjective(this.#objectiveName(tuning), this.#model.temporalDistance);
      this.#planner = createPlanner(
        tuning.planner,
        this.#plannerModel(),
        this.#objective,
        this.#options(tuning),
      );
      this.#tuningKey = key;
      this.#warmStart = null;
    }
    return { planner: this.#planner, objective: this.#objective };
  }

  #plannerModel(): Parameters<typeof createPlanner>[1] {
    const { latent, history, action } = this.#model.manifest;
    return { predictor: this.#model.predictor, latent, history, action };
  }

  #objectiveName(tuning: PlannerTuning): ObjectiveName {
    const name =
      tuning.objective === 'model_default' ? this.#model.manifest.objective.default : tuning.objective;
    return name === 'temporal_distance' ? 'temporal_distance' : 'squared_latent_distance';
  }

  #options(tuning: PlannerTuning): PlannerOptions {
    const { plannerDefaults: defaults, objective } = this.#model.manifest;
    // The model's penalty is in the unit of its own objective, and says nothing beside another one.
    const modelPenalty = this.#objectiveName(tuning) === objective.default ? defaults.actionPenalty : 0;
    const steps: ObjectiveSteps =
      tuning.objectiveSteps === 'model_default'
        ? objective.steps
        : tuning.objectiveSteps === 'last'
          ? 'last'
          : 'all';
    return {
      samples: tuning.samples || defaults.samples,
      iterations: tuning.iterations || defaults.iterations,
      elites: tuning.elites || defaults.elites,
      horizon: tuning.horizon || defaults.horizon,
      initialStd: tuning.initialStd || defaults.initialStd,
      minStd: tuning.minStd || defaults.minStd,
      actionPenalty: tuning.actionPenalty < 0 ? modelPenalty : tuning.actionPenalty,
      objectiveSteps: steps,
    };
  }
}

/** The newest latent `[1, N, D]` of a history `[1, W, N, D]`. */
function newest(history: Tensor): Tensor {
  const [, window = 1, tokens = 1, dim = 1] = history.shape;
  return { data: history.data.subarray((window - 1) * tokens * dim), shape: [1, tokens, dim] };
}
