import type { PlanningFacts } from '../core/model-info.js';
import type { PlannerTuning } from './planner-port.js';
import { parseExpression } from './expression/parse-expression.js';
import { resolvePlannerOptions } from './resolve-options.js';
import { actionFromTuning } from './action-from-tuning.js';
import { objectiveFromTuning } from './objective-from-tuning.js';
import { plannerOptionsFromTuning } from './planner-options-from-tuning.js';

/** Planners have their own values of these, which fit whatever else is chosen. */
const ANY_PLANNERS = { momentum: 0, noiseBeta: 0, returned: 'mean' } as const;

/**
 * Refuses settings that are each in their range and do not go together, or not with the model: before a plan is made with them.
 *
 * @param model null before it is loaded: what depends on it is not checked then
 * @throws JepaMpcError `params.invalid`, `objective.invalid` or `model.unsupported`
 */
export function checkTuning(tuning: PlannerTuning, model: PlanningFacts | null): void {
  if (model === null) {
    const unknown = { joints: null, hasTemporalDistance: null, foreseesState: null };
    if (tuning.objectiveExpression !== '') parseExpression(tuning.objectiveExpression, unknown);
    return;
  }
  objectiveFromTuning(tuning, model);
  const action = actionFromTuning(tuning, model.action);
  const options = plannerOptionsFromTuning(tuning, { ...model, action }, () => 0);
  resolvePlannerOptions(options, action, ANY_PLANNERS);
}
