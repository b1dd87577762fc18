import type { ActionSpec, HistorySpec } from '../core/model-spec.js';
import type { CandidateScorer, PlanContext } from '../core/ports.js';
import type { Tensor } from '../core/types.js';
import { coefficientOfVariation } from '../math/coefficient-of-variation.js';
import { percentile } from '../math/percentile.js';
import { stillContext } from '../worker/still-context.js';

/** How far the costs of random candidates lie apart. */
export interface CandidateSpread {
  /** Standard deviation as a fraction of the mean; median over the starts. NaN if it is not defined for any of them. */
  readonly relative: number;
  readonly starts: number;
  /** From each start. */
  readonly candidates: number;
}

/**
 * A spread below this is hardly one. Over 1 s, models of arms that reach their goals have 0.04 to 0.10, and the same encoder and objective
 * 0.007 to 0.014 with a predictor that was not trained. The candidates fill the action bounds; those that the guide judges (rule `flat_cost`)
 * are closer together.
 */
const HARDLY = 0.02;

/** Names of golden vectors: latents of frames, and of goals if a graph of their own encodes them. */
const LATENTS = 'encoder.latent';
const GOALS = 'goalEncoder.latent';

/**
 * Where plans may start and lead to: each golden latent, of a robot at rest, with another one as the goal.
 *
 * @param golden golden vectors by name, of which the latents `[B, N, D]` have been checked
 */
export function goldenContexts(
  model: { readonly history: HistorySpec; readonly action: ActionSpec },
  golden: ReadonlyMap<string, Tensor>,
): PlanContext[] {
  const latents = rowsOf(golden.get(LATENTS));
  const goals = rowsOf(golden.get(GOALS) ?? golden.get(LATENTS));
  return latents.flatMap((latent, row) => {
    const goal = goals[(row + 1) % goals.length];
    return goal === undefined ? [] : [stillContext(model, latent, goal)];
  });
}

/**
 * Scores the same number of random candidates in each context.
 *
 * @param draw random raw actions `[N, K, J]`
 * @param count N, at least 2
 * @throws JepaMpcError whatever scoring throws
 */
export async function measureSpread(
  scorer: CandidateScorer,
  contexts: readonly PlanContext[],
  draw: (count: number) => Float32Array,
  count: number,
): Promise<CandidateSpread> {
  const spreads: number[] = [];
  for (const context of contexts) {
    const spread = coefficientOfVariation(await scorer.score(context, draw(count)));
    if (Number.isFinite(spread)) spreads.push(spread);
  }
  const relative = spreads.length === 0 ? NaN : percentile(spreads, 0.5);
  return { relative, starts: contexts.length, candidates: count };
}

/** The spread as a sentence, with a verdict. */
export function spreadText({ relative, starts, candidates }: CandidateSpread): string {
  const where = `${String(candidates)} random ones from ${String(starts)} golden latents to others`;
  // Not `<`, so that a spread that is not defined counts as none.
  if (!(relative >= HARDLY)) {
    const apart = Number.isNaN(relative) ? 'not at all' : `by ${percent(relative)} of their mean only`;
    return `the objective hardly tells them apart: the costs of ${where} differ ${apart}`;
  }
  return `the costs of ${where} differ by ${percent(relative)} of their mean`;
}

function percent(share: number): string {
  return `${(100 * share).toPrecision(2)} %`;
}

/** A tensor `[B, ...]` as B tensors `[1, ...]`. */
function rowsOf(tensor: Tensor | undefined): Tensor[] {
  if (tensor === undefined) return [];
  const [count = 0, ...rest] = tensor.shape;
  const length = tensor.data.length / Math.max(1, count);
  return Array.from({ length: count }, (_, row) => ({
    data: tensor.data.slice(row * length, (row + 1) * length),
    shape: [1, ...rest],
  }));
}
