import type { PlanningFacts } from '../core/model-info.js';
import type { PlanStatistics } from '../core/types.js';
import type { PlannerTuning } from './planner-port.js';

/**
 * How widely a plan is searched for that is done as a whole. The defaults of a model may count on many plans a second, each of which goes on
 * from the one before: few iterations about it then do. Here there is no plan before, and none comes to correct this one.
 */
const WIDE_SEARCH = { iterations: 8, initialStd: 0.5 } as const;

/**
 * The tuning of a plan that is done as a whole, from rest to rest. What it leaves to the model is raised to a wide search, and all steps are
 * scored: the distance of the last step alone does not care how fast the robot is there. What it sets itself stays.
 */
export function asOneMove(
  tuning: PlannerTuning,
  { plannerDefaults: defaults }: Pick<PlanningFacts, 'plannerDefaults'>,
): PlannerTuning {
  const isStdSet = tuning.initialStd > 0 || tuning.jointInitialStd.length > 0;
  return {
    ...tuning,
    objectiveSteps: tuning.objectiveSteps === 'model_default' ? 'all' : tuning.objectiveSteps,
    iterations: iterationsOf(tuning, Math.max(defaults.iterations, WIDE_SEARCH.iterations)),
    initialStd: isStdSet ? tuning.initialStd : Math.max(defaults.initialStd, WIDE_SEARCH.initialStd),
  };
}

/**
 * How much of its search a plan would have done without, had it been made with another tuning, ms: the share of the iterations that are not
 * asked for there.
 */
export function extraSearchMs(
  { iterations, searchMs }: Pick<PlanStatistics, 'iterations' | 'searchMs'>,
  tuning: PlannerTuning,
  { plannerDefaults: defaults }: Pick<PlanningFacts, 'plannerDefaults'>,
): number {
  const asked = iterationsOf(tuning, defaults.iterations);
  return searchMs * Math.max(0, 1 - asked / Math.max(1, iterations));
}

function iterationsOf({ iterations }: PlannerTuning, byDefault: number): number {
  return iterations > 0 ? iterations : byDefault;
}
