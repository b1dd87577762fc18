import { JepaMpcError } from '../core/errors.js';
import type { CandidateScorer, Planner } from '../core/ports.js';
import { CemPlanner } from './cem.js';
import { CmaPlanner } from './cma.js';
import { IcemPlanner } from './icem.js';
import { MppiPlanner } from './mppi.js';
import type { PlannerModel } from './planner-model.js';
import type { PlannerOptions } from './planner-options.js';
import { PredictiveSamplingPlanner } from './predictive-sampling.js';
import { RandomPlanner } from './random.js';

type PlannerClass = new (model: PlannerModel, scorer: CandidateScorer, options: PlannerOptions) => Planner;

const PLANNERS: ReadonlyMap<string, PlannerClass> = new Map<string, PlannerClass>([
  ['cem', CemPlanner],
  ['icem', IcemPlanner],
  ['cma', CmaPlanner],
  ['mppi', MppiPlanner],
  ['predictive_sampling', PredictiveSamplingPlanner],
  ['random', RandomPlanner],
]);

/** Names that {@link createPlanner} knows. */
export const plannerNames: readonly string[] = [...PLANNERS.keys()];

/** @throws JepaMpcError `params.invalid` for an unknown name or options outside their ranges */
export function createPlanner(
  name: string,
  model: PlannerModel,
  scorer: CandidateScorer,
  options: PlannerOptions,
): Planner {
  const PlannerOfThatName = PLANNERS.get(name);
  if (PlannerOfThatName !== undefined) return new PlannerOfThatName(model, scorer, options);
  throw new JepaMpcError('params.invalid', {
    subject: 'planner',
    found: `"${name}"`,
    expected: `one of ${plannerNames.join(', ')}`,
    remedy: 'Set the parameter planner to one of these.',
  });
}
