import type {
  CandidateScorer,
  PlanContext,
  Planner,
  PlannerResult,
  PlannerState,
  Rng,
} from '../core/ports.js';
import { ActionConstraints } from './action-constraints.js';
import type { PlannerModel } from './planner-model.js';
import type { PlannerOptions } from './planner-options.js';
import { REFITTING_OWN } from './refitting-planner.js';
import { resolvePlannerOptions } from './resolve-options.js';
import { restingSequence } from './resting-sequence.js';

/** When a plan is worth moving for. */
export interface RestOptions {
  /** A plan that does not cost this much less than rest is not followed: the robot comes to rest. In the unit of the objective, above 0. */
  readonly margin: number;
  /** While the robot rests, the margin shrinks to 0 within this time, ms, above 0; while it moves, the margin grows back in a third of it. */
  readonly patienceMs: number;
}

/**
 * How much faster patience comes back in motion than it is used up at rest. If it came back at once, a robot that moves on after a rest would
 * rest again with the next plan, 30 ms later.
 */
const RECOVERY = 3;

/**
 * A planner that rests near the goal. The costs of a model are noisy: near the goal there always is a plan that seems a little better than
 * rest, and following it makes the robot swing about its goal. A planner with this one around it hands out rest unless its plan is cheaper by
 * a margin. A robot that rests too early gets on by itself, since the margin shrinks while it rests, and grows back while it moves.
 *
 * The result depends on (state, context, rng) alone, as far as that of the planner inside does.
 */
export class RestingPlanner implements Planner {
  readonly #planner: Planner;
  readonly #model: PlannerModel;
  readonly #scorer: CandidateScorer;
  readonly #rest: RestOptions;
  readonly #constraints: ActionConstraints;
  /** The plan, then rest, `[2, K, J]`. */
  readonly #both: Float32Array;

  /**
   * @param options of the planner inside: rest has to obey the same constraints
   * @throws JepaMpcError `params.invalid`
   */
  constructor(
    planner: Planner,
    model: PlannerModel,
    scorer: CandidateScorer,
    options: PlannerOptions,
    rest: RestOptions,
  ) {
    this.#planner = planner;
    this.#model = model;
    this.#scorer = scorer;
    this.#rest = rest;
    const resolved = resolvePlannerOptions(options, model.action, REFITTING_OWN);
    this.#constraints = new ActionConstraints(model.action, resolved);
    this.#both = new Float32Array(2 * this.#constraints.size);
  }

  get name(): string {
    return this.#planner.name;
  }

  /** @throws JepaMpcError `planner.wrong-shape` or `planner.not-finite` */
  async plan(state: PlannerState | null, context: PlanContext, rng: Rng): Promise<PlannerResult> {
    const result = await this.#planner.plan(state, context, rng);
    const { size } = this.#constraints;
    const rest = restingSequence(this.#model.action, context, size);
    this.#constraints.centreOn(rest);
    this.#constraints.apply(rest, context.committed);
    this.#both.set(result.actions);
    this.#both.set(rest, size);
    const [planCost = NaN, restCost = NaN] = await this.#scorer.score(context, this.#both);
    const usedMs = this.#usedMs(state);
    const margin = this.#rest.margin * (1 - usedMs / this.#rest.patienceMs);
    const rests = restCost <= planCost + margin || Number.isNaN(planCost);
    if (!rests) return { ...result, state: { ...result.state, rest: { rested: false, usedMs } } };
    return {
      ...result,
      state: { ...result.state, mean: rest.slice(), rest: { rested: true, usedMs } },
      actions: rest,
      bestCost: Math.min(result.bestCost, restCost),
      rests: true,
    };
  }

  /** How much of its patience is used up by now, ms, from 0 to all of it. */
  #usedMs(state: PlannerState | null): number {
    if (state?.rest === undefined) return 0;
    const { rested, usedMs } = state.rest;
    const passedMs = Math.max(0, state.ageMs);
    return Math.min(Math.max(0, usedMs + (rested ? passedMs : -RECOVERY * passedMs)), this.#rest.patienceMs);
  }
}
