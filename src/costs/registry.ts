import type { ObjectiveWeights } from '../core/objective-spec.js';
import { parametersOf, type ValuesOf } from '../core/parameter.js';
import { actionCost } from './action-cost.js';
import type { CostDefinition } from './cost.js';
import { limitCost } from './limit-cost.js';
import { smoothnessCost } from './smoothness-cost.js';

/** Every cost of the motion itself, in the order in which they are added up. */
const REGISTERED = [actionCost, smoothnessCost, limitCost] as const;

export const COSTS: readonly CostDefinition[] = REGISTERED;

/** The parameters of every cost. */
export const costParameters = parametersOf(REGISTERED);

/**
 * Weights and other live values of every cost, by their keys.
 *
 * @param modelWeight stands for a value below 0, which is left to the model
 */
export function costWeights(values: ValuesOf<typeof costParameters>, modelWeight: number): ObjectiveWeights {
  const given: Readonly<Record<string, unknown>> = values;
  const weights: Record<string, number> = {};
  for (const cost of COSTS) {
    for (const [key, parameter] of Object.entries(cost.values)) {
      const value = Number(given[parameter]);
      weights[key] = value < 0 ? modelWeight : value;
    }
  }
  return weights;
}
