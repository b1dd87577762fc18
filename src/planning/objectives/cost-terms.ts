import { jointTravel, type ActionSpec } from '../../core/model-spec.js';
import type { ObjectiveSpec } from '../../core/objective-spec.js';
import type { CandidateScorer, PlanContext } from '../../core/ports.js';
import type { CostTerms } from '../../core/types.js';
import { at } from '../../core/array-access.js';
import { COSTS } from '../../costs/registry.js';
import { restingSequence } from '../resting-sequence.js';
import { foreseePositions } from './foreseen-positions.js';
import { MotionCost } from './motion-cost.js';

/**
 * The terms of the cost of one sequence, and the cost of staying at rest after the committed actions: one more run of the model, with two
 * candidates.
 *
 * @param actions raw `[K, J]`
 * @throws JepaMpcError `planner.not-finite` when neither has a finite cost
 */
export async function costTerms(
  { weights }: ObjectiveSpec,
  action: ActionSpec,
  scorer: CandidateScorer,
  context: PlanContext,
  actions: Float32Array,
): Promise<CostTerms> {
  const both = new Float32Array(2 * actions.length);
  both.set(actions);
  both.set(restingSequence(action, context, actions.length), actions.length);
  both.set(context.committed, actions.length);
  const [total = NaN, rest = NaN] = await scorer.score(context, both);

  const periods = actions.length / action.names.length;
  const travel = jointTravel(action);
  let positions: Float32Array | null = null;
  if (travel !== null && context.joints !== undefined) {
    positions = new Float32Array(actions.length);
    foreseePositions(context.joints.position, actions, periods, travel, positions);
  }
  const joints =
    positions === null || context.joints === undefined ? null : { positions, situation: context.joints };
  const out = new Float64Array(1);
  const motion: Record<string, number> = {};
  let distance = total;
  for (const cost of COSTS) {
    new MotionCost(action, weights, periods, [cost]).write(actions, joints, out);
    const term = at(out, 0);
    motion[cost.name] = term;
    distance -= term;
  }
  return { total, distance, motion, rest };
}
