import { ActionBounds } from '../core/action-bounds.js';
import { at, f32, f64 } from '../core/array-access.js';
import { hasEffort } from '../core/model-spec.js';
import { double, dynamic } from '../core/parameter.js';
import { meanSquare, weightOf, type CostDefinition } from './cost.js';

const parameters = {
  'objective.action_weight': dynamic(
    double({ min: -1, max: 1000, default: -1 }),
    '1',
    'Weight of the mean squared action (as a fraction of its bounds) in the cost; -1 takes the model’s default.',
  ),
};

/** The mean of the squared actions, as fractions of the larger bound of each. */
export const actionCost = {
  name: 'action',
  parameters,
  values: { action: 'objective.action_weight' },
  needsJoints: false,
  appliesTo: ({ action }) => hasEffort(action),
  onHost: ({ action, periods }, weights) => {
    const numbers = action.names.length;
    const bounds = new ActionBounds(action);
    const scale = Float64Array.from(
      { length: numbers },
      (_, number) => weightOf(weights, 'action') / (bounds.largest(number) ** 2 * periods * numbers),
    );
    return (candidates, start, end) => {
      let cost = 0;
      for (let i = start; i < end; i++) cost += f64(scale, i % numbers) * f32(candidates, i) ** 2;
      return cost;
    };
  },
  asNodes: ({ ops, sequence: { action, periods }, weight, actions }) => {
    const numbers = action.names.length;
    const bound = (number: number): number => largerBound(action.lower, action.upper, number);
    return ops.mul(weight, meanSquare(ops, actions, periods * numbers, numbers, bound));
  },
} as const satisfies CostDefinition;

function largerBound(lower: readonly number[], upper: readonly number[], number: number): number {
  return Math.max(Math.abs(at(lower, number)), Math.abs(at(upper, number)));
}
