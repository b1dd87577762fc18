import { jointTravel, type ActionSpec } from '../core/model-spec.js';
import type { ObjectiveWeights } from '../core/objective-spec.js';
import { weightOf } from '../costs/cost.js';
import { limitMarginOf } from '../costs/limit-cost.js';
import { COSTS } from '../costs/registry.js';
import type { PlanContext } from '../core/ports.js';
import { at } from '../core/array-access.js';
import * as ort from './onnx-runtime.js';

/**
 * Inputs of a rollout graph that do not depend on the candidates: history, goal, weights, and, if joint positions follow from the actions,
 * measured positions and limits. {@link RolloutCompiler} lists their names and shapes.
 *
 * @param periods raw actions in a sequence (K)
 */
export function contextFeeds(
  context: PlanContext,
  weights: ObjectiveWeights,
  action: ActionSpec,
  periods: number,
): Record<string, ort.Tensor> {
  const { history, goal } = context;
  const feeds: Record<string, ort.Tensor> = {
    history: new ort.Tensor('float32', history.data, history.shape),
    goal: new ort.Tensor('float32', goal.data, goal.shape),
    ...(jointTravel(action) && jointFeeds(context, weights, action, periods)),
  };
  for (const { name } of COSTS) feeds[`weight_${name}`] = scalarTensor(weightOf(weights, name));
  return feeds;
}

/** A float32 tensor `[]`. */
export function scalarTensor(value: number): ort.Tensor {
  return new ort.Tensor('float32', Float32Array.of(value), []);
}

function jointFeeds(
  { joints }: PlanContext,
  weights: ObjectiveWeights,
  action: ActionSpec,
  periods: number,
): Record<string, ort.Tensor> {
  const { minSums, maxSums } = limitSums(joints, weights, action, periods);
  const row = (values: Float32Array): ort.Tensor => new ort.Tensor('float32', values, [values.length]);
  const positions = new Float32Array(action.joints.length);
  if (joints !== undefined) for (let i = 0; i < positions.length; i++) positions[i] = at(joints.position, i);
  return { joint_position: row(positions), min_sums: row(minSums), max_sums: row(maxSums) };
}

/**
 * Bounds of what joint positions are computed from (sums of raw actions up to each period, or the actions themselves), `[K * J]`: inside
 * them the joints stay clear of the margins of their limits.
 */
export interface LimitSums {
  readonly minSums: Float32Array;
  readonly maxSums: Float32Array;
}

/**
 * Position limits as a rollout graph takes them: `(limit ± margin - position) / gain` for each period, so that the graph only has to
 * compare.
 *
 * @param joints undefined if limits are not known: the bounds are infinite then
 * @param weights for the margins
 * @param periods K
 */
export function limitSums(
  joints: PlanContext['joints'],
  weights: ObjectiveWeights,
  action: Pick<ActionSpec, 'kind' | 'joints' | 'periodMs'>,
  periods: number,
): LimitSums {
  const count = action.joints.length;
  const minSums = new Float32Array(periods * count).fill(-Infinity);
  const maxSums = new Float32Array(periods * count).fill(Infinity);
  const travel = jointTravel(action);
  if (joints === undefined || travel === null) return { minSums, maxSums };
  const { isSum, gain } = travel;
  for (let i = 0; i < minSums.length; i++) {
    const joint = i % count;
    const margin = limitMarginOf(weights, joints, joint);
    const position = isSum ? at(joints.position, joint) : 0;
    minSums[i] = (at(joints.lower, joint) + margin - position) / gain;
    maxSums[i] = (at(joints.upper, joint) - margin - position) / gain;
  }
  return { minSums, maxSums };
}
