import type { PlanningFacts } from '../../core/model-info.js';
import { jointTravel } from '../../core/model-spec.js';
import { noTemporalDistance } from '../../core/objective-errors.js';
import { DISTANCE_METRICS, STEP_AGGREGATIONS, type ObjectiveSpec } from '../../core/objective-spec.js';
import { choice, double, dynamic, text, type ValuesOf } from '../../core/parameter.js';
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
  'objective.action_weight': dynamic(
    double({ min: -1, max: 1000, default: -1 }),
    '1',
    'Weight of the mean squared action (as a fraction of its bounds) in the cost; -1 takes the model’s default.',
  ),
  'objective.smoothness_weight': dynamic(
    double({ min: 0, max: 1000, default: 0 }),
    '1',
    'Weight of the mean squared change from one action to the next (as a fraction of half the action range) in the cost.',
  ),
  'objective.limit_weight': dynamic(
    double({ min: 0, max: 1000000, default: 0 }),
    '1/rad² or 1/m²',
    'Weight in the cost of the squared displacement of joints into the margin of their position limits.',
  ),
  'objective.limit_margin': dynamic(
    double({ min: 0, max: 10, default: 0.1 }),
    'rad',
    'Width of that margin, inside the position limits of revolute joints, but at most a tenth of their range from each end.',
  ),
  'objective.limit_margin_m': dynamic(
    double({ min: 0, max: 10, default: 0.01 }),
    'm',
    'As objective.limit_margin, for prismatic joints.',
  ),
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
  const actionWeight = values['objective.action_weight'];
  return {
    metric,
    steps: givenSteps === 'model_default' ? model.objective.steps : givenSteps,
    expression,
    ...(model.streams && { streams: model.streams }),
    weights: {
      action: actionWeight < 0 ? modelWeight : actionWeight,
      smoothness: values['objective.smoothness_weight'],
      limit: values['objective.limit_weight'],
      limitMargin: values['objective.limit_margin'],
      limitMarginM: values['objective.limit_margin_m'],
    },
  };
}

/** Whether the objective is the model's own. The model's defaults in its unit (a weight, a margin) mean nothing for another objective. */
export function isModelsOwn(
  { metric, expression }: Pick<ObjectiveSpec, 'metric' | 'expression'>,
  { objective }: Pick<PlanningFacts, 'objective'>,
): boolean {
  return expression === null && metric === objective.default;
}
