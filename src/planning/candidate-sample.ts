import { f32, u32 } from '../core/array-access.js';
import type { CandidateSample } from '../core/types.js';

/**
 * A few of many candidates, evenly spaced in the order of their costs, with the cheapest and the most expensive among them. Candidates without a
 * finite cost are left out.
 *
 * @param candidates raw actions `[N, K, J]`
 * @param costs `[N]`
 * @param max maximum number of candidates, at least 1
 * @param elites how many of all candidates were elites: the cheapest
 */
export function sampleCandidates(
  candidates: Float32Array,
  costs: Float32Array,
  max: number,
  elites: number,
): CandidateSample {
  const size = candidates.length / costs.length;
  const ranked = Uint32Array.from(costs.keys())
    .filter((candidate) => Number.isFinite(costs[candidate]))
    .sort((a, b) => f32(costs, a) - f32(costs, b));
  const count = Math.min(max, ranked.length);
  const spacing = count > 1 ? (ranked.length - 1) / (count - 1) : 0;
  const sample = { actions: new Float32Array(count * size), costs: new Float32Array(count), elites: 0 };
  for (let place = 0; place < count; place++) {
    const rank = Math.round(place * spacing);
    const candidate = u32(ranked, rank);
    if (rank < elites) sample.elites += 1;
    sample.actions.set(candidates.subarray(candidate * size, (candidate + 1) * size), place * size);
    sample.costs[place] = f32(costs, candidate);
  }
  return sample;
}
