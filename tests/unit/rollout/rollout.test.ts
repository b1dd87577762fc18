import { describe, expect, it } from 'vitest';

import type { Predictor } from '../../../src/core/ports.js';
import { Rollout } from '../../../src/rollout/rollout.js';
import { linearAction, linearContext, linearModel, move } from '../planning/linear-world.js';

const HORIZON = 3;
const CANDIDATES = Float32Array.from({ length: 2 * HORIZON * 4 }, (_, i) => Math.sin(i));

async function predictions(rollout: Rollout): Promise<number[][]> {
  const steps: number[][] = [];
  for await (const latents of rollout.run(linearContext([0.5, 1], [0, 0]).history, CANDIDATES, HORIZON))
    steps.push([...latents.data]);
  return steps;
}

describe('Rollout', () => {
  it('moves every candidate by its own raw actions, block after block', async () => {
    const steps = await predictions(new Rollout(linearModel, 2));
    expect(steps).toHaveLength(HORIZON);
    for (const [step, latents] of steps.entries()) {
      for (const candidate of [0, 1]) {
        const taken = CANDIDATES.subarray(candidate * 12, candidate * 12 + (step + 1) * 4);
        const expected = move([0.5, 1], taken);
        expect(latents[candidate * 2]).toBeCloseTo(expected[0] ?? NaN, 5);
        expect(latents[candidate * 2 + 1]).toBeCloseTo(expected[1] ?? NaN, 5);
      }
    }
  });

  it('gives the same again from the same buffers', async () => {
    const rollout = new Rollout(linearModel, 2);
    const first = await predictions(rollout);
    expect(await predictions(rollout)).toEqual(first);
  });

  it('slides the window: the frames first, then its own predictions, oldest first', async () => {
    const windows: number[][] = [];
    let calls = 0;
    const counting: Predictor = {
      predict: (history) => {
        windows.push([...history.data]);
        calls++;
        return Promise.resolve({ data: Float32Array.of(calls, -calls), shape: [1, 1, 2] });
      },
    };
    const history = { data: Float32Array.of(0.1, 0.2, 0.3, 0.4), shape: [1, 2, 1, 2] };
    const rollout = new Rollout({ ...linearModel, predictor: counting }, 1);
    for await (const latents of rollout.run(history, new Float32Array(12), HORIZON))
      expect(latents.shape).toEqual([1, 1, 2]);
    expect(windows.map((window) => window.map((value) => Number(value.toFixed(3))))).toEqual([
      [0.1, 0.2, 0.3, 0.4],
      [0.3, 0.4, 1, -1],
      [1, -1, 2, -2],
    ]);
  });

  it('shows a markov model nothing but the newest latent', async () => {
    const sizes: number[] = [];
    const predictor: Predictor = {
      predict: (history) => {
        sizes.push(history.data.length);
        return Promise.resolve({ data: history.data.map((value) => value + 1), shape: [1, 1, 2] });
      },
    };
    const markov = {
      ...linearModel,
      predictor,
      history: { mode: 'markov', window: 1, warmup: 'repeat', actions: 'newest' } as const,
    };
    const steps: number[][] = [];
    const start = { data: Float32Array.of(5, 6), shape: [1, 1, 1, 2] };
    for await (const latents of new Rollout(markov, 1).run(start, new Float32Array(12), HORIZON))
      steps.push([...latents.data]);
    expect(sizes).toEqual([2, 2, 2]);
    expect(steps).toEqual([
      [6, 7],
      [7, 8],
      [8, 9],
    ]);
  });

  it('lets the window grow where the model warms up short, each latent beside the block that leaves it', async () => {
    const seen: { frames: number[]; blocks: number[] }[] = [];
    let calls = 0;
    const counting: Predictor = {
      predict: (history, actions) => {
        seen.push({ frames: [...history.data], blocks: [...actions.data] });
        calls++;
        return Promise.resolve({ data: Float32Array.of(calls, -calls), shape: [1, 1, 2] });
      },
    };
    const history = { mode: 'growing', window: 2, warmup: 'short', actions: 'paired' } as const;
    const start = { data: Float32Array.of(8, 9), shape: [1, 1, 1, 2] };
    const actions = Float32Array.from({ length: 12 }, (_, i) => i);
    const action = { ...linearAction, mean: [0, 0], std: [1, 1] };
    const rollout = new Rollout({ ...linearModel, action, predictor: counting, history }, 1);
    for await (const latents of rollout.run(start, actions, HORIZON))
      expect(latents.shape).toEqual([1, 1, 2]);
    expect(seen).toEqual([
      { frames: [8, 9], blocks: [0, 1, 2, 3] },
      { frames: [8, 9, 1, -1], blocks: [0, 1, 2, 3, 4, 5, 6, 7] },
      { frames: [1, -1, 2, -2], blocks: [4, 5, 6, 7, 8, 9, 10, 11] },
    ]);
  });

  it('refuses predictions of another size', async () => {
    const predictor: Predictor = {
      predict: () => Promise.resolve({ data: new Float32Array(3), shape: [1, 1, 3] }),
    };
    await expect(
      predictions(new Rollout({ ...linearModel, predictor, action: linearAction }, 2)),
    ).rejects.toMatchObject({
      code: 'planner.wrong-shape',
    });
  });
});
