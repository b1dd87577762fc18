import { describe, expect, it } from 'vitest';

import type { CandidateScorer, PlannerState, Planner } from '../../../src/core/ports.js';
import { createRng } from '../../../src/math/rng.js';
import type { IterationTrace } from '../../../src/planning/sampling-settings.js';
import {
  distanceBetween,
  GOAL,
  linearContext,
  linearModel,
  linearOptions,
  linearScorer,
  move,
  START,
  scorerOf,
  silence,
} from './linear-world.js';
import { type TestSettings, makePlanner } from '../../fixtures/planners.js';

const SIZE = 16;
const context = linearContext(START, GOAL);

function icem(options: Partial<TestSettings> = {}, scorer: CandidateScorer = linearScorer()): Planner {
  return makePlanner('icem', linearModel, scorer, { ...linearOptions, ...options });
}

/** Candidates of each iteration, `[N, K, J]`. */
function recorder(): { candidates: Float32Array[]; onIteration: (trace: IterationTrace) => void } {
  const candidates: Float32Array[] = [];
  return { candidates, onIteration: (trace) => candidates.push(trace.candidates.slice()) };
}

function holds(candidates: Float32Array | undefined, sequence: Float32Array): boolean {
  const rows = (candidates?.length ?? 0) / SIZE;
  return Array.from({ length: rows }, (_, n) => candidates?.subarray(n * SIZE, (n + 1) * SIZE)).some((row) =>
    sequence.every((value, i) => row?.[i] === value),
  );
}

describe('IcemPlanner', () => {
  it('ends within 0.05 rad of a reachable goal 1.1 rad away, for every seed', async () => {
    for (let seed = 0; seed < 20; seed++) {
      const { actions } = await icem().plan(null, context, createRng(seed));
      expect(distanceBetween(move(START, actions), GOAL)).toBeLessThan(0.05);
    }
  });

  it('asks for fewer candidates in each iteration, down to twice the elites', async () => {
    const { candidates, onIteration } = recorder();
    await icem({ 'icem.shrink': 2, samples: 100, elites: 10, onIteration }).plan(null, context, createRng(1));
    expect(candidates.map(({ length }) => length / SIZE)).toEqual([100, 50, 25, 20, 20]);
  });

  it('never asks for more than its samples, however many the elites', async () => {
    const { candidates, onIteration } = recorder();
    await icem({ samples: 12, elites: 10, onIteration }).plan(null, context, createRng(1));
    expect(candidates.map(({ length }) => length / SIZE)).toEqual([12, 12, 12, 12, 12]);
  });

  it('takes elites over into the next iteration, the best of all first', async () => {
    const kept: { elites: Float32Array[]; candidates: Float32Array }[] = [];
    const onIteration = ({ candidates, elites }: IterationTrace): void => {
      const rows = [...elites.subarray(0, 2)].map((n) => candidates.slice(n * SIZE, (n + 1) * SIZE));
      kept.push({ elites: rows, candidates: candidates.slice() });
    };
    await icem({ 'icem.kept_elites': 2, onIteration }).plan(null, context, createRng(1));
    for (const [iteration, { elites }] of kept.slice(0, -1).entries()) {
      const next = kept[iteration + 1]?.candidates;
      expect(next?.slice(SIZE, 3 * SIZE)).toEqual(Float32Array.from(elites.flatMap((row) => [...row])));
    }
  });

  it('takes elites over into the next plan, moved on by the time between them', async () => {
    const first = await icem({ 'icem.kept_elites': 2 }).plan(null, context, createRng(1));
    expect(first.state.elites).toHaveLength(2 * SIZE);
    const { candidates, onIteration } = recorder();
    await icem({ 'icem.kept_elites': 2, onIteration }).plan(
      { ...first.state, ageMs: 100 },
      context,
      createRng(2),
    );
    const elite = first.state.elites?.slice(0, SIZE) ?? new Float32Array(0);
    const shifted = Float32Array.from([...elite.slice(2), ...elite.slice(-2)]);
    expect(holds(candidates[0], shifted)).toBe(true);
    expect(holds(candidates[0], elite)).toBe(false);
  });

  it('takes over no more elites than it was told, and none that are too old', async () => {
    const old: PlannerState = {
      mean: new Float32Array(SIZE),
      elites: Float32Array.from({ length: 3 * SIZE }, (_, i) => 0.25 * (1 + Math.floor(i / SIZE))),
      ageMs: 0,
    };
    const holdsElite = async (elite: number, state: PlannerState, keptElites: number): Promise<boolean> => {
      const { candidates, onIteration } = recorder();
      await icem({ 'icem.kept_elites': keptElites, onIteration, iterations: 1 }).plan(
        state,
        context,
        silence,
      );
      return holds(candidates[0], new Float32Array(SIZE).fill(0.25 * (1 + elite)));
    };
    expect(await holdsElite(1, old, 2)).toBe(true);
    expect(await holdsElite(2, old, 2)).toBe(false);
    expect(await holdsElite(0, old, 0)).toBe(false);
    expect(await holdsElite(0, { ...old, ageMs: 5000 }, 2)).toBe(false);
  });

  it('moves smoothly: neighbouring actions agree more than with white noise', async () => {
    const roughness = async (noiseBeta: number): Promise<number> => {
      const { candidates, onIteration } = recorder();
      await icem({ noiseBeta, iterations: 1, initialStd: 0.3, onIteration }).plan(
        null,
        context,
        createRng(1),
      );
      const [all = new Float32Array(0)] = candidates;
      let sum = 0;
      for (let i = 2; i < all.length; i++)
        if (i % SIZE > 1) sum += Math.abs((all[i] ?? NaN) - (all[i - 2] ?? NaN));
      return sum;
    };
    expect(1.4 * (await roughness(2))).toBeLessThan(await roughness(0));
  });

  it('hands out the cheapest sequence that it tried, whatever later iterations made of it', async () => {
    const cost = (actions: Float32Array): number => Math.sin(40 * (actions[3] ?? NaN));
    const { actions, bestCost } = await icem({}, scorerOf(cost)).plan(null, context, createRng(1));
    expect(cost(actions)).toBeCloseTo(bestCost, 5);
  });
});
