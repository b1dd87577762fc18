import { double, dynamic, type ValuesOf } from '../core/parameter.js';
import type {
  CandidateScorer,
  PlanContext,
  Planner,
  PlannerResult,
  PlannerState,
  Rng,
} from '../core/ports.js';
import { ActionConstraints } from './action-constraints.js';
import type { PlannerModel } from './planner-definition.js';
import { proposalWithin } from './proposal.js';
import { restWithin } from './resting-sequence.js';
import { PairScorer } from './score-pair.js';
import { checkSamplingSettings, type SamplingSettings } from './sampling-settings.js';

export const proposalParameters = {
  'proposal.margin': dynamic(
    double({ min: -1, max: 1000000, default: -1 }),
    'unit of the cost',
    'A plan is followed only if it costs this much less than what the model’s inverse dynamics propose; otherwise the proposal is. -1 takes the model’s default, which applies to the model’s own objective alone. 0: every plan is followed.',
  ),
};

/**
 * The margin that the parameters ask for, in the unit of the objective; 0 if every plan is followed.
 *
 * @param modelMargin the model's default in the unit of the objective in force; 0 if it has none
 */
export function proposalMargin(values: ValuesOf<typeof proposalParameters>, modelMargin: number): number {
  const given = values['proposal.margin'];
  return given >= 0 ? given : modelMargin;
}

/**
 * A planner that follows the proposal of the inverse dynamics unless its plan is worth departing from it. A search finds plans that seem a
 * little cheaper than a good proposal, but the costs of a model are noisy: near the goal what such a plan gains is less than their error, and
 * the robot ends farther away than by the proposals alone. This planner wraps another one, which may rest; what that one hands out is
 * followed if it is cheaper than the proposal by a margin.
 *
 * The result depends on (state, context, rng) alone, as far as that of the wrapped planner does.
 */
export class ProposalPlanner implements Planner {
  readonly #planner: Planner;
  readonly #model: PlannerModel;
  readonly #scorer: PairScorer;
  readonly #margin: number;
  readonly #constraints: ActionConstraints;
  readonly #proposal: Float32Array;

  /**
   * @param settings of the wrapped planner: the proposal has to obey the same constraints
   * @param margin a plan has to cost this much less than the proposal to be followed, in the unit of the objective, above 0
   * @throws JepaMpcError `params.invalid`
   */
  constructor(
    planner: Planner,
    model: PlannerModel,
    scorer: CandidateScorer,
    settings: SamplingSettings,
    margin: number,
  ) {
    this.#planner = planner;
    this.#model = model;
    this.#margin = margin;
    checkSamplingSettings(settings, model.action);
    this.#constraints = new ActionConstraints(model.action, settings);
    this.#proposal = new Float32Array(this.#constraints.size);
    this.#scorer = new PairScorer(scorer, this.#constraints.size);
  }

  get name(): string {
    return this.#planner.name;
  }

  /** @throws JepaMpcError as the wrapped planner does */
  async plan(state: PlannerState | null, context: PlanContext, rng: Rng): Promise<PlannerResult> {
    const result = await this.#planner.plan(state, context, rng);
    const rest = restWithin(this.#constraints, this.#model.action, context);
    if (!proposalWithin(this.#constraints, context, rest, this.#proposal)) return result;
    const [planCost, proposalCost] = await this.#scorer.score(context, result.actions, this.#proposal);
    if (!Number.isFinite(proposalCost) || planCost < proposalCost - this.#margin) return result;
    const actions = this.#proposal.slice();
    const { rest: memory, ...remembered } = result.state;
    return {
      ...result,
      // The robot does not rest, so it is not impatient either.
      state: { ...remembered, mean: actions.slice(), ...(memory && { rest: { ...memory, rested: false } }) },
      actions,
      bestCost: Math.min(result.bestCost, proposalCost),
    };
  }
}
