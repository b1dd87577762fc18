import { JepaMpcError } from '../core/errors.js';
import type { ActionSpec } from '../core/model-spec.js';
import type { ObjectiveSpec } from '../core/objective-spec.js';
import type { CandidateScorer, Objective, PlanContext, Planner, Rng } from '../core/ports.js';
import type { Fallback, Logger } from '../core/types.js';
import type { LoadedModel } from '../model/load-model.js';
import { boundedAction } from '../planning/action-bounds.js';
import { ActionConstraints } from '../planning/action-constraints.js';
import type { PlanningValues } from '../planning/planning-parameters.js';
import { isKernelPlanner, KernelPlanner, whyIterateOnHost } from '../planning/kernel-planner.js';
import { createObjective } from '../planning/objectives/distances.js';
import { isModelsOwn, objectiveSpec } from '../planning/objectives/objective-settings.js';
import { checkProposals } from '../planning/inverse-dynamics.js';
import { createPlanner, isBaseline, plannerDefaultsOf } from '../planning/registry.js';
import { proposalMargin, ProposalPlanner } from '../planning/proposal-planner.js';
import { restOptions, RestingPlanner } from '../planning/resting-planner.js';
import { samplingSettings, type SamplingSettings } from '../planning/sampling-settings.js';
import { FallbackPlanner } from '../planning/fallback-planner.js';
import {
  buildRollout,
  rolloutKey,
  type RolloutInForce,
  type RolloutKind,
  type RolloutSpec,
} from '../rollout/build-rollout.js';

/** The planner that makes plans now, with what belongs to it. */
export interface PlannerInForce {
  readonly planner: Planner;
  /** The metric of the objective, for the reported distance of the present latent. */
  readonly distance: Objective;
  /** Kind of rollout, and what was replaced by a fallback; both may change with a plan. */
  readonly rollout: Pick<RolloutInForce, 'kind' | 'fallbacks'>;
  readonly scorer: CandidateScorer;
  readonly objective: ObjectiveSpec;
  /** Candidates of an iteration (the first, where they become fewer). */
  readonly samples: number;
  readonly constraints: ActionConstraints;
}

/** Values with everything that follows from them. */
interface PlannerSetup {
  readonly key: string;
  readonly values: PlanningValues;
  readonly action: ActionSpec;
  readonly settings: SamplingSettings;
  readonly spec: RolloutSpec;
  /** Requested values that cannot be served. */
  readonly fallbacks: readonly Fallback[];
}

/** A rollout that is built while another one is in force. */
interface PendingRollout {
  readonly setup: PlannerSetup;
  /** Starts building. */
  readonly start: () => void;
  readonly built: Promise<RolloutInForce | JepaMpcError>;
}

/**
 * Makes the planner for the values of the parameters. A change that needs no compiling takes effect with the next plan. A change that does
 * (horizon, metric, expression, precision) is built after that plan, which is still made with the planner in force, and before the one after
 * it. Only the first plan after a reset waits for it, since the robot is not moving then.
 */
export class PlannerFactory {
  readonly #model: LoadedModel;
  readonly #logger: Logger;
  readonly #nowMs: () => number;
  #current: (PlannerInForce & { readonly key: string }) | null = null;
  #rollout: { readonly inForce: RolloutInForce; readonly key: string } | null = null;
  #pending: PendingRollout | null = null;
  /** Key of values that were refused while others are in force. */
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
   * The planner for these values, or, while its rollout is still to be built, the one in force. The first plan with values that are refused
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
      return await this.#change(this.#setupOf(values, key), isFirst, context, rng);
    } catch (error) {
      this.#refusedKey = key;
      throw error;
    }
  }

  /** Whether there is a planner in force and no other is pending. */
  get isReady(): boolean {
    return this.#current !== null && this.#pending === null;
  }

  /**
   * Watches whether a rollout is built, or its precision judged, from now on.
   *
   * @returns a function that says whether one has been, until its call
   */
  watchBuilding(): () => boolean {
    const wasBuilding = this.#building > 0;
    const begunBefore = this.#begun;
    return () => wasBuilding || this.#begun > begunBefore;
  }

  /** Builds the pending rollout, with the planner in force unchanged. Call it after the plan was handed out. */
  buildPending(): void {
    this.#pending?.start();
  }

  async dispose(): Promise<void> {
    await this.#dropPending();
    await this.#rollout?.inForce.dispose();
  }

  async #change(
    setup: PlannerSetup,
    isFirst: boolean,
    context: PlanContext,
    rng: Rng,
  ): Promise<PlannerInForce> {
    const key = builtFor(setup);
    if (this.#rollout?.key === key) {
      const { inForce } = this.#rollout;
      const planner = this.#make(setup, inForce);
      inForce.setWeights(setup.spec.objective.weights);
      return this.#putInForce(setup, planner, inForce);
    }
    if (this.#pending !== null && builtFor(this.#pending.setup) === key) {
      this.#pending.start();
      const built = await this.#pending.built;
      this.#pending = null;
      if (built instanceof JepaMpcError) throw built;
      return this.#swap(setup, key, built);
    }
    await this.#dropPending();
    const build = async (): Promise<RolloutInForce> => {
      this.#building += 1;
      this.#begun += 1;
      try {
        return await buildRollout(this.#model, setup.spec, context, rng, this.#logger, setup.fallbacks);
      } finally {
        this.#building -= 1;
      }
    };
    if (this.#current === null || isFirst) return this.#swap(setup, key, await build());
    this.#pending = pendingRollout(setup, build);
    return this.#current;
  }

  async #swap(setup: PlannerSetup, key: string, built: RolloutInForce): Promise<PlannerInForce> {
    const old = this.#rollout;
    try {
      const planner = this.#make(setup, built);
      built.setWeights(setup.spec.objective.weights);
      this.#rollout = { inForce: built, key };
      return this.#putInForce(setup, planner, built);
    } catch (error) {
      await built.dispose();
      throw error;
    } finally {
      if (this.#rollout !== old) await old?.inForce.dispose();
    }
  }

  #putInForce(
    { key, spec, settings, action }: PlannerSetup,
    planner: Planner,
    rollout: RolloutInForce,
  ): PlannerInForce {
    const { objective } = spec;
    const { scorer } = rollout;
    const distance = createObjective(objective.metric, this.#model.temporalDistance, objective.streams);
    const constraints = new ActionConstraints(action, settings);
    const { samples } = settings;
    this.#current = { key, planner, distance, rollout, scorer, objective, samples, constraints };
    return this.#current;
  }

  #make({ values, action, settings, spec }: PlannerSetup, rollout: RolloutInForce): Planner {
    const { latent, history } = this.#model.manifest;
    const model = { latent, history, action };
    const { scorer, kernel } = rollout;
    const onHost = (): Planner => createPlanner(values.planner, model, scorer, settings, values);
    const planner =
      kernel === null || spec.planner === null
        ? onHost()
        : new FallbackPlanner(
            new KernelPlanner(spec.planner, model, kernel, scorer, settings, values),
            onHost,
            (failure) => rollout.dropKernel(failure),
          );
    const { planning } = this.#model.info;
    if (isBaseline(values.planner)) return planner;
    const { restMargin = 0, proposalMargin: departure = 0 } = isModelsOwn(spec.objective, planning)
      ? planning.plannerDefaults
      : {};
    const rest = restOptions(values, restMargin);
    const resting = rest === null ? planner : new RestingPlanner(planner, model, scorer, settings, rest);
    const margin = planning.hasInverseDynamics ? proposalMargin(values, departure) : 0;
    return margin === 0 ? resting : new ProposalPlanner(resting, model, scorer, settings, margin);
  }

  #setupOf(values: PlanningValues, key: string): PlannerSetup {
    const { planning } = this.#model.info;
    checkProposals(values.planner, planning);
    const action = boundedAction(values, planning.action);
    const defaults = plannerDefaultsOf(values.planner);
    const settings = samplingSettings(values, { ...planning, action }, defaults, this.#nowMs);
    const objective = objectiveSpec(values, planning);
    const { kind, fallbacks } = this.#kindOf(values, settings, action);
    const planner = kind === 'plan' && isKernelPlanner(values.planner) ? values.planner : null;
    const precision = values['rollout.precision'];
    const spec = { objective, horizon: settings.horizon, precision, kind, planner };
    return { key, values, action, settings, spec, fallbacks };
  }

  /** On the cpu a run has little overhead, and the host's planners can do more; elsewhere every run is a round trip to the device. */
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

  async #dropPending(): Promise<void> {
    const dropped = this.#pending;
    this.#pending = null;
    if (dropped === null) return;
    // A build that never starts never ends.
    dropped.start();
    const built = await dropped.built;
    if (!(built instanceof JepaMpcError)) await built.dispose();
  }
}

/** A key of what a rollout is built for: it also reports which requested values are not served. */
function builtFor({ spec, fallbacks }: PlannerSetup): string {
  return JSON.stringify([rolloutKey(spec), fallbacks]);
}

function pendingRollout(setup: PlannerSetup, build: () => Promise<RolloutInForce>): PendingRollout {
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
  return { setup, start: begin, built };
}
