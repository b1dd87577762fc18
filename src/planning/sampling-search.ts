import { f32, u32 } from '../core/array-access.js';
import type { CandidateScorer, PlanContext, PlannerResult, PlannerState, Rng } from '../core/ports.js';
import { coefficientOfVariation } from '../math/coefficient-of-variation.js';
import { ColouredNoise } from '../math/coloured-noise.js';
import { ActionConstraints } from './action-constraints.js';
import { checkContext } from './check-context.js';
import { selectElites } from './elites.js';
import type { PlannerModel } from './planner-definition.js';
import { SamplingDistribution } from './sampling-distribution.js';
import type { Spread } from './sampling-distribution.js';
import { proposalWithin } from './proposal.js';
import { restWithin } from './resting-sequence.js';
import { checkSamplingSettings, type SamplingSettings } from './sampling-settings.js';
import { StopRule } from './stop-rule.js';

/** The standard deviation after a refit: that of the elites, in either way, or the one before. */
type NextStd = Spread | 'kept';

/**
 * The steps of a sampling planner, and the plan that is being made: `start`, then `sample`, `score` and `refit` while it `goesOn`, then `finish`.
 * A planner adds how many candidates there are, which of them are not sampled, and the weights of the refit.
 *
 * All buffers are reused, so a search makes one plan at a time; what `finish` returns is a copy.
 */
export class SamplingSearch {
  readonly settings: SamplingSettings;
  readonly constraints: ActionConstraints;
  readonly distribution: SamplingDistribution;
  /** Cheapest sequence scored in this plan, `[K, J]`. */
  readonly best: Float32Array;
  /** The sequence that rests, as far as the constraints allow, `[K, J]`. */
  readonly rest: Float32Array;
  /** The last iteration's candidates `[N, K, J]`, their costs `[N]` (until the scorer is called again) and its elites, cheapest first `[E]`. */
  candidates: Float32Array;
  costs: Float32Array = new Float32Array(0);
  elites: Uint32Array = new Uint32Array(0);

  readonly #model: PlannerModel;
  readonly #scorer: CandidateScorer;
  readonly #colour: ColouredNoise;
  readonly #stop: StopRule;
  readonly #noiseBuffer: Float32Array;
  readonly #candidatesBuffer: Float32Array;
  readonly #elitesBuffer: Uint32Array;
  /** Two sequences that are compared, `[2, K, J]`. */
  readonly #finalists: Float32Array;
  /** What the plan does not start around: the proposal, or the last plan where the proposal costs less. `[K, J]` */
  readonly #alternative: Float32Array;
  #hasAlternative = false;
  #context: PlanContext | null = null;
  #disagreement = Infinity;
  #bestCost = Infinity;
  /** Lowest cost of a mean that was a candidate. */
  #leastMeanCost = Infinity;
  /** Of the first iteration. */
  #costVariation = NaN;
  /** Of each iteration. */
  readonly #elitesStds: number[] = [];

  /** @throws JepaMpcError `params.invalid` */
  constructor(model: PlannerModel, scorer: CandidateScorer, settings: SamplingSettings) {
    checkSamplingSettings(settings, model.action);
    this.settings = settings;
    this.constraints = new ActionConstraints(model.action, this.settings);
    this.distribution = new SamplingDistribution(this.constraints, model.action.periodMs, this.settings);
    this.#model = model;
    this.#scorer = scorer;
    this.#colour = new ColouredNoise(this.constraints.periods, this.settings.noiseBeta);
    this.#stop = new StopRule(this.settings);
    const { size } = this.constraints;
    const { samples, elites } = this.settings;
    this.best = new Float32Array(size);
    this.rest = new Float32Array(size);
    this.#alternative = new Float32Array(size);
    this.#noiseBuffer = new Float32Array(samples * size);
    this.#candidatesBuffer = new Float32Array(samples * size);
    this.#elitesBuffer = new Uint32Array(elites);
    this.#finalists = new Float32Array(2 * size);
    this.candidates = this.#candidatesBuffer;
  }

  /** Iterations finished. */
  get iterations(): number {
    return this.#stop.iterations;
  }

  /** Candidates besides the mean that are not sampled (setting `keep`): the best so far, or before there is one the alternative, and rest. */
  get known(): readonly Float32Array[] {
    if (this.settings.keep === 'mean') return this.alternative;
    return this.iterations > 0 ? [this.best, this.rest] : [...this.alternative, this.rest];
  }

  /** In the first iteration of a plan with a proposal: the one of last plan and proposal that the plan did not start around. */
  get alternative(): readonly Float32Array[] {
    return this.#hasAlternative && this.iterations === 0 ? [this.#alternative] : [];
  }

  /**
   * Starts around the last plan or, where that costs less, around the proposal.
   *
   * @throws JepaMpcError `planner.wrong-shape` or `planner.not-finite` when the context does not fit the model
   */
  async start(state: PlannerState | null, context: PlanContext): Promise<void> {
    checkContext(this.#model, context, this.constraints.periods);
    this.#context = context;
    this.#bestCost = Infinity;
    this.#leastMeanCost = Infinity;
    this.#elitesStds.length = 0;
    this.rest.set(restWithin(this.constraints, this.#model.action, context));
    this.#hasAlternative = proposalWithin(this.constraints, context, this.rest, this.#alternative);
    this.distribution.start(state, context.committed, this.rest);
    this.#stop.start();
    if (this.#hasAlternative && (await this.#isAlternativeCheaper()))
      this.distribution.exchangeMean(this.#alternative);
  }

  /**
   * Draws candidates around the mean, inside the constraints. The first ones are not sampled: the mean, then `kept`.
   *
   * @param count N, up to `samples`; noise is drawn for all N, whatever is kept
   * @param kept sequences `[n, K, J]`; as many as fit are used
   */
  sample(rng: Rng, count: number, kept: readonly Float32Array[]): void {
    const { size, bounds } = this.constraints;
    const { committed } = this.#planned();
    const noise = this.#noiseBuffer.subarray(0, count * size);
    this.candidates = this.#candidatesBuffer.subarray(0, count * size);

    rng.normals(noise);
    this.#colour.colour(noise, bounds.joints);
    this.constraints.holdFirst(noise, committed);
    this.distribution.draw(noise, this.candidates, Math.floor(this.settings.wideShare * count));

    this.candidates.set(this.distribution.mean);
    let start = size;
    for (const sequences of kept) {
      this.candidates.set(sequences.subarray(0, this.candidates.length - start), start);
      start = Math.min(start + sequences.length, this.candidates.length);
    }
    this.constraints.apply(this.candidates, committed);
  }

  /**
   * Scores the candidates and picks the elites.
   *
   * @throws JepaMpcError `planner.not-finite` when no candidate has a finite cost
   */
  async score(): Promise<void> {
    const { size } = this.constraints;
    const context = this.#planned();
    this.costs = await this.#scorer.score(context, this.candidates);
    if (this.iterations === 0) {
      this.#costVariation = coefficientOfVariation(this.costs);
      context.onCandidates?.(this.candidates, this.costs, this.settings.elites);
    }
    this.elites = selectElites(
      this.costs,
      this.#elitesBuffer.subarray(0, Math.min(this.settings.elites, this.costs.length)),
    );
    const winner = u32(this.elites, 0);
    const winnerCost = f32(this.costs, winner);
    if (winnerCost < this.#bestCost) {
      this.#bestCost = winnerCost;
      this.best.set(this.candidates.subarray(winner * size, (winner + 1) * size));
    }
    const meanCost = f32(this.costs, 0);
    if (meanCost < this.#leastMeanCost) this.#leastMeanCost = meanCost;
  }

  /**
   * Moves the distribution to the elites.
   *
   * @param weights of the elites, `[E]`, with sum 1
   * @param nextStd the standard deviation after the refit
   */
  refit(weights: Float64Array, nextStd: NextStd): void {
    const { distribution, candidates, costs, elites } = this;
    distribution.moveMean(candidates, elites, weights, this.#planned().committed);
    if (nextStd !== 'kept') distribution.moveStd(nextStd);
    // The elites of a distribution that does not narrow never agree, and a single elite always agrees with itself: neither is informative.
    this.#disagreement = nextStd !== 'kept' && elites.length > 1 ? distribution.elitesStd : Infinity;
    const { mean, std } = distribution;
    this.#elitesStds.push(distribution.elitesStd);
    this.settings.onIteration?.({ iteration: this.iterations, candidates, costs, elites, mean, std });
    this.#stop.noteIteration();
  }

  goesOn(): boolean {
    return this.#stop.goesOn(this.#disagreement);
  }

  /**
   * The result, and what the next plan starts from: the mean, unless the check fails (see `Returned`). Without time for the check it fails.
   *
   * @throws JepaMpcError `planner.not-finite` as {@link score}
   */
  async finish(): Promise<PlannerResult> {
    const { returned } = this.settings;
    // Before the check of the mean, which scores again: the costs are the scorer's buffer, and may be overwritten.
    let elitesCost = 0;
    for (const elite of this.elites) elitesCost += f32(this.costs, elite);
    const hasTime = this.#stop.hasTime();
    const isMeanSound = returned !== 'checked_mean' || (hasTime && (await this.#isMeanSound()));
    const next = isMeanSound ? this.distribution.mean : this.best;
    return {
      state: { mean: next.slice(), ageMs: 0 },
      actions: (returned === 'best' ? this.best : next).slice(),
      bestCost: this.#bestCost,
      meanCost: elitesCost / this.elites.length,
      iterations: this.iterations,
      elitesStd: this.distribution.elitesStd,
      elitesStdByIteration: [...this.#elitesStds],
      costVariation: this.#costVariation,
      ...(!hasTime && { timeIsUp: true }),
    };
  }

  async #isAlternativeCheaper(): Promise<boolean> {
    const [meanCost = NaN, alternativeCost = NaN] = await this.#compared(this.#alternative);
    return Number.isFinite(alternativeCost) && !(meanCost <= alternativeCost);
  }

  /**
   * Scores the last mean, which was no candidate, and returns whether it costs no more than every mean that was. The mean of good but unlike
   * plans (left and right of an obstacle) can be worse than any of them.
   */
  async #isMeanSound(): Promise<boolean> {
    // The best is scored too, so that a mean without a finite cost is no error.
    const [cost = NaN] = await this.#compared(this.best);
    if (cost < this.#bestCost) this.#bestCost = cost;
    return cost <= this.#leastMeanCost;
  }

  /** Costs of the mean and of another sequence `[K, J]`: `[2]`. */
  #compared(other: Float32Array): Promise<Float32Array> {
    this.#finalists.set(this.distribution.mean);
    this.#finalists.set(other, this.constraints.size);
    return this.#scorer.score(this.#planned(), this.#finalists);
  }

  #planned(): PlanContext {
    if (this.#context === null) throw new TypeError('a search starts before it samples');
    return this.#context;
  }
}
