import { at } from '../core/array-access.js';
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
    const low = at(lower, i % names.length);
    return low + share * (at(upper, i % names.length) - low);
  });
}
