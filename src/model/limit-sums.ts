import { jointTravel, type ActionSpec } from '../core/model-spec.js';
import { limitMarginOf, type ObjectiveWeights } from '../core/objective-spec.js';
import type { PlanContext } from '../core/ports.js';

/**
 * Bounds of what joint positions come from (sums of raw actions from the first period to each, or the actions), `[K * J]`: within them the
 * joints keep off the margins of their limits.
 */
export interface LimitSums {
  readonly least: Float32Array;
  readonly largest: Float32Array;
}

/**
 * Limits as a rollout graph takes them: `(limit ± margin - position) / gain` for each period, so that the graph has nothing to do with them
 * but to compare.
 *
 * @param joints undefined where limits are not known: nothing is near them then
 * @param weights for the margins
 * @param periods K
 */
export function limitSums(
  joints: PlanContext['joints'],
  weights: Pick<ObjectiveWeights, 'limitMargin' | 'limitMarginM'>,
  action: Pick<ActionSpec, 'kind' | 'joints' | 'periodMs'>,
  periods: number,
): LimitSums {
  const count = action.joints.length;
  const least = new Float32Array(periods * count).fill(-Infinity);
  const largest = new Float32Array(periods * count).fill(Infinity);
  const travel = jointTravel(action);
  if (joints === undefined || travel === null) return { least, largest };
  const { isSum, gain } = travel;
  for (let i = 0; i < least.length; i++) {
    const joint = i % count;
    const margin = limitMarginOf(weights, joints, joint);
    const position = isSum ? (joints.position[joint] ?? 0) : 0;
    least[i] = ((joints.lower[joint] ?? -Infinity) + margin - position) / gain;
    largest[i] = ((joints.upper[joint] ?? Infinity) - margin - position) / gain;
  }
  return { least, largest };
}
