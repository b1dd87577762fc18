import type { ParameterFragment, ValuesOf } from '../core/parameter.js';
import type { CandidateScorer, Planner } from '../core/ports.js';
import type { PlannerModel } from './planner-model.js';
import type { PlannerDefaults, SamplingSettings } from './sampling-settings.js';

/** A planner as the registry knows it: its name, its parameters, its defaults, and how it is made. */
export interface PlannerDefinition<Name extends string, Own extends ParameterFragment> {
  /** Value of the parameter `planner`. */
  readonly name: Name;
  /** Parameters of this planner alone; their names begin with its name. */
  readonly parameters: Own;
  /** Its values of settings that neither the parameters nor the model give. */
  readonly defaults: PlannerDefaults;
  /** @throws JepaMpcError `params.invalid` for settings out of range */
  create(
    model: PlannerModel,
    scorer: CandidateScorer,
    settings: SamplingSettings,
    values: ValuesOf<Own>,
  ): Planner;
}

/** Checks the types of a definition, and keeps them. */
export function definePlanner<const Name extends string, Own extends ParameterFragment>(
  definition: PlannerDefinition<Name, Own>,
): PlannerDefinition<Name, Own> {
  return definition;
}
