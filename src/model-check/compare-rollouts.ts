import { JepaMpcError } from '../core/errors.js';
import type { CandidateScorer, PlanContext } from '../core/ports.js';

/** Rounding adds up over the steps of a rollout and in the objective, so costs may differ by more than the output of one graph. */
const TOLERANCES = 10;

/**
 * Compares the costs of a compiled rollout with those of the same rollout step by step.
 *
 * @param candidates raw actions `[N, K, J]`
 * @param tolerance maximum absolute difference of the outputs of the model's graphs
 * @returns the largest difference, as a fraction of the cost, or of 1 if the cost is below 1
 * @throws JepaMpcError `model.golden-mismatch` when it is more than ten times the tolerance
 */
export async function compareRollouts(
  compiled: CandidateScorer,
  stepByStep: CandidateScorer,
  context: PlanContext,
  candidates: Float32Array,
  tolerance: number,
): Promise<number> {
  const found = (await compiled.score(context, candidates)).slice();
  const expected = await stepByStep.score(context, candidates);
  const allowed = TOLERANCES * tolerance;
  let worst = 0;
  for (const [candidate, cost] of expected.entries()) {
    const own = found[candidate];
    // A cost that is missing is refused like one that is wrong.
    const difference = own === undefined ? NaN : Math.abs(own - cost) / Math.max(1, Math.abs(cost));
    if (!(difference <= allowed)) {
      throw new JepaMpcError('model.golden-mismatch', {
        subject: `cost of candidate ${String(candidate)} in the compiled rollout`,
        found: String(own),
        expected: `${String(cost)}, as step by step, within a fraction of ${String(allowed)}`,
        remedy: 'Set rollout.graph to host to plan with the model as it is; please report it.',
      });
    }
    worst = Math.max(worst, difference);
  }
  return worst;
}
