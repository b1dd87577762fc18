import type { Objective, PlanContext, Planner, PlannerResult, PlannerState, Rng } from '../core/ports.js';
import { ActionBounds } from './action-bounds.js';
import { CandidateEvaluator } from './candidate-evaluator.js';
import { checkContext } from './check-context.js';
import type { PlannerModel } from './planner-model.js';
import { checkPlannerOptions, type PlannerOptions } from './planner-options.js';

/**
 * The baseline: one sequence of independent uniform actions inside the bounds, each held for the model's period. It is scored
 * like a candidate of any other planner, so its costs can be compared, but the cost decides nothing.
 */
export class RandomPlanner implements Planner {
  readonly name = 'random';
  readonly #model: PlannerModel;
  readonly #bounds: ActionBounds;
  readonly #evaluator: CandidateEvaluator;
  readonly #size: number;

  /** @throws JepaMpcError `params.invalid` */
  constructor(model: PlannerModel, objective: Objective, options: PlannerOptions) {
    checkPlannerOptions(options);
    this.#model = model;
    this.#bounds = new ActionBounds(model.action);
    this.#evaluator = new CandidateEvaluator(model, objective, options, 1);
    this.#size = options.horizon * model.action.block * this.#bounds.joints;
  }

  /** @throws JepaMpcError `planner.wrong-shape` or `planner.not-finite` */
  async plan(_state: PlannerState | null, context: PlanContext, rng: Rng): Promise<PlannerResult> {
    const { joints, lower, upper } = this.#bounds;
    checkContext(this.#model, context, this.#size / joints);
    const actions = new Float32Array(this.#size);
    rng.uniforms(actions);
    for (let i = 0; i < actions.length; i++) {
      const joint = i % joints;
      const low = lower[joint] ?? 0;
      actions[i] = this.#bounds.clamp(low + (actions[i] ?? 0) * ((upper[joint] ?? 0) - low), joint);
    }
    actions.set(context.committed);
    const costs = await this.#evaluator.evaluate(context, actions);
    const cost = costs[0] ?? NaN;
    return { state: { mean: actions.slice(), ageMs: 0 }, actions, bestCost: cost, meanCost: cost };
  }
}
