import { describe, expect, it } from 'vitest';

import { compareRollouts } from '../../../src/model-check/compare-rollouts.js';
import type { CandidateScorer, PlanContext } from '../../../src/core/ports.js';

const context: PlanContext = {
  history: { data: new Float32Array(2), shape: [1, 1, 1, 2] },
  goal: { data: new Float32Array(2), shape: [1, 1, 2] },
  committed: new Float32Array(0),
};

const giving = (...costs: number[]): CandidateScorer => ({
  score: () => Promise.resolve(Float32Array.from(costs)),
});

function compare(compiled: CandidateScorer, stepByStep: CandidateScorer): Promise<number> {
  return compareRollouts(compiled, stepByStep, context, new Float32Array(6), 1e-3);
}

describe('a compiled rollout compared with the one step by step', () => {
  it('may be off by ten tolerances, of the cost where that is more than 1', async () => {
    const worst = await compare(giving(0.004, 1, 100.5), giving(0, 1, 100));
    expect(worst).toBeCloseTo(0.005, 6);
  });

  it.each([
    ['by more', giving(0.5, 1.02, 3), /candidate 1 .* found 1\.0199\d*, expected 1, as step by step/],
    ['no number', giving(0.5, 1, NaN), /candidate 2 .* found NaN/],
    ['missing', giving(0.5), /candidate 1 .* found undefined/],
  ])('is refused when it is %s, by the candidate', async (_, compiled, message) => {
    const refused = compare(compiled, giving(0.5, 1, 3));
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.toMatchObject({ code: 'model.golden-mismatch' });
  });

  it('is compared even where both write their costs to the same memory', async () => {
    const shared = new Float32Array(1);
    const writing = (cost: number): CandidateScorer => ({
      score: () => Promise.resolve(shared.fill(cost)),
    });
    await expect(compare(writing(2), writing(1))).rejects.toThrow(/found 2, expected 1/);
  });
});
