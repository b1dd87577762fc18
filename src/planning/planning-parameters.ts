import type { ValuesOf } from '../core/parameter.js';
import { actionBoundParameters } from './action-bounds.js';
import { actionConstraintParameters } from './action-constraints.js';
import { kernelParameters } from './kernel-planner.js';
import { objectiveParameters } from './objectives/objective-settings.js';
import { plannerParameters } from './registry.js';
import { proposalParameters } from './proposal-planner.js';
import { restParameters } from './resting-planner.js';
import { samplingParameters } from './sampling-settings.js';
import { timeBudgetParameters } from './stop-rule.js';

/** Every parameter that a plan depends on. Each is declared in the file of what it steers. */
export const planningParameters = {
  ...plannerParameters,
  ...samplingParameters,
  ...actionConstraintParameters,
  ...actionBoundParameters,
  ...objectiveParameters,
  ...restParameters,
  ...proposalParameters,
  ...timeBudgetParameters,
  ...kernelParameters,
};

/** Their values: what goes to the worker with each plan. */
export type PlanningValues = ValuesOf<typeof planningParameters>;
