import { ActionBounds } from '../core/action-bounds.js';
import { at, f32, f64 } from '../core/array-access.js';
import { double, dynamic } from '../core/parameter.js';
import { meanSquare, weightOf, type CostDefinition } from './cost.js';

const parameters = {
  'objective.smoothness_weight': dynamic(
    double({ min: 0, max: 1000, default: 0 }),
    '1',
    'Weight of the mean squared change from one action to the next (as a fraction of half the action range) in the cost.',
  ),
};

/** The mean of the squared changes from one action to the next, as fractions of half the range of each. */
export const smoothnessCost = {
  name: 'smoothness',
  parameters,
  values: { smoothness: 'objective.smoothness_weight' },
  needsJoints: false,
  appliesTo: ({ periods }) => periods > 1,
  onHost: ({ action, periods }, weights) => {
    const numbers = action.names.length;
    const bounds = new ActionBounds(action);
    const changes = (periods - 1) * numbers;
    const scale = Float64Array.from(
      { length: numbers },
      (_, number) => weightOf(weights, 'smoothness') / (bounds.halfRange(number) ** 2 * changes),
    );
    return (candidates, start, end) => {
      let cost = 0;
      for (let i = start + numbers; i < end; i++) {
        const change = f32(candidates, i) - f32(candidates, i - numbers);
        cost += f64(scale, i % numbers) * change ** 2;
      }
      return cost;
    };
  },
  asNodes: ({ ops, sequence: { action, periods }, weight, actions }) => {
    const { lower, upper, names } = action;
    const numbers = names.length;
    const size = periods * numbers;
    const change = ops.sub(ops.slice(actions, 1, numbers, size), ops.slice(actions, 1, 0, size - numbers));
    const halfRange = (number: number): number => (at(upper, number) - at(lower, number)) / 2;
    return ops.mul(weight, meanSquare(ops, change, size - numbers, numbers, halfRange));
  },
} as const satisfies CostDefinition;
