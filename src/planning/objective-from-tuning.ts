import { JepaMpcError } from '../core/errors.js';
import {
  DISTANCE_METRICS,
  STEP_AGGREGATIONS,
  type DistanceMetric,
  type ObjectiveSpec,
  type StepAggregation,
} from '../core/objective-spec.js';
import type { PlanningFacts } from '../core/model-info.js';
import { jointTravel } from '../core/model-spec.js';
import { noTemporalDistance } from '../core/objective-errors.js';
import type { PlannerTuning } from './planner-port.js';
import { parseExpression } from './expression/parse-expression.js';

/** The part of a tuning that says what plans are judged by. */
export type ObjectiveTuning = Pick<
  PlannerTuning,
  | 'objectiveMetric'
  | 'objectiveSteps'
  | 'objectiveExpression'
  | 'actionPenalty'
  | 'smoothnessWeight'
  | 'limitWeight'
  | 'limitMargin'
  | 'limitMarginM'
>;

/** What it is completed from. */
export interface ObjectiveModel extends Pick<PlanningFacts, 'objective' | 'hasTemporalDistance' | 'streams'> {
  readonly action: Pick<PlanningFacts['action'], 'kind' | 'names' | 'periodMs'>;
  readonly plannerDefaults: Pick<PlanningFacts['plannerDefaults'], 'actionPenalty'>;
}

/**
 * The objective that a tuning asks for, completed from what the model says of itself.
 *
 * @throws JepaMpcError `objective.invalid` for an expression that the model cannot give a value to, `model.unsupported` for a distance that it
 *   does not have, `params.invalid` for an unknown name
 */
export function objectiveFromTuning(tuning: ObjectiveTuning, model: ObjectiveModel): ObjectiveSpec {
  const metric = chosen(
    'objective.metric',
    tuning.objectiveMetric,
    DISTANCE_METRICS,
    model.objective.default,
  );
  if (metric === 'temporal_distance' && !model.hasTemporalDistance) throw noTemporalDistance();
  const steps = chosen('objective.steps', tuning.objectiveSteps, STEP_AGGREGATIONS, model.objective.steps);
  const text = tuning.objectiveExpression;
  const scope = {
    joints: model.action.names.length,
    hasTemporalDistance: model.hasTemporalDistance,
    foreseesState: jointTravel(model.action) !== null,
  };
  const expression = text === '' ? null : parseExpression(text, scope);
  const modelPenalty = isModelsOwn({ metric, expression }, model) ? model.plannerDefaults.actionPenalty : 0;
  return {
    metric,
    steps,
    expression,
    ...(model.streams && { streams: model.streams }),
    weights: {
      action: tuning.actionPenalty < 0 ? modelPenalty : tuning.actionPenalty,
      smoothness: tuning.smoothnessWeight,
      limit: tuning.limitWeight,
      limitMargin: tuning.limitMargin,
      limitMarginM: tuning.limitMarginM,
    },
  };
}

/** Whether plans are judged by the model's own objective. What a model says in its unit (a penalty, a margin) means nothing beside another. */
export function isModelsOwn(
  { metric, expression }: Pick<ObjectiveSpec, 'metric' | 'expression'>,
  { objective }: Pick<PlanningFacts, 'objective'>,
): boolean {
  return expression === null && metric === objective.default;
}

function chosen<T extends DistanceMetric | StepAggregation>(
  parameter: string,
  name: string,
  known: readonly T[],
  modelDefault: T,
): T {
  if (name === 'model_default') return modelDefault;
  const found = known.find((candidate) => candidate === name);
  if (found !== undefined) return found;
  throw new JepaMpcError('params.invalid', {
    subject: `parameter ${parameter}`,
    found: `"${name}"`,
    expected: `one of model_default, ${known.join(', ')}`,
    remedy: 'Set one of these.',
  });
}
