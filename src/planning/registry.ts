import { JepaMpcError } from '../core/errors.js';
import {
  checkRanges,
  choice,
  dynamic,
  parametersOf,
  type ParameterFragment,
  type ParametersOf,
  type ValuesOf,
} from '../core/parameter.js';
import type { CandidateScorer, Planner } from '../core/ports.js';
import { cem } from './cem.js';
import { cma } from './cma.js';
import { icem } from './icem.js';
import { inverseDynamics } from './inverse-dynamics.js';
import { mppi } from './mppi.js';
import type { PlannerDefinition, PlannerModel } from './planner-definition.js';
import { predictiveSampling } from './predictive-sampling.js';
import { random } from './random.js';
import type { PlannerDefaults, SamplingSettings } from './sampling-settings.js';

/** Every planner, in the order in which the documentation lists them. */
const PLANNERS = [cem, icem, cma, mppi, predictiveSampling, inverseDynamics, random] as const;

type Definition = (typeof PLANNERS)[number];
export type PlannerName = Definition['name'];
type OwnParameters = ParametersOf<Definition>;

export const plannerNames: readonly PlannerName[] = PLANNERS.map(({ name }) => name);

/** The choice of the planner, and the parameters of each. */
export const plannerParameters = {
  planner: dynamic(
    choice(plannerNames, 'cem'),
    '',
    'Sampling planner. Two are baselines: inverse_dynamics follows what the model’s inverse dynamics propose, random acts at random. The parameters sampling.* apply to every planner that has a use for them.',
  ),
  ...parametersOf(PLANNERS),
};

/** Values of the parameters that single planners have. */
export type OwnPlannerValues = ValuesOf<OwnParameters>;

/** The planner's values of settings that neither the parameters nor the model give. */
export function plannerDefaultsOf(name: PlannerName): PlannerDefaults {
  return definitionOf(name).defaults;
}

/** Whether the plans of a planner are followed whatever they cost. */
export function isBaseline(name: PlannerName): boolean {
  return definitionOf(name).isBaseline === true;
}

/** @throws JepaMpcError `params.invalid` for an unknown name, and for settings and values out of range */
export function createPlanner(
  name: PlannerName,
  model: PlannerModel,
  scorer: CandidateScorer,
  settings: SamplingSettings,
  values: OwnPlannerValues,
): Planner {
  const definition = definitionOf(name);
  checkRanges(definition.parameters, values);
  return definition.create(model, scorer, settings, values);
}

type AnyDefinition = Pick<
  PlannerDefinition<PlannerName, OwnParameters>,
  'defaults' | 'isBaseline' | 'create'
> & {
  readonly parameters: ParameterFragment;
};

function definitionOf(name: PlannerName): AnyDefinition {
  const found = PLANNERS.find((planner) => planner.name === name);
  if (found !== undefined) return found;
  throw new JepaMpcError('params.invalid', {
    subject: 'planner',
    found: `"${name}"`,
    expected: `one of ${plannerNames.join(', ')}`,
    remedy: 'Set the parameter planner to one of these.',
  });
}
