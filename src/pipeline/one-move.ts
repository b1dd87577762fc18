import type { PlanningFacts } from '../core/model-info.js';
import type { PlanStatistics } from '../core/types.js';
import type { PlannerTuning } from './planner-port.js';

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

/** How many times as many iterations a plan of one tuning has as one of another. Its search takes about as much longer. */
export function searchFactor(
  tuning: PlannerTuning,
  other: PlannerTuning,
  { plannerDefaults: { iterations } }: Pick<PlanningFacts, 'plannerDefaults'>,
): number {
  return (tuning.iterations || iterations) / (other.iterations || iterations);
}

/**
 * The share of a plan's time that a plan with fewer iterations would not have taken. For icem it is a little too large, since the later
 * iterations of that planner have fewer candidates.
 *
 * @param asked iterations of the other plan; with as many as it had, or more, the share is 0
 */
export function extraShare(
  { iterations, searchMs, planMs }: Pick<PlanStatistics, 'iterations' | 'searchMs' | 'planMs'>,
  asked: number,
): number {
  if (!(planMs > 0) || iterations === 0) return 0;
  return Math.min(1, searchMs / planMs) * Math.max(0, 1 - asked / iterations);
}
