import { JepaMpcError } from '../core/errors.js';
import type { Objective, Planner } from '../core/ports.js';
import { CemPlanner } from './cem.js';
import type { PlannerModel } from './planner-model.js';
import type { PlannerOptions } from './planner-options.js';
import { RandomPlanner } from './random.js';

type PlannerFactory = (model: PlannerModel, objective: Objective, options: PlannerOptions) => Planner;

const FACTORIES: ReadonlyMap<string, PlannerFactory> = new Map<string, PlannerFactory>([
  ['cem', (model, objective, options) => new CemPlanner(model, objective, options)],
  ['random', (model, objective, options) => new RandomPlanner(model, objective, options)],
]);

/** Names that {@link createPlanner} knows. */
export const plannerNames: readonly string[] = [...FACTORIES.keys()];

/** @throws JepaMpcError `params.invalid` for an unknown name or options outside their ranges */
export function createPlanner(
  name: string,
  model: PlannerModel,
  objective: Objective,
  options: PlannerOptions,
): Planner {
  const factory = FACTORIES.get(name);
  if (factory !== undefined) return factory(model, objective, options);
  throw new JepaMpcError('params.invalid', {
    subject: 'planner',
    found: `"${name}"`,
    expected: `one of ${plannerNames.join(', ')}`,
    remedy: 'Set the parameter planner to one of these.',
  });
}
