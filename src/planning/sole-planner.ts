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
import type { PlannerModel } from './planner-definition.js';
import { checkSamplingSettings, type SamplingSettings } from './sampling-settings.js';

/** What a baseline makes its single sequence from. */
export interface SoleRequest {
  readonly model: PlannerModel;
  readonly constraints: ActionConstraints;
  readonly context: PlanContext;
  readonly rng: Rng;
}

/**
 * A baseline: a planner that makes a single sequence. It is scored like a candidate of any other planner, so that costs can be compared, but
 * the cost decides nothing.
 */
export class SolePlanner implements Planner {
  readonly name: string;
  readonly #makeActions: (request: SoleRequest) => Float32Array;
  readonly #model: PlannerModel;
  readonly #scorer: CandidateScorer;
  readonly #constraints: ActionConstraints;

  /**
   * @param makeActions raw actions inside the constraints `[K, J]`, handed out as they are
   * @throws JepaMpcError `params.invalid`
   */
  constructor(
    name: string,
    makeActions: (request: SoleRequest) => Float32Array,
    model: PlannerModel,
    scorer: CandidateScorer,
    settings: SamplingSettings,
  ) {
    checkSamplingSettings(settings, model.action);
    this.name = name;
    this.#makeActions = makeActions;
    this.#model = model;
    this.#scorer = scorer;
    this.#constraints = new ActionConstraints(model.action, settings);
  }

  /** @throws JepaMpcError `planner.wrong-shape`, `planner.not-finite`, and what `makeActions` throws */
  async plan(_state: PlannerState | null, context: PlanContext, rng: Rng): Promise<PlannerResult> {
    const [model, constraints] = [this.#model, this.#constraints];
    checkContext(model, context, constraints.periods);
    const actions = this.#makeActions({ model, constraints, context, rng });
    const [cost = NaN] = await this.#scorer.score(context, actions);
    return {
      state: { mean: actions.slice(), ageMs: 0 },
      actions,
      bestCost: cost,
      meanCost: cost,
      iterations: 1,
      elitesStd: 0,
      elitesStdByIteration: [0],
      costVariation: NaN,
    };
  }
}
