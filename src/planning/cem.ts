import type { Objective, PlanContext, Planner, PlannerResult, PlannerState, Rng } from '../core/ports.js';
import { rowMoments } from '../math/row-moments.js';
import { selectSmallest } from '../math/select-smallest.js';
import { ActionBounds } from './action-bounds.js';
import { CandidateEvaluator } from './candidate-evaluator.js';
import { checkContext } from './check-context.js';
import type { PlannerModel } from './planner-model.js';
import { checkPlannerOptions, type PlannerOptions } from './planner-options.js';
import { shiftWarmStart } from './warm-start.js';

/**
 * The cross-entropy method (Rubinstein 1999; for planning in latent space: Hafner et al. 2019, Zhou et al. 2024): sample action
 * sequences from a diagonal Gaussian, roll them out, score them, refit the Gaussian to the elites, repeat.
 *
 * Three candidates of every iteration are not sampled, so that an iteration cannot lose what is known: the mean itself, the best
 * sequence so far (in the first iteration: resting, the zero action clipped to the bounds) and, from the second on, resting.
 * Committed actions are the same in every candidate; every other one lies inside the action bounds.
 *
 * The result depends on (state, context, rng) alone. Buffers are reused, so an instance makes one plan at a time.
 */
export class CemPlanner implements Planner {
  readonly name = 'cem';
  readonly #model: PlannerModel;
  readonly #options: PlannerOptions;
  readonly #bounds: ActionBounds;
  readonly #evaluator: CandidateEvaluator;
  /** Raw actions in one sequence: K * J. */
  readonly #size: number;
  /** `[N, K, J]` */
  readonly #candidates: Float32Array;
  readonly #noise: Float32Array;
  readonly #mean: Float32Array;
  readonly #std: Float32Array;
  readonly #eliteMean: Float32Array;
  readonly #eliteStd: Float32Array;
  readonly #elites: Uint32Array;
  readonly #best: Float32Array;

  /** @throws JepaMpcError `params.invalid` */
  constructor(model: PlannerModel, objective: Objective, options: PlannerOptions) {
    checkPlannerOptions(options);
    this.#model = model;
    this.#options = options;
    this.#bounds = new ActionBounds(model.action);
    this.#evaluator = new CandidateEvaluator(model, objective, options, options.samples);
    this.#size = options.horizon * model.action.block * this.#bounds.joints;
    this.#candidates = new Float32Array(options.samples * this.#size);
    this.#noise = new Float32Array(options.samples * this.#size);
    this.#mean = new Float32Array(this.#size);
    this.#std = new Float32Array(this.#size);
    this.#eliteMean = new Float32Array(this.#size);
    this.#eliteStd = new Float32Array(this.#size);
    this.#elites = new Uint32Array(options.elites);
    this.#best = new Float32Array(this.#size);
  }

  /**
   * @returns actions `[horizon * block, J]`; `bestCost` is the lowest cost of any candidate, `meanCost` the mean of the last elites
   * @throws JepaMpcError `planner.wrong-shape` or `planner.not-finite`
   */
  async plan(state: PlannerState | null, context: PlanContext, rng: Rng): Promise<PlannerResult> {
    checkContext(this.#model, context, this.#size / this.#bounds.joints);
    this.#start(state, context.committed);
    let bestCost = Infinity;
    let meanCost = Infinity;
    for (let iteration = 0; iteration < this.#options.iterations; iteration++) {
      this.#sample(rng, iteration, context.committed);
      const costs = await this.#evaluator.evaluate(context, this.#candidates);
      const elites = this.#selectElites(costs);
      const winner = elites[0] ?? 0;
      const winnerCost = costs[winner] ?? Infinity;
      if (winnerCost < bestCost) {
        bestCost = winnerCost;
        this.#best.set(this.#candidates.subarray(winner * this.#size, (winner + 1) * this.#size));
      }
      meanCost = elites.reduce((sum, elite) => sum + (costs[elite] ?? NaN), 0) / elites.length;
      this.#refit(elites);
    }
    const actions = (this.#options.returned === 'best' ? this.#best : this.#mean).slice();
    actions.set(context.committed);
    return { state: { mean: this.#mean.slice(), ageMs: 0 }, actions, bestCost, meanCost };
  }

  /** The first distribution: around the shifted last plan, or around rest. */
  #start(state: PlannerState | null, committed: Float32Array): void {
    const { joints } = this.#bounds;
    this.#mean.fill(0);
    if (state !== null) shiftWarmStart(state, joints, this.#model.action.periodMs, this.#mean);
    this.#clamp(this.#mean);
    this.#mean.set(committed);
    for (let i = 0; i < this.#size; i++)
      this.#std[i] = this.#options.initialStd * this.#bounds.halfRange(i % joints);
  }

  #sample(rng: Rng, iteration: number, committed: Float32Array): void {
    const size = this.#size;
    rng.normals(this.#noise);
    for (let i = 0; i < this.#candidates.length; i++) {
      const j = i % size;
      this.#candidates[i] = (this.#mean[j] ?? 0) + (this.#std[j] ?? 0) * (this.#noise[i] ?? 0);
    }
    const keep = (index: number, sequence: Float32Array | null): void => {
      if (index >= this.#options.samples) return;
      const row = this.#candidates.subarray(index * size, (index + 1) * size);
      if (sequence === null) row.fill(0);
      else row.set(sequence);
    };
    keep(0, this.#mean);
    if (iteration > 0) keep(1, this.#best);
    keep(iteration > 0 ? 2 : 1, null);
    this.#clamp(this.#candidates);
    for (let n = 0; n < this.#options.samples; n++) this.#candidates.set(committed, n * size);
  }

  /** Candidates that the refit is made from, cheapest first: never one without a finite cost. */
  #selectElites(costs: Float32Array): Uint32Array {
    selectSmallest(costs, this.#elites);
    const finite = this.#elites.findIndex((index) => !Number.isFinite(costs[index] ?? NaN));
    return finite < 0 ? this.#elites : this.#elites.subarray(0, finite);
  }

  #refit(elites: Uint32Array): void {
    rowMoments(this.#candidates, elites, this.#eliteMean, this.#eliteStd);
    const { momentum = 0, minStd } = this.#options;
    for (let i = 0; i < this.#size; i++) {
      const joint = i % this.#bounds.joints;
      const mean = momentum * (this.#mean[i] ?? 0) + (1 - momentum) * (this.#eliteMean[i] ?? 0);
      const std = momentum * (this.#std[i] ?? 0) + (1 - momentum) * (this.#eliteStd[i] ?? 0);
      this.#mean[i] = mean;
      this.#std[i] = Math.max(std, minStd * this.#bounds.halfRange(joint));
    }
  }

  #clamp(actions: Float32Array): void {
    for (let i = 0; i < actions.length; i++)
      actions[i] = this.#bounds.clamp(actions[i] ?? 0, i % this.#bounds.joints);
  }
}
