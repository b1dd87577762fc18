import { JepaMpcError } from '../core/errors.js';
import type { PlanningFacts } from '../core/model-info.js';
import { definePlanner } from './planner-definition.js';
import { proposalWithin } from './proposal.js';
import { restWithin } from './resting-sequence.js';
import { SolePlanner, type SoleRequest } from './sole-planner.js';

const NAME = 'inverse_dynamics';

/**
 * What the model's inverse dynamics propose, as far as the constraints allow `[K, J]`. Without a search, it shows what the search adds to a
 * learned guess.
 *
 * @throws JepaMpcError `model.unsupported` for a context without a proposal, `planner.not-finite`
 */
function proposedActions({ model, constraints, context }: SoleRequest): Float32Array {
  const actions = new Float32Array(constraints.size);
  const rest = restWithin(constraints, model.action, context);
  if (!proposalWithin(constraints, context, rest, actions))
    throw context.proposal === undefined ? noInverseDynamics() : notFinite();
  return actions;
}

export const inverseDynamics = definePlanner({
  name: NAME,
  parameters: {},
  defaults: { momentum: 0, noiseBeta: 0, returned: 'best' },
  isBaseline: true,
  create: (model, scorer, settings) => new SolePlanner(NAME, proposedActions, model, scorer, settings),
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
