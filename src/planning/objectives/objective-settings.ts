import type { PlanningFacts } from '../../core/model-info.js';
import { jointTravel } from '../../core/model-spec.js';
import { noTemporalDistance } from '../../core/objective-errors.js';
import { DISTANCE_METRICS, STEP_AGGREGATIONS, type ObjectiveSpec } from '../../core/objective-spec.js';
import { choice, dynamic, text, type ValuesOf } from '../../core/parameter.js';
import { costParameters, costWeights } from '../../costs/registry.js';
import { parseExpression } from '../expression/parse-expression.js';

export const objectiveParameters = {
  'objective.metric': dynamic(
    choice(['model_default', ...DISTANCE_METRICS], 'model_default'),
    '',
    'Distance of a predicted latent from the goal latent; docs/objectives.md defines each.',
  ),
  'objective.steps': dynamic(
    choice(['model_default', ...STEP_AGGREGATIONS], 'model_default'),
    '',
    'Which predicted latents are scored: the last one, the mean over all, or a mean whose weights double from step to step. model_default means all for plans from rest when the planner is too slow to plan while the robot moves.',
  ),
  'objective.expression': dynamic(
    text(),
    '',
    'Cost that replaces the distance, such as goal_distance + 0.1 * norm(action); docs/objectives.md is its reference. Empty: none.',
  ),
  ...costParameters,
};

type ObjectiveValues = ValuesOf<typeof objectiveParameters>;

/** What of a model completes an objective. */
export interface ObjectiveModel extends Pick<PlanningFacts, 'objective' | 'hasTemporalDistance' | 'streams'> {
  readonly action: Pick<PlanningFacts['action'], 'kind' | 'names' | 'periodMs'>;
  readonly plannerDefaults: Pick<PlanningFacts['plannerDefaults'], 'actionPenalty'>;
}

/**
 * The objective that the parameters ask for. What they leave open comes from the model.
 *
 * @throws JepaMpcError `objective.invalid` for an expression that the model gives no value to; `model.unsupported` for a distance that the
 *   model does not have
 */
export function objectiveSpec(values: ObjectiveValues, model: ObjectiveModel): ObjectiveSpec {
  const { 'objective.metric': givenMetric, 'objective.steps': givenSteps } = values;
  const metric = givenMetric === 'model_default' ? model.objective.default : givenMetric;
  if (metric === 'temporal_distance' && !model.hasTemporalDistance) throw noTemporalDistance();
  const source = values['objective.expression'];
  const scope = {
    joints: model.action.names.length,
    hasTemporalDistance: model.hasTemporalDistance,
    foreseesState: jointTravel(model.action) !== null,
  };
  const expression = source === '' ? null : parseExpression(source, scope);
  const modelWeight = isModelsOwn({ metric, expression }, model) ? model.plannerDefaults.actionPenalty : 0;
  return {
    metric,
    steps: givenSteps === 'model_default' ? model.objective.steps : givenSteps,
    expression,
    ...(model.streams && { streams: model.streams }),
    weights: costWeights(values, modelWeight),
  };
}

/** Whether the objective is the model's own. The model's defaults in its unit (a weight, a margin) mean nothing for another objective. */
export function isModelsOwn(
  { metric, expression }: Pick<ObjectiveSpec, 'metric' | 'expression'>,
  { objective }: Pick<PlanningFacts, 'objective'>,
): boolean {
  return expression === null && metric === objective.default;
}
