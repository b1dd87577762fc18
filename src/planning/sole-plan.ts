import type { CandidateScorer, PlanContext, PlannerResult } from '../core/ports.js';

/**
 * The result of a planner that makes a single sequence. It is scored like a candidate of any other planner, so that costs can be compared, but
 * the cost decides nothing.
 *
 * @param actions raw `[K, J]`, inside the constraints; handed out as they are
 * @throws JepaMpcError `planner.not-finite` for a cost that is not finite
 */
export async function solePlan(
  scorer: CandidateScorer,
  context: PlanContext,
  actions: Float32Array,
): Promise<PlannerResult> {
  const [cost = NaN] = await scorer.score(context, actions);
  return {
    state: { mean: actions.slice(), ageMs: 0 },
    actions,
    bestCost: cost,
    meanCost: cost,
    iterations: 1,
    elitesStd: 0,
    elitesStdByIteration: [0],
    costVariation: NaN,
  };
}
