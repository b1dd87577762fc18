import { describe, expect, it } from 'vitest';

import { createRng } from '../../../src/math/rng.js';
import { logRankWeights } from '../../../src/planning/elites.js';
import {
  distanceBetween,
  GOAL,
  linearContext,
  linearModel,
  linearOptions,
  linearScorer,
  move,
  START,
} from './linear-world.js';
import { type TestSettings, makePlanner } from '../../fixtures/planners.js';

const context = linearContext(START, GOAL);

describe('CmaPlanner', () => {
  it('ends within 0.1 rad of a reachable goal 1.1 rad away, for every seed', async () => {
    for (let seed = 0; seed < 20; seed++) {
      const planner = makePlanner('cma', linearModel, linearScorer(), linearOptions);
      const { actions } = await planner.plan(null, context, createRng(seed));
      expect(distanceBetween(move(START, actions), GOAL)).toBeLessThan(0.1);
    }
  });

  it('refits to the weighted elites, with the deviation of their steps from the old mean', async () => {
    const steps: { found: number[]; expected: number[] }[] = [];
    let before = { mean: new Float32Array(0), std: new Float32Array(0) };
    const options: TestSettings = {
      ...linearOptions,
      minStd: 0,
      elites: 6,
      iterations: 4,
      onIteration: ({ iteration, candidates, elites, mean, std }) => {
        const weights = logRankWeights(new Float64Array(elites.length));
        if (iteration > 0) {
          const expected = [...mean].map((_, i) =>
            Math.sqrt(
              elites.reduce((sum, n, rank) => {
                const step = (candidates[n * mean.length + i] ?? NaN) - (before.mean[i] ?? NaN);
                return sum + (weights[rank] ?? NaN) * step * step;
              }, 0),
            ),
          );
          steps.push({ found: [...std], expected });
        }
        before = { mean: mean.slice(), std: std.slice() };
      },
    };
    await makePlanner('cma', linearModel, linearScorer(), options).plan(null, context, createRng(3));
    expect(steps).toHaveLength(3);
    for (const { found, expected } of steps)
      for (const [i, std] of found.entries()) expect(std).toBeCloseTo(expected[i] ?? NaN, 5);
  });

  it('gets further than CEM from a narrow start: where the mean travels, the deviation does not shrink', async () => {
    const narrow: TestSettings = {
      ...linearOptions,
      initialStd: 0.02,
      minStd: 0,
      keep: 'mean',
      iterations: 6,
    };
    for (let seed = 0; seed < 10; seed++) {
      const reached = await Promise.all(
        (['cem', 'cma'] as const).map(async (name) => {
          const planner = makePlanner(name, linearModel, linearScorer(), narrow);
          const { actions } = await planner.plan(null, context, createRng(seed));
          return distanceBetween(move(START, actions), GOAL);
        }),
      );
      expect(reached[1]).toBeLessThan(reached[0] ?? NaN);
    }
  });
});

describe('logRankWeights', () => {
  it('sums to one and falls with the rank', () => {
    const weights = [...logRankWeights(new Float64Array(5))];
    expect(weights).toHaveLength(5);
    expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12);
    for (let rank = 1; rank < weights.length; rank++)
      expect(weights[rank]).toBeLessThan(weights[rank - 1] ?? NaN);
    expect((weights[0] ?? NaN) / (weights[4] ?? NaN)).toBeCloseTo(Math.log(5.5) / Math.log(5.5 / 5), 10);
  });

  it('gives a lone elite all', () => {
    expect([...logRankWeights(new Float64Array(1))]).toEqual([1]);
  });
});
