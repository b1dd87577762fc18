import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import type { ActionSpec } from '../../../src/core/model-spec.js';
import type { CandidateScorer, PlanContext, Planner, PlannerResult, Rng } from '../../../src/core/ports.js';
import { ColouredNoise } from '../../../src/math/coloured-noise.js';
import type { PlannerName } from '../../../src/planning/registry.js';
import { linearAction, linearContext, linearModel, scorerOf } from './linear-world.js';
import { type TestSettings, makePlanner } from '../../fixtures/planners.js';

interface ReferencePlan {
  /** `[I, E]`, cheapest first. */
  readonly elites: readonly (readonly number[])[];
  /** `[I, K * J]` */
  readonly means: readonly (readonly number[])[];
  readonly deviations?: readonly (readonly number[])[];
}

/** What make_reference_plans.py writes. */
interface Reference {
  readonly samples: number;
  readonly elites: number;
  readonly iterations: number;
  readonly temperature: number;
  readonly icemBound: number;
  readonly icemMomentum: number;
  readonly icemKeptElites: number;
  /** White, `[I, N * K * J]`. */
  readonly noise: readonly (readonly number[])[];
  readonly plans: Readonly<Record<string, ReferencePlan>>;
  readonly colour: { readonly beta: number; readonly candidates: readonly number[] };
}

const reference = JSON.parse(
  readFileSync(new URL('../../fixtures/reference-plans.json', import.meta.url), 'utf8'),
) as Reference;

const JOINTS = 2;
const PERIODS = 8;
/** Bounds so far away that none of the solvers without bounds would notice them. */
const FAR = 1024;

/** The cost of make_reference_plans.py. */
const scorer: CandidateScorer = scorerOf((actions) =>
  actions.reduce((sum, action, i) => {
    const wanted = Math.sin(Math.floor(i / JOINTS) + 2 * (i % JOINTS));
    return sum + (action - wanted) ** 2 + 0.3 * Math.cos(4 * action);
  }, 0),
);

/** Plays back the noise of the fixture, one iteration at each draw. */
function recordedNoise(): Rng {
  let draw = 0;
  return {
    normals: (out) => {
      out.set(reference.noise[draw] ?? []);
      draw++;
    },
    uniforms: (out) => out.fill(NaN),
  };
}

interface Step {
  readonly elites: number[];
  readonly mean: Float32Array;
  readonly std: Float32Array;
}

/** Our planner on the noise, the cost and the first deviation (1) of the reference. */
async function ours(
  name: PlannerName,
  changes: Partial<TestSettings>,
  bound = FAR,
): Promise<{ steps: Step[]; result: PlannerResult }> {
  const steps: Step[] = [];
  const action: ActionSpec = { ...linearAction, lower: [-bound, -bound], upper: [bound, bound] };
  const planner: Planner = makePlanner(name, { ...linearModel, action }, scorer, {
    samples: reference.samples,
    elites: reference.elites,
    iterations: reference.iterations,
    horizon: PERIODS / action.block,
    initialStd: 1 / bound,
    minStd: 0,
    keep: 'mean',
    returned: 'mean',
    onIteration: ({ elites, mean, std }) => {
      steps.push({ elites: [...elites], mean: mean.slice(), std: std.slice() });
    },
    ...changes,
  });
  const context: PlanContext = linearContext([0, 0], [0, 0]);
  return { steps, result: await planner.plan(null, context, recordedNoise()) };
}

function expectClose(found: Float32Array | undefined, expected: readonly number[] | undefined): void {
  expect(found).toHaveLength(PERIODS * JOINTS);
  for (const [i, value] of (found ?? []).entries()) {
    const wanted = expected?.[i] ?? NaN;
    expect(Math.abs(value - wanted)).toBeLessThanOrEqual(1e-4 * Math.max(Math.abs(wanted), 0.01));
  }
}

describe('parity with stable-worldmodel 0.1.1 on the same noise and cost', () => {
  it.each<[PlannerName, Partial<TestSettings>, number]>([
    ['cem', {}, FAR],
    [
      'icem',
      {
        'icem.shrink': 1,
        noiseBeta: 0,
        momentum: reference.icemMomentum,
        'icem.kept_elites': reference.icemKeptElites,
      },
      reference.icemBound,
    ],
    ['mppi', { 'mppi.temperature': reference.temperature }, FAR],
  ])('%s: the same elites, mean and deviation after each iteration', async (name, changes, bound) => {
    const theirs = reference.plans[name];
    const { steps, result } = await ours(name, changes, bound);
    expect(steps.map(({ elites }) => elites)).toEqual(theirs?.elites);
    for (const [iteration, { mean, std }] of steps.entries()) {
      expectClose(mean, theirs?.means[iteration]);
      if (theirs?.deviations !== undefined) expectClose(std, theirs.deviations[iteration]);
    }
    expectClose(result.actions, theirs?.means.at(-1));
  });

  it('predictive_sampling: the same plan', async () => {
    const { result } = await ours('predictive_sampling', { iterations: 1 });
    expectClose(result.actions, reference.plans['predictive_sampling']?.means[0]);
  });

  it('iCEM’s colour: the same noise, but for the scale of each sequence', () => {
    const { beta, candidates } = reference.colour;
    const noise = Float32Array.from(reference.noise[0] ?? []);
    new ColouredNoise(PERIODS, beta).colour(noise, JOINTS);
    // The first candidate is the mean, and not sampled.
    for (let start = PERIODS * JOINTS; start < noise.length; start += PERIODS * JOINTS) {
      for (let joint = 0; joint < JOINTS; joint++) {
        const column = (values: ArrayLike<number>): number[] =>
          Array.from({ length: PERIODS }, (_, k) => values[start + k * JOINTS + joint] ?? NaN);
        const own = column(noise);
        const average = own.reduce((sum, value) => sum + value, 0) / PERIODS;
        const deviation = Math.hypot(...own.map((value) => value - average)) / Math.sqrt(PERIODS - 1);
        for (const [k, value] of column(candidates).entries())
          expect((own[k] ?? NaN) / deviation).toBeCloseTo(value, 4);
      }
    }
  });
});
