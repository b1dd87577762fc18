import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { CandidateScorer, PlanContext } from '../../../src/core/ports.js';
import type { Tensor } from '../../../src/core/types.js';
import {
  goldenContexts,
  measureSpread,
  spreadText,
  type CandidateSpread,
} from '../../../src/model-check/candidate-spread.js';
import { actionOf, jointLimit } from '../../fixtures/robot.js';

const model = {
  action: actionOf([jointLimit('elbow')]),
  history: { mode: 'sliding', window: 2, warmup: 'repeat', actions: 'newest' },
} as const;

/** Latents of two numbers, one row a latent. */
const latents = (...rows: (readonly [number, number])[]): Tensor => ({
  data: Float32Array.from(rows.flat()),
  shape: [rows.length, 1, 2],
});

/** What each context starts from and leads to. */
function ends(contexts: readonly PlanContext[]): unknown[] {
  return contexts.map(({ history, goal }) => [[...history.data], [...goal.data]]);
}

const draw = (count: number): Float32Array => new Float32Array(count);

/** Gives the costs of one start after the other. */
function giving(...costs: (readonly number[])[]): CandidateScorer {
  return { score: () => Promise.resolve(Float32Array.from(costs.shift() ?? [])) };
}

function spreadOver(...costs: (readonly number[])[]): Promise<CandidateSpread> {
  const contexts = goldenContexts(
    model,
    new Map([['encoder.latent', latents(...costs.map(() => [0, 0] as const))]]),
  );
  return measureSpread(giving(...costs), contexts, draw, 3);
}

describe('contexts of golden vectors', () => {
  it('start at rest from each golden latent and lead to the next one', () => {
    const golden = new Map([['encoder.latent', latents([1, 2], [3, 4], [5, 6])]]);
    expect(ends(goldenContexts(model, golden))).toEqual([
      [
        [1, 2, 1, 2],
        [3, 4],
      ],
      [
        [3, 4, 3, 4],
        [5, 6],
      ],
      [
        [5, 6, 5, 6],
        [1, 2],
      ],
    ]);
  });

  it('lead to goals of the goal encoder if there is one', () => {
    const golden = new Map([
      ['encoder.latent', latents([1, 2], [3, 4])],
      ['goalEncoder.latent', latents([7, 7], [8, 8])],
    ]);
    expect(ends(goldenContexts(model, golden))).toEqual([
      [
        [1, 2, 1, 2],
        [8, 8],
      ],
      [
        [3, 4, 3, 4],
        [7, 7],
      ],
    ]);
  });
});

describe('the spread of the costs of candidates', () => {
  it('is the median over the starts', async () => {
    const spread = await spreadOver([1, 2, 3], [9, 10, 11], [4, 5, 6]);
    expect(spread).toEqual({ relative: 0.2, starts: 3, candidates: 3 });
  });

  it('does not depend on the unit of the costs', async () => {
    const costs = fc.array(fc.double({ min: 0.5, max: 2, noNaN: true }), { minLength: 3, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(costs, fc.double({ min: 0.01, max: 100, noNaN: true }), async (of, unit) => {
        const { relative } = await spreadOver(of);
        const other = await spreadOver(of.map((cost) => cost * unit));
        expect(other.relative).toBeCloseTo(relative, 4);
      }),
    );
  });

  it('is said to be hardly one where costs are nearly the same, or none at all', async () => {
    expect(spreadText(await spreadOver([100, 104, 96]))).toBe(
      'the costs of 3 random ones from 1 golden latents to others differ by 4.0 % of their mean',
    );
    expect(spreadText(await spreadOver([100, 101, 99]))).toBe(
      'the objective hardly tells them apart: the costs of 3 random ones from 1 golden latents to others differ by 1.0 % of their mean only',
    );
    expect(spreadText(await spreadOver([0, 0, 0]))).toMatch(/differ not at all$/);
  });
});
