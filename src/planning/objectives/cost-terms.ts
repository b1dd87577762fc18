import { jointTravel, type ActionSpec } from '../../core/model-spec.js';
import type { ObjectiveSpec } from '../../core/objective-spec.js';
import type { CandidateScorer, PlanContext } from '../../core/ports.js';
import type { CostTerms } from '../../core/types.js';
import { restingSequence } from '../resting-sequence.js';
import { foreseePositions } from './foreseen-positions.js';
import { MotionCost } from './motion-cost.js';

/**
 * What the cost of one sequence is made of, and what it would cost to stay at rest once the committed actions are done: one more run of the
 * model, with two candidates.
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
  const none = { ...weights, action: 0, smoothness: 0, limit: 0 };
  const termOf = (name: 'action' | 'smoothness' | 'limit'): number => {
    const out = new Float64Array(1);
    new MotionCost(action, { ...none, [name]: weights[name] }, periods).write(
      actions,
      positions,
      context.joints,
      out,
    );
    return out[0] ?? NaN;
  };
  const [effort, smoothness, limit] = [termOf('action'), termOf('smoothness'), termOf('limit')];
  return { total, distance: total - effort - smoothness - limit, action: effort, smoothness, limit, rest };
}
