import { f32, f64 } from '../core/array-access.js';
import { marginWithin } from '../core/joint-positions.js';
import { jointTravel } from '../core/model-spec.js';
import type { ObjectiveWeights } from '../core/objective-spec.js';
import { double, dynamic } from '../core/parameter.js';
import type { JointSituation } from '../core/ports.js';
import { weightOf, type CostDefinition } from './cost.js';

const parameters = {
  'objective.limit_weight': dynamic(
    double({ min: 0, max: 1000000, default: 0 }),
    '1/rad² or 1/m²',
    'Weight in the cost of the squared displacement of joints into the margin of their position limits.',
  ),
  'objective.limit_margin': dynamic(
    double({ min: 0, max: 10, default: 0.1 }),
    'rad',
    'Width of that margin, inside the position limits of revolute joints, but at most a tenth of their range from each end.',
  ),
  'objective.limit_margin_m': dynamic(
    double({ min: 0, max: 10, default: 0.01 }),
    'm',
    'As objective.limit_margin, for prismatic joints.',
  ),
};

/** The mean over periods of the squared displacement [rad² or m²] of the joints into the margin of their position limits. */
export const limitCost = {
  name: 'limit',
  parameters,
  values: {
    limit: 'objective.limit_weight',
    limitMargin: 'objective.limit_margin',
    limitMarginM: 'objective.limit_margin_m',
  },
  needsJoints: true,
  appliesTo: ({ action }) => jointTravel(action) !== null,
  onHost: ({ action, periods }, weights) => {
    const count = action.names.length;
    const scale = weightOf(weights, 'limit') / periods;
    const margins = new Float64Array(count);
    return (_candidates, start, end, joints) => {
      if (joints === null) return 0;
      const { positions, situation } = joints;
      for (let joint = 0; joint < count; joint++) margins[joint] = limitMarginOf(weights, situation, joint);
      let sum = 0;
      for (let i = start; i < end; i++) {
        const joint = i % count;
        const position = f32(positions, i);
        const margin = f64(margins, joint);
        const below = f64(situation.lower, joint) + margin - position;
        const above = position - f64(situation.upper, joint) + margin;
        sum += Math.max(0, below, above) ** 2;
      }
      return scale * sum;
    };
  },
  asNodes: ({ ops, sequence: { periods }, weight, joints }) => {
    if (joints === null) return ops.scalar(0);
    const { gain, minSums, maxSums } = joints;
    const sums = joints.travelled();
    const outside = ops.binary('Max', ops.sub(minSums, sums), ops.sub(sums, maxSums));
    const depth = ops.binary('Max', outside, ops.scalar(0));
    const squares = ops.reduce('ReduceSumSquare', depth, [1], false);
    return ops.mul(ops.mul(weight, ops.scalar(gain ** 2 / periods)), squares);
  },
} as const satisfies CostDefinition;

/** The margin inside the position limits of one joint, in its unit: at most a tenth of its range. */
export function limitMarginOf(
  weights: ObjectiveWeights,
  { lower, upper, units }: Pick<JointSituation, 'lower' | 'upper' | 'units'>,
  joint: number,
): number {
  const margin = weightOf(weights, units?.[joint] === 'm' ? 'limitMarginM' : 'limitMargin');
  return marginWithin(f64(lower, joint), f64(upper, joint), margin);
}
