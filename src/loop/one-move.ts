import type { PlanningFacts } from '../core/model-info.js';
import type { PlanStatistics } from '../core/types.js';
import type { PlanningValues } from '../planning/planning-parameters.js';

/**
 * The search for a plan that is executed as a whole. The defaults of a model may count on many plans a second, each of which starts from the
 * one before: a few iterations around it are enough then. Here there is no plan before, and none comes to correct this one.
 */
const WIDE_SEARCH = { iterations: 8, initialStd: 0.5 } as const;

/**
 * The values for a plan that is executed as a whole, from rest to rest. Values left to the model are raised to a wide search, and all steps are
 * scored: the distance of the last step alone ignores how fast the robot moves there. Values that are given stay as they are.
 */
export function asOneMove(
  values: PlanningValues,
  { plannerDefaults: defaults }: Pick<PlanningFacts, 'plannerDefaults'>,
): PlanningValues {
  const { 'objective.steps': steps, 'sampling.iterations': iterations, 'sampling.initial_std': std } = values;
  const isStdGiven = std > 0 || values['sampling.joint_initial_std'].length > 0;
  return {
    ...values,
    'objective.steps': steps === 'model_default' ? 'all' : steps,
    'sampling.iterations': iterations || Math.max(defaults.iterations, WIDE_SEARCH.iterations),
    'sampling.initial_std': isStdGiven ? std : Math.max(defaults.initialStd, WIDE_SEARCH.initialStd),
  };
}

/** Iterations of a plan with these values. */
export function iterationsOf(
  values: Pick<PlanningValues, 'sampling.iterations'>,
  { plannerDefaults: defaults }: Pick<PlanningFacts, 'plannerDefaults'>,
): number {
  return values['sampling.iterations'] || defaults.iterations;
}

/**
 * How much less time the search of a plan would have taken with fewer iterations, ms. For icem this is too much, since the later iterations of
 * that planner have fewer candidates.
 *
 * @param requested those iterations; with as many as the plan had, or more, it is 0
 */
export function extraSearchMs(
  { iterations, searchMs }: Pick<PlanStatistics, 'iterations' | 'searchMs'>,
  requested: number,
): number {
  return searchMs * Math.max(0, 1 - requested / Math.max(1, iterations));
}
