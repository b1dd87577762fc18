import type { PlanningFacts } from '../core/model-info.js';
import type { PlanStatistics } from '../core/types.js';
import type { PlannerTuning } from '../planning/planner-port.js';

/**
 * The search for a plan that is executed as a whole. The defaults of a model may count on many plans a second, each of which starts from the
 * one before: a few iterations around it are enough then. Here there is no plan before, and none comes to correct this one.
 */
const WIDE_SEARCH = { iterations: 8, initialStd: 0.5 } as const;

/**
 * The tuning of a plan that is executed as a whole, from rest to rest. Settings left to the model are raised to a wide search, and all steps
 * are scored: the distance of the last step alone ignores how fast the robot moves there. Settings that are given stay as they are.
 */
export function asOneMove(
  tuning: PlannerTuning,
  { plannerDefaults: defaults }: Pick<PlanningFacts, 'plannerDefaults'>,
): PlannerTuning {
  const isStdSet = tuning.initialStd > 0 || tuning.jointInitialStd.length > 0;
  return {
    ...tuning,
    objectiveSteps: tuning.objectiveSteps === 'model_default' ? 'all' : tuning.objectiveSteps,
    iterations: tuning.iterations || Math.max(defaults.iterations, WIDE_SEARCH.iterations),
    initialStd: isStdSet ? tuning.initialStd : Math.max(defaults.initialStd, WIDE_SEARCH.initialStd),
  };
}

/** Iterations of a plan with this tuning. */
export function iterationsOf(
  { iterations }: PlannerTuning,
  { plannerDefaults: defaults }: Pick<PlanningFacts, 'plannerDefaults'>,
): number {
  return iterations || defaults.iterations;
}

/**
 * How much less the search of a plan would have taken with fewer iterations, ms. For icem it is too much, since the later iterations of that
 * planner have fewer candidates.
 *
 * @param asked those iterations; with as many as the plan had, or more, it is 0
 */
export function extraSearchMs(
  { iterations, searchMs }: Pick<PlanStatistics, 'iterations' | 'searchMs'>,
  asked: number,
): number {
  return searchMs * Math.max(0, 1 - asked / Math.max(1, iterations));
}
