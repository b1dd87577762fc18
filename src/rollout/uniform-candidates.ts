import type { ActionSpec } from '../core/model-spec.js';
import type { Rng } from '../core/ports.js';

/**
 * Candidates drawn uniformly inside the action bounds.
 *
 * @param horizon predictor steps; K = horizon * block
 * @returns raw actions `[count, K, J]`
 */
export function uniformCandidates(
  { block, names, lower, upper }: ActionSpec,
  horizon: number,
  count: number,
  rng: Rng,
): Float32Array {
  const candidates = new Float32Array(count * horizon * block * names.length);
  rng.uniforms(candidates);
  return candidates.map((share, i) => {
    const low = lower[i % names.length] ?? 0;
    return low + share * ((upper[i % names.length] ?? 0) - low);
  });
}
