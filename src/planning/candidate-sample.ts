import type { CandidateSample } from '../core/types.js';

/**
 * A few of many candidates, evenly spaced in the order of their costs, with the cheapest and the most expensive among them. Candidates without a
 * finite cost are left out.
 *
 * @param candidates raw actions `[N, K, J]`
 * @param costs `[N]`
 * @param max maximum number of candidates, at least 1
 */
export function sampleCandidates(
  candidates: Float32Array,
  costs: Float32Array,
  max: number,
): CandidateSample {
  const size = candidates.length / costs.length;
  const ranked = Uint32Array.from(costs.keys())
    .filter((candidate) => Number.isFinite(costs[candidate]))
    .sort((a, b) => (costs[a] ?? NaN) - (costs[b] ?? NaN));
  const count = Math.min(max, ranked.length);
  const spacing = count > 1 ? (ranked.length - 1) / (count - 1) : 0;
  const sample = { actions: new Float32Array(count * size), costs: new Float32Array(count) };
  for (let place = 0; place < count; place++) {
    const candidate = ranked[Math.round(place * spacing)] ?? 0;
    sample.actions.set(candidates.subarray(candidate * size, (candidate + 1) * size), place * size);
    sample.costs[place] = costs[candidate] ?? NaN;
  }
  return sample;
}
