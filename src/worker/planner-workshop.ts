import { JepaMpcError } from '../core/errors.js';
import type { ActionSpec } from '../core/model-spec.js';
import type { ObjectiveSpec } from '../core/objective-spec.js';
import type { CandidateScorer, Objective, PlanContext, Planner, Rng } from '../core/ports.js';
import type { Fallback, Logger } from '../core/types.js';
import type { LoadedModel } from '../model/load-model.js';
import { boundedAction } from '../planning/action-bounds.js';
import type { PlanningValues } from '../planning/planning-parameters.js';
import { isKernelPlanner, KernelPlanner, whyIterateOnHost } from '../planning/kernel-planner.js';
import { createObjective } from '../planning/objectives/create-objective.js';
import { isModelsOwn, objectiveSpec } from '../planning/objectives/objective-settings.js';
import { createPlanner, plannerDefaultsOf } from '../planning/registry.js';
import { restOptions, RestingPlanner } from '../planning/resting-planner.js';
import { samplingSettings, type SamplingSettings } from '../planning/sampling-settings.js';
import { RelievedPlanner } from '../planning/fallback-planner.js';
import {
  buildRollout,
  rolloutKey,
  type RolloutInForce,
  type RolloutKind,
  type RolloutWish,
} from '../rollout/build-rollout.js';

/** What plans are made with. */
export interface PlannerInForce {
  readonly planner: Planner;
  /** For the figures: what the objective's metric says of the present latent. */
  readonly distance: Objective;
  /** How, and what of that is not as it was asked for; both may change with a plan. */
  readonly rollout: Pick<RolloutInForce, 'kind' | 'fallbacks'>;
  readonly scorer: CandidateScorer;
  readonly objective: ObjectiveSpec;
  /** Candidates of an iteration (the first, where they become fewer). */
  readonly samples: number;
}

/** A tuning with everything that follows from it. */
interface Order {
  readonly key: string;
  readonly values: PlanningValues;
  readonly action: ActionSpec;
  readonly settings: SamplingSettings;
  readonly wish: RolloutWish;
  /** What of the tuning cannot be had. */
  readonly fallbacks: readonly Fallback[];
}

/** A rollout being built beside the one in force. */
interface Beside {
  readonly order: Order;
  /** Starts the building; never rejects. */
  readonly start: () => void;
  readonly built: Promise<RolloutInForce | JepaMpcError>;
}

/**
 * Makes the planner for a tuning. What changes without compiling takes effect with the plan that first asks for it. What has to be compiled
 * (horizon, metric, expression, precision) is built between that plan, which is still made with the planner in force, and the next; only the
 * first plan after a reset waits for it, since nothing is under way then.
 */
export class PlannerWorkshop {
  readonly #model: LoadedModel;
  readonly #logger: Logger;
  readonly #nowMs: () => number;
  #current: (PlannerInForce & { readonly key: string }) | null = null;
  #rollout: { readonly inForce: RolloutInForce; readonly key: string } | null = null;
  #beside: Beside | null = null;
  /** A tuning that was refused while another is in force. */
  #refusedKey = '';
  #building = 0;
  #begun = 0;

  /** @param nowMs clock for time budgets */
  constructor(model: LoadedModel, logger: Logger, nowMs: () => number) {
    this.#model = model;
    this.#logger = logger;
    this.#nowMs = nowMs;
  }

  /**
   * The planner for this tuning, or, while its rollout is still to be built, the one in force. The first plan with a tuning that is refused
   * fails with the reason; those after it go on with the planner in force, if there is one.
   *
   * @param isFirst whether this is the first plan after a reset
   * @param context and `rng` make the candidates that reduced precision is judged by
   * @throws JepaMpcError `params.invalid`, `objective.invalid`, `model.unsupported`
   */
  async plannerFor(
    values: PlanningValues,
    isFirst: boolean,
    context: PlanContext,
    rng: Rng,
  ): Promise<PlannerInForce> {
    const key = JSON.stringify(values);
    if (this.#current !== null && key === this.#refusedKey) return this.#current;
    this.#refusedKey = '';
    if (this.#current?.key === key) return this.#current;
    try {
      return await this.#change(this.#orderOf(values, key), isFirst, context, rng);
    } catch (error) {
      this.#refusedKey = key;
      throw error;
    }
  }

  /** Whether there is a planner in force and none to be built beside it. */
  get isReady(): boolean {
    return this.#current !== null && this.#beside === null;
  }

  /**
   * Watches whether a rollout is built, or its precision judged, from now on.
   *
   * @returns whether one has been, at any time until it is asked
   */
  watchBuilding(): () => boolean {
    const wasBuilding = this.#building > 0;
    const begunBefore = this.#begun;
    return () => wasBuilding || this.#begun > begunBefore;
  }

  /** Builds what the last plan asked for, beside the planner in force. Call it when the plan has been handed out. */
  buildBeside(): void {
    this.#beside?.start();
  }

  async dispose(): Promise<void> {
    await this.#dropBeside();
    await this.#rollout?.inForce.dispose();
  }

  async #change(order: Order, isFirst: boolean, context: PlanContext, rng: Rng): Promise<PlannerInForce> {
    const key = rolloutKey(order.wish);
    if (this.#rollout?.key === key) {
      const { inForce } = this.#rollout;
      const planner = this.#make(order, inForce);
      inForce.setWeights(order.wish.objective.weights);
      return this.#putInForce(order, planner, inForce);
    }
    if (this.#beside !== null && rolloutKey(this.#beside.order.wish) === key) {
      this.#beside.start();
      const built = await this.#beside.built;
      this.#beside = null;
      if (built instanceof JepaMpcError) throw built;
      return this.#swap(order, key, built);
    }
    await this.#dropBeside();
    const build = async (): Promise<RolloutInForce> => {
      this.#building += 1;
      this.#begun += 1;
      try {
        return await buildRollout(this.#model, order.wish, context, rng, this.#logger, order.fallbacks);
      } finally {
        this.#building -= 1;
      }
    };
    if (this.#current === null || isFirst) return this.#swap(order, key, await build());
    this.#beside = beside(order, build);
    return this.#current;
  }

  async #swap(order: Order, key: string, built: RolloutInForce): Promise<PlannerInForce> {
    const old = this.#rollout;
    try {
      const planner = this.#make(order, built);
      built.setWeights(order.wish.objective.weights);
      this.#rollout = { inForce: built, key };
      return this.#putInForce(order, planner, built);
    } catch (error) {
      await built.dispose();
      throw error;
    } finally {
      if (this.#rollout !== old) await old?.inForce.dispose();
    }
  }

  #putInForce({ key, wish, settings }: Order, planner: Planner, rollout: RolloutInForce): PlannerInForce {
    const { objective } = wish;
    const { scorer } = rollout;
    const distance = createObjective(objective.metric, this.#model.temporalDistance, objective.streams);
    this.#current = { key, planner, distance, rollout, scorer, objective, samples: settings.samples };
    return this.#current;
  }

  #make({ values, action, settings, wish }: Order, rollout: RolloutInForce): Planner {
    const { latent, history } = this.#model.manifest;
    const model = { latent, history, action };
    const { scorer, kernel } = rollout;
    const onHost = (): Planner => createPlanner(values.planner, model, scorer, settings, values);
    const planner =
      kernel === null || wish.planner === null
        ? onHost()
        : new RelievedPlanner(
            new KernelPlanner(wish.planner, model, kernel, scorer, settings, values),
            onHost,
            (failure) => rollout.dropKernel(failure),
          );
    const { planning } = this.#model.info;
    const modelMargin = isModelsOwn(wish.objective, planning) ? planning.plannerDefaults.restMargin : 0;
    const rest = restOptions(values, modelMargin ?? 0);
    // The cost decides nothing for a baseline.
    if (rest === null || values.planner === 'random') return planner;
    return new RestingPlanner(planner, model, scorer, settings, rest);
  }

  #orderOf(values: PlanningValues, key: string): Order {
    const { planning } = this.#model.info;
    const action = boundedAction(values, planning.action);
    const defaults = plannerDefaultsOf(values.planner);
    const settings = samplingSettings(values, { ...planning, action }, defaults, this.#nowMs);
    const objective = objectiveSpec(values, planning);
    const { kind, fallbacks } = this.#kindOf(values, settings, action);
    const planner = kind === 'plan' && isKernelPlanner(values.planner) ? values.planner : null;
    const precision = values['rollout.precision'];
    const wish = { objective, horizon: settings.horizon, precision, kind, planner };
    return { key, values, action, settings, wish, fallbacks };
  }

  /** On the cpu a run costs next to nothing, and the host's planners can do more; elsewhere every run is a trip to the device. */
  #kindOf(
    { 'rollout.graph': rollout, planner }: PlanningValues,
    settings: SamplingSettings,
    action: ActionSpec,
  ): { readonly kind: RolloutKind; readonly fallbacks: readonly Fallback[] } {
    const asAsked = (kind: RolloutKind) => ({ kind, fallbacks: [] });
    if (rollout === 'host' || rollout === 'iteration') return asAsked(rollout);
    if (rollout === 'auto' && this.#model.device === 'cpu') return asAsked('iteration');
    const why = whyIterateOnHost(planner, settings, action, this.#model.inverseDynamics !== null);
    if (why === null) return asAsked('plan');
    if (rollout === 'auto') return asAsked('iteration');
    const fallback = {
      instead: 'plans made iteration by iteration',
      reason: `${why} cannot be had in one graph`,
      remedy: 'Set rollout.graph to auto, or use cem, mppi or cma without it.',
    };
    return { kind: 'iteration', fallbacks: [fallback] };
  }

  async #dropBeside(): Promise<void> {
    const dropped = this.#beside;
    this.#beside = null;
    if (dropped === null) return;
    // Waiting for a building that never started would be waiting for ever.
    dropped.start();
    const built = await dropped.built;
    if (!(built instanceof JepaMpcError)) await built.dispose();
  }
}

function beside(order: Order, build: () => Promise<RolloutInForce>): Beside {
  let begin: () => void = () => undefined;
  const started = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const built = started.then(build).catch((error: unknown) => {
    if (error instanceof JepaMpcError) return error;
    return new JepaMpcError('model.unsupported', {
      subject: 'rollout graph',
      found: error instanceof Error ? error.message : String(error),
      expected: 'a graph that compiles',
      remedy: 'Set rollout.graph to host; please report it.',
      cause: error,
    });
  });
  return { order, start: begin, built };
}
