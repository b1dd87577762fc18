import type { PlanningFacts } from '../core/model-info.js';
import { boundedAction } from './action-bounds.js';
import { parseExpression } from './expression/parse-expression.js';
import { checkProposals } from './inverse-dynamics.js';
import { objectiveSpec } from './objectives/objective-settings.js';
import { plannerDefaultsOf } from './registry.js';
import { checkSamplingSettings, samplingSettings } from './sampling-settings.js';
import type { PlanningValues } from './planning-parameters.js';

/**
 * Refuses values that are each in range but contradict each other or do not fit the model, before a plan is made with them.
 *
 * @param model null before it is loaded: what depends on it is not checked then
 * @throws JepaMpcError `params.invalid`, `objective.invalid` or `model.unsupported`
 */
export function checkPlanning(values: PlanningValues, model: PlanningFacts | null): void {
  if (model === null) {
    const unknown = { joints: null, hasTemporalDistance: null, foreseesState: null };
    const expression = values['objective.expression'];
    if (expression !== '') parseExpression(expression, unknown);
    return;
  }
  objectiveSpec(values, model);
  checkProposals(values.planner, model);
  const action = boundedAction(values, model.action);
  const planner = plannerDefaultsOf(values.planner);
  checkSamplingSettings(
    samplingSettings(values, { ...model, action }, planner, () => 0),
    action,
  );
}
