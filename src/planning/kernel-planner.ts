import { at, f32 } from '../core/array-access.js';
import type { ActionSpec } from '../core/model-spec.js';
import { choice, dynamic } from '../core/parameter.js';
import type {
  CandidateScorer,
  PlanContext,
  PlanEnd,
  PlanKernel,
  Planner,
  PlannerResult,
  PlannerState,
  Rng,
} from '../core/ports.js';
import { coefficientOfVariation } from '../math/coefficient-of-variation.js';
import { ColouredNoise } from '../math/coloured-noise.js';
import { ActionConstraints } from './action-constraints.js';
import { checkContext } from './check-context.js';
import type { PlannerModel } from './planner-definition.js';
import type { MppiValues } from './mppi.js';
import { restingSequence } from './resting-sequence.js';
import { SamplingDistribution } from './sampling-distribution.js';
import { checkSamplingSettings, type SamplingSettings } from './sampling-settings.js';

/** How the model is rolled out. */
export const kernelParameters = {
  'rollout.graph': dynamic(
    choice(['auto', 'plan', 'iteration', 'host'], 'auto'),
    '',
    'What one run on the device computes: a whole plan (cem, cma, mppi), an iteration, or a predictor step (host: nothing is compiled). auto: iteration on the cpu, plan elsewhere.',
  ),
  'rollout.precision': dynamic(
    choice(['float32', 'float16', 'int8'], 'float32'),
    '',
    'Arithmetic of the large products. Precisions below float32 are inexact: the effect on the ranking of candidates is measured and logged, and a rank correlation below 0.99 is refused.',
  ),
};

const KERNEL_PLANNERS = ['cem', 'mppi', 'cma'] as const;

/** Planners whose iterations can run on the device as a whole. */
export type KernelPlannerName = (typeof KERNEL_PLANNERS)[number];

export function isKernelPlanner(name: string): name is KernelPlannerName {
  return KERNEL_PLANNERS.some((known) => known === name);
}

/** Minimum number of samples of a plan on the device: three candidates are not sampled. */
const MIN_SAMPLES = 4;

/**
 * Why a planner with these settings has to iterate on the host; null when it need not.
 *
 * @param isProposedTo whether the model makes proposals
 */
export function whyIterateOnHost(
  name: string,
  settings: SamplingSettings,
  { kind }: Pick<ActionSpec, 'kind'>,
  isProposedTo: boolean,
): string | null {
  if (isProposedTo) return 'inverse dynamics';
  // The graph takes rest to be 0; here it is a position.
  if (kind === 'joint_position') return `action.kind ${kind}`;
  if (!isKernelPlanner(name)) return `planner ${name}`;
  if (settings.keep !== 'mean_best_rest') return `keep ${settings.keep}`;
  if (settings.ball !== 'none') return `actions.ball ${settings.ball}`;
  if (settings.wideShare > 0) return `a wide share of ${String(settings.wideShare)}`;
  if (settings.timeBudget !== undefined) return 'a time budget';
  if (settings.onIteration !== undefined) return 'a trace of the iterations';
  return settings.samples < MIN_SAMPLES ? `${String(settings.samples)} samples` : null;
}

/**
 * CEM, MPPI or CMA with all iterations in one run of a {@link PlanKernel}: the same plan for the same noise, up to rounding, with one round trip to
 * the device (and one for the check of the mean) instead of one for each iteration.
 */
export class KernelPlanner implements Planner {
  readonly name: KernelPlannerName;
  readonly #model: PlannerModel;
  readonly #kernel: PlanKernel;
  readonly #scorer: CandidateScorer;
  readonly #settings: SamplingSettings;
  readonly #temperature: number;
  readonly #constraints: ActionConstraints;
  readonly #distribution: SamplingDistribution;
  readonly #colour: ColouredNoise;
  /** `[I, N, K, J]` */
  readonly #noise: Float32Array;
  /** Rows of the kernel `[K, J]`. */
  readonly #lower: Float32Array;
  readonly #upper: Float32Array;
  readonly #minStd: Float32Array;
  readonly #halfRange: Float32Array;
  readonly #finalists: Float32Array;

  /**
   * @param kernel compiled for this planner's refit: elites for cem, weights for mppi, steps for cma
   * @param settings such that {@link whyIterateOnHost} is null
   * @throws JepaMpcError `params.invalid`
   */
  constructor(
    name: KernelPlannerName,
    model: PlannerModel,
    kernel: PlanKernel,
    scorer: CandidateScorer,
    settings: SamplingSettings,
    values: MppiValues,
  ) {
    this.name = name;
    this.#model = model;
    this.#kernel = kernel;
    this.#scorer = scorer;
    checkSamplingSettings(settings, model.action);
    this.#settings = settings;
    this.#temperature = values['mppi.temperature'];
    this.#constraints = new ActionConstraints(model.action, this.#settings);
    this.#distribution = new SamplingDistribution(this.#constraints, model.action.periodMs, this.#settings);
    this.#colour = new ColouredNoise(this.#constraints.periods, this.#settings.noiseBeta);
    const { size, bounds } = this.#constraints;
    const perJoint = (valueOf: (joint: number) => number): Float32Array =>
      Float32Array.from({ length: size }, (_, i) => valueOf(i % bounds.joints));
    this.#noise = new Float32Array(this.#settings.iterations * this.#settings.samples * size);
    this.#lower = new Float32Array(size);
    this.#upper = new Float32Array(size);
    this.#halfRange = perJoint((joint) => bounds.halfRange(joint));
    this.#minStd = perJoint((joint) =>
      this.#constraints.isFrozen(joint) ? 0 : at(this.#settings.minStd, joint) * bounds.halfRange(joint),
    );
    this.#finalists = new Float32Array(2 * size);
  }

  /** @throws JepaMpcError `planner.wrong-shape` or `planner.not-finite` */
  async plan(state: PlannerState | null, context: PlanContext, rng: Rng): Promise<PlannerResult> {
    const { committed } = context;
    const { iterations, elites, momentum, earlyStopStd, returned } = this.#settings;
    checkContext(this.#model, context, this.#constraints.periods);
    this.#distribution.start(
      state,
      committed,
      restingSequence(this.#model.action, context, this.#lower.length),
    );
    this.#bound(committed);
    this.#drawNoise(rng, committed);
    const end = await this.#kernel.plan(context, {
      noise: this.#noise,
      iterations,
      mean: this.#distribution.mean,
      std: this.#distribution.std,
      lower: this.#lower,
      upper: this.#upper,
      minStd: this.#minStd,
      halfRange: this.#halfRange,
      elites,
      momentum,
      temperature: this.#temperature,
      // As on the host: the elites of a distribution that does not narrow never agree, and a single elite says nothing about agreement.
      earlyStopStd: this.name !== 'mppi' && elites > 1 ? earlyStopStd : 0,
    });
    const firstCosts = end.costs.subarray(0, this.#settings.samples);
    context.onCandidates?.(this.#firstCandidates(committed), firstCosts, elites);
    const checked = returned === 'checked_mean' ? await this.#checkMean(context, end) : null;
    const isMeanBest = checked !== null && checked.cost < end.bestCost;
    const next = checked?.isSound === false ? end.best : end.mean;
    return {
      state: { mean: next.slice(), ageMs: 0 },
      actions: (returned === 'best' ? end.best : next).slice(),
      bestCost: isMeanBest ? checked.cost : end.bestCost,
      meanCost: end.meanCost,
      iterations: end.iterations,
      elitesStd: end.elitesStd,
      elitesStdByIteration: Array.from(end.elitesStdByIteration),
      costVariation: coefficientOfVariation(firstCosts),
    };
  }

  /** Bounds of each action; both are the action itself if it is committed or frozen. */
  #bound(committed: Float32Array): void {
    this.#lower.fill(-Infinity);
    this.#upper.fill(Infinity);
    this.#constraints.apply(this.#lower, committed);
    this.#constraints.apply(this.#upper, committed);
  }

  /** The noise that the host's iterations would draw. */
  #drawNoise(rng: Rng, committed: Float32Array): void {
    const size = this.#noise.length / this.#settings.iterations;
    for (let start = 0; start < this.#noise.length; start += size) {
      const noise = this.#noise.subarray(start, start + size);
      rng.normals(noise);
      this.#colour.colour(noise, this.#constraints.bounds.joints);
      this.#constraints.holdFirst(noise, committed);
    }
  }

  /** The candidates of the first iteration `[N, K, J]`, computed again: the device does not return them. */
  #firstCandidates(committed: Float32Array): Float32Array {
    const { size } = this.#constraints;
    const noise = this.#noise.subarray(0, this.#settings.samples * size);
    const candidates = new Float32Array(noise.length);
    this.#distribution.draw(noise, candidates, 0);
    candidates.set(this.#distribution.mean);
    candidates.fill(0, size, 2 * size);
    this.#constraints.apply(candidates, committed);
    return candidates;
  }

  /** As on the host: the cost of the last mean, and whether it is no more than that of every mean that was a candidate. */
  async #checkMean(
    context: PlanContext,
    { mean, best, costs }: PlanEnd,
  ): Promise<{ readonly isSound: boolean; readonly cost: number }> {
    let leastMeanCost = Infinity;
    for (let first = 0; first < costs.length; first += this.#settings.samples)
      leastMeanCost = Math.min(leastMeanCost, f32(costs, first));
    this.#finalists.set(mean);
    this.#finalists.set(best, mean.length);
    const [cost = NaN] = await this.#scorer.score(context, this.#finalists);
    return { isSound: cost <= leastMeanCost, cost };
  }
}
