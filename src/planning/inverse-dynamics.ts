import { JepaMpcError } from '../core/errors.js';
import type { PlanningFacts } from '../core/model-info.js';
import type { CandidateScorer, PlanContext, Planner, PlannerResult, PlannerState } from '../core/ports.js';
import { ActionConstraints } from './action-constraints.js';
import { checkContext } from './check-context.js';
import { definePlanner, type PlannerModel } from './planner-definition.js';
import { proposalWithin } from './proposal.js';
import { restWithin } from './resting-sequence.js';
import { checkSamplingSettings, type SamplingSettings } from './sampling-settings.js';
import { solePlan } from './sole-plan.js';

const NAME = 'inverse_dynamics';

/**
 * The baseline without a search: what the model's inverse dynamics propose, as far as the constraints allow. It shows what the search adds to a
 * learned guess.
 */
class InverseDynamicsPlanner implements Planner {
  readonly name = NAME;
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

  /** @throws JepaMpcError `planner.wrong-shape`, `planner.not-finite`, or `model.unsupported` for a context without a proposal */
  async plan(_state: PlannerState | null, context: PlanContext): Promise<PlannerResult> {
    const { periods, size } = this.#constraints;
    checkContext(this.#model, context, periods);
    const actions = new Float32Array(size);
    const rest = restWithin(this.#constraints, this.#model.action, context);
    if (!proposalWithin(this.#constraints, context, rest, actions))
      throw context.proposal === undefined ? noInverseDynamics() : notFinite();
    return solePlan(this.#scorer, context, actions);
  }
}

export const inverseDynamics = definePlanner({
  name: NAME,
  parameters: {},
  defaults: { momentum: 0, noiseBeta: 0, returned: 'best' },
  isBaseline: true,
  create: (model, scorer, settings) => new InverseDynamicsPlanner(model, scorer, settings),
});

/**
 * Refuses this planner for a model that proposes nothing.
 *
 * @throws JepaMpcError `model.unsupported`
 */
export function checkProposals(
  planner: string,
  { hasInverseDynamics }: Pick<PlanningFacts, 'hasInverseDynamics'>,
): void {
  if (planner === NAME && !hasInverseDynamics) throw noInverseDynamics();
}

function noInverseDynamics(): JepaMpcError {
  return new JepaMpcError('model.unsupported', {
    subject: `planner ${NAME}`,
    found: 'a model without inverse dynamics',
    expected: 'a model with the graph inverseDynamics',
    remedy: 'Set planner to cem, or train a model with inverse.enabled=on.',
  });
}

function notFinite(): JepaMpcError {
  return new JepaMpcError('planner.not-finite', {
    subject: 'actions that the inverse dynamics propose',
    found: 'numbers that are not finite',
    expected: 'finite numbers',
    remedy:
      'Look at the camera frame and the goal image; if they are sound, the graph inverseDynamics is broken.',
  });
}
