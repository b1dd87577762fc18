import { performance } from 'node:perf_hooks';

import { JepaMpcError } from '../core/errors.js';
import type { FrameSet, ModelInfo } from '../core/model-info.js';
import type { PlanContext, PlannerState } from '../core/ports.js';
import type { CandidateSample, Fallback, Logger, Plan, Tensor } from '../core/types.js';
import { createRng, deriveSeed } from '../math/rng.js';
import { loadModel } from '../model/load-model.js';
import type { LoadedModel } from '../model/load-model.js';
import { KeptByStamp } from './kept-by-stamp.js';
import type { ExplainMessage, FrameReference, PlanMessage } from './worker-protocol.js';
import type { PlanningValues } from '../planning/planning-parameters.js';
import { sampleCandidates } from '../planning/candidate-sample.js';
import { costTerms } from '../planning/objectives/cost-terms.js';
import { replayedClock } from '../planning/stop-rule.js';
import { PlannerFactory } from './planner-factory.js';
import { Explainer } from './explainer.js';
import { FrameEncoder } from './frame-encoder.js';
import type { DistanceMap, PlannerSettings } from './planner-port.js';
import type { PlannerInForce } from './planner-factory.js';
import { settingsOfTiming, timePlan } from './plan-timing.js';
import { makeStillPlan, proposalOf } from './still-plan.js';

const wallClock = (): number => performance.now();

/**
 * What runs in the planner worker: a loaded model and everything between frames and a plan. The latents of encoded frames are cached while a
 * history window can still need them, until a plan fails or the robot is reset.
 */
export class PlannerEngine {
  readonly #model: LoadedModel;
  readonly #logger: Logger;
  readonly #seed: number;
  readonly #fallbacks: readonly Fallback[];
  readonly #frames: FrameEncoder;
  readonly #explainer: Explainer;
  readonly #latents = new KeptByStamp<Tensor>();
  #goal: { readonly stampNs: bigint; readonly latent: Tensor } | null = null;
  readonly #factory: PlannerFactory;
  /** The rollout of the last plan, or of the warm-up. */
  #tried: PlannerInForce['rollout'] | null = null;
  #warmStart: { readonly state: PlannerState; readonly frameStampNs: bigint } | null = null;
  /** Clock of time budgets. */
  #budgetClock = wallClock;

  private constructor(model: LoadedModel, seed: number, logger: Logger, fallbacks: readonly Fallback[]) {
    this.#model = model;
    this.#fallbacks = fallbacks;
    this.#logger = logger;
    this.#seed = seed;
    this.#factory = new PlannerFactory(model, logger, () => this.#budgetClock());
    this.#frames = new FrameEncoder(model);
    this.#explainer = new Explainer(model, this.#frames);
  }

  /**
   * @param fallbacks what is done instead of what was requested, to report with every plan
   * @throws JepaMpcError for every way in which a model folder can be wrong.
   */
  static async load(
    settings: PlannerSettings,
    logger: Logger,
    fallbacks: readonly Fallback[] = [],
  ): Promise<PlannerEngine> {
    const startMs = performance.now();
    const { model: folder, device, seed, 'onnx.threads': threads } = settings.parameters;
    const { warmUp } = settings;
    const model = await loadModel(folder, {
      device,
      threads,
      logger,
      ...(warmUp && {
        plans: {
          settings: settingsOfTiming(warmUp),
          timeMs: (loaded) => timePlan(loaded, warmUp, seed, wallClock),
        },
      }),
    });
    const { name, licence } = model.manifest;
    const tookMs = performance.now() - startMs;
    logger.info(`model read and checked in ${tookMs.toFixed(0)} ms: ${name}, licence ${licence}`);
    const engine = new PlannerEngine(model, seed, logger, fallbacks);
    if (warmUp !== null) await engine.#warmUp(warmUp);
    return engine;
  }

  get info(): ModelInfo {
    return this.#model.info;
  }

  /** Whether the next plan with the same values has nothing to compile. */
  get isReady(): boolean {
    return this.#factory.isReady;
  }

  /** Releases the sessions. */
  async dispose(): Promise<void> {
    await this.#factory.dispose();
    await this.#model.dispose();
  }

  /** Encodes what is new, plans, and keeps what the next plan starts from. */
  async plan(request: PlanMessage): Promise<Plan> {
    try {
      return await this.#plan(request);
    } catch (error) {
      // The client assumes that a failed plan clears the cache.
      this.#latents.clear();
      this.#goal = null;
      throw error;
    }
  }

  async #plan(request: PlanMessage): Promise<Plan> {
    const startMs = performance.now();
    const hasBuilt = this.#factory.watchBuilding();
    const { history, encoded } = await this.#encodeHistory(request);
    const goal = await this.#encodeGoal(request.goal);
    const encodedMs = performance.now();

    const { committed, joints, planIndex, values, extras, replayed } = request;
    this.#budgetClock = replayed === undefined ? wallClock : replayedClock(replayed);
    let candidates: CandidateSample | undefined;
    const context: PlanContext = {
      history,
      goal,
      committed,
      joints,
      ...(await proposalOf(this.#model, newest(history), goal)),
      ...(extras.candidates > 0 && {
        onCandidates: (all, costs, elites) => {
          candidates = sampleCandidates(all, costs, extras.candidates, elites);
        },
      }),
    };
    const isFirst = planIndex === 0;
    const judge = createRng(this.#seed);
    const inForce = await this.#factory.plannerFor(values, isFirst, context, judge);
    const frameStampNs = request.history.at(-1)?.stampNs ?? 0n;
    const { rollout } = inForce;
    const isNew = rollout !== this.#tried;
    const { fallbacks } = rollout;
    const state = isFirst ? null : this.#agedWarmStart(frameStampNs);
    const readyMs = performance.now();
    const result = await inForce.planner.plan(state, context, createRng(deriveSeed(this.#seed, planIndex)));
    const searchMs = performance.now() - readyMs;
    this.#warmStart = { state: result.state, frameStampNs };
    this.#tried = rollout;
    // A rollout that fails in the middle of a plan is replaced at once.
    const isFairSample = !isNew && rollout.fallbacks === fallbacks && !hasBuilt();
    const [goalDistance] = await inForce.distance.distance(newest(history), goal);

    const { action } = this.#model.manifest;
    const terms = extras.costTerms
      ? await costTerms(inForce.objective, action, inForce.scorer, context, result.actions)
      : undefined;
    return {
      frameStampNs,
      goalStampNs: request.goal.stampNs,
      actions: result.actions,
      actionSize: action.names.length,
      periodMs: action.periodMs,
      committed: committed.length / action.names.length,
      statistics: {
        planIndex,
        encodeMs: encodedMs - startMs,
        encoded,
        planMs: performance.now() - startMs,
        warmUp: !isFairSample,
        bestCost: result.bestCost,
        meanCost: result.meanCost,
        goalDistance: goalDistance ?? NaN,
        iterations: result.iterations,
        samples: inForce.samples,
        elitesStd: result.elitesStd,
        elitesStdByIteration: result.elitesStdByIteration,
        costVariation: result.costVariation,
        actionsAtBounds: inForce.constraints.shareAtBounds(result.actions, committed),
        ...(result.timeIsUp === true && { timeIsUp: true }),
        rests: result.state.rest?.rested === true,
        rollout: rollout.kind,
        fallbacks: [...this.#fallbacks, ...rollout.fallbacks],
        searchMs,
        ...(terms && { costTerms: terms }),
      },
      ...(candidates && { candidates }),
      ...(extras.latent === true && { latent: newest(history).data.slice() }),
    };
  }

  /** A piece of a heat map of the distance. It changes nothing that plans depend on; see {@link Explainer.explain}. */
  explain(message: ExplainMessage): Promise<DistanceMap | null> {
    return this.#explainer.explain(message);
  }

  /** Compiles what the values of the last plan need and is not compiled yet. Call it after that plan was sent. */
  buildPending(): void {
    this.#factory.buildPending();
  }

  /**
   * Compiles the rollout and makes a plan from black images, so that the first real one takes no longer than those after it. Wrong values
   * are only logged: the first plan fails with them, and by then they may have been corrected.
   */
  async #warmUp(values: PlanningValues): Promise<void> {
    const precision = values['rollout.precision'];
    if (precision !== 'float32') {
      this.#logger.info(`not warmed up: ${precision} is judged by the first real frame`);
      return;
    }
    const startMs = performance.now();
    try {
      const planners = { frames: this.#frames, factory: this.#factory };
      const { rollout } = await makeStillPlan(this.#model, planners, values, this.#seed);
      this.#tried = rollout;
      const tookMs = performance.now() - startMs;
      this.#logger.info(`warmed up in ${tookMs.toFixed(0)} ms; rollout: ${rollout.kind}`);
    } catch (error) {
      if (!(error instanceof JepaMpcError)) throw error;
      this.#logger.warn(`not warmed up: ${error.message}`);
    }
  }

  /** `[1, W, N, D]`, oldest first, and how many frame sets were encoded for it. */
  async #encodeHistory({ history: references, oldestNs, planIndex }: PlanMessage): Promise<{
    readonly history: Tensor;
    readonly encoded: number;
  }> {
    const { tokens, dim } = this.#model.manifest.latent;
    const size = tokens * dim;
    if (planIndex === 0) this.#latents.clear();
    this.#latents.forgetOutside(oldestNs, references.at(-1)?.stampNs ?? 0n);
    const used = new Map<bigint, Tensor>();
    const data = new Float32Array(references.length * size);
    let encoded = 0;
    for (const [index, reference] of references.entries()) {
      const { stampNs } = reference;
      let latent = used.get(stampNs) ?? this.#latents.get(stampNs);
      if (latent === undefined) {
        latent = await this.#frames.encode(pixelsOf(reference));
        encoded += 1;
      }
      used.set(stampNs, latent);
      data.set(latent.data, index * size);
    }
    this.#latents.keep(used);
    return { history: { data, shape: [1, references.length, tokens, dim] }, encoded };
  }

  async #encodeGoal(reference: FrameReference): Promise<Tensor> {
    if (this.#goal?.stampNs !== reference.stampNs) {
      this.#goal = {
        stampNs: reference.stampNs,
        latent: await this.#frames.encodeGoal(pixelsOf(reference)),
      };
    }
    return this.#goal.latent;
  }

  #agedWarmStart(frameStampNs: bigint): PlannerState | null {
    if (this.#warmStart === null) return null;
    return { ...this.#warmStart.state, ageMs: Number(frameStampNs - this.#warmStart.frameStampNs) / 1e6 };
  }
}

/** @throws JepaMpcError `planner.not-ready` if there is only a stamp */
function pixelsOf({ set, stampNs }: FrameReference): FrameSet {
  if (set !== null) return set;
  throw new JepaMpcError('planner.not-ready', {
    subject: `frame stamped ${String(stampNs)} ns`,
    found: 'a stamp without pixels',
    expected: 'the pixels of a frame that was not encoded before',
    remedy: 'This is a defect: please report it. The next plan sends the frame again.',
  });
}

/** The newest latent `[1, N, D]` of a history `[1, W, N, D]`. */
function newest(history: Tensor): Tensor {
  const [, window = 1, tokens = 1, dim = 1] = history.shape;
  return { data: history.data.subarray((window - 1) * tokens * dim), shape: [1, tokens, dim] };
}
