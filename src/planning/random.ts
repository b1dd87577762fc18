import { f32 } from '../core/array-access.js';
import type {
  CandidateScorer,
  PlanContext,
  Planner,
  PlannerResult,
  PlannerState,
  Rng,
} from '../core/ports.js';
import { ActionConstraints } from './action-constraints.js';
import { checkContext } from './check-context.js';
import { definePlanner, type PlannerModel } from './planner-definition.js';
import { restingSequence } from './resting-sequence.js';
import { checkSamplingSettings, type SamplingSettings } from './sampling-settings.js';
import { solePlan } from './sole-plan.js';

/** The baseline: one sequence of independent uniform actions inside the constraints. */
class RandomPlanner implements Planner {
  readonly name = 'random';
  readonly #model: PlannerModel;
  readonly #scorer: CandidateScorer;
  readonly #constraints: ActionConstraints;

  /** @throws JepaMpcError `params.invalid` */
  constructor(model: PlannerModel, scorer: CandidateScorer, settings: SamplingSettings) {
    checkSamplingSettings(settings, model.action);
    this.#model = model;
    this.#scorer = scorer;
    this.#constraints = new ActionConstraints(model.action, settings);
  }

  /** @throws JepaMpcError `planner.wrong-shape` or `planner.not-finite` */
  async plan(_state: PlannerState | null, context: PlanContext, rng: Rng): Promise<PlannerResult> {
    const { bounds, periods, size } = this.#constraints;
    checkContext(this.#model, context, periods);
    this.#constraints.centreOn(restingSequence(this.#model.action, context, size));
    const actions = new Float32Array(size);
    rng.uniforms(actions);
    for (let i = 0; i < size; i++) {
      const low = f32(bounds.lower, i % bounds.joints);
      const high = f32(bounds.upper, i % bounds.joints);
      actions[i] = low + f32(actions, i) * (high - low);
    }
    this.#constraints.holdFirst(actions, context.committed);
    this.#constraints.apply(actions, context.committed);
    return solePlan(this.#scorer, context, actions);
  }
}

export const random = definePlanner({
  name: 'random',
  parameters: {},
  defaults: { momentum: 0, noiseBeta: 0, returned: 'best' },
  isBaseline: true,
  create: (model, scorer, settings) => new RandomPlanner(model, scorer, settings),
});
