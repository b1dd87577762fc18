import type { ParameterFragment, ValuesOf } from '../core/parameter.js';
import type { ActionSpec, HistorySpec, LatentSpec } from '../core/model-spec.js';
import type { CandidateScorer, Planner, Predictor } from '../core/ports.js';
import type { PlannerDefaults, SamplingSettings } from './sampling-settings.js';

/** The part of a model that planners depend on: its inputs and outputs, not how it is rolled out. */
export interface PlannerModel {
  readonly latent: LatentSpec;
  readonly history: HistorySpec;
  readonly action: ActionSpec;
}

/** With what a rollout on the host needs in addition. */
export interface RolloutModel extends PlannerModel {
  readonly predictor: Predictor;
}

/** A planner as the registry knows it: its name, its parameters, its defaults, and how it is made. */
export interface PlannerDefinition<Name extends string, Own extends ParameterFragment> {
  /** Value of the parameter `planner`. */
  readonly name: Name;
  /** Parameters of this planner alone; their names begin with its name. */
  readonly parameters: Own;
  /** Its values of settings that neither the parameters nor the model give. */
  readonly defaults: PlannerDefaults;
  /** Its plan is followed whatever it costs, even if rest costs less. */
  readonly isBaseline?: true;
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
