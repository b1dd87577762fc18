import { expect, it } from 'vitest';

import { LatentDistance } from '../../../../src/planning/objectives/distances.js';

/** Two latents of 2 tokens of 3 numbers; the goal is 0. */
const latents = { data: Float32Array.of(1, 2, 3, 4, 5, 6, 0, 0, 0, 0, 0, 9), shape: [2, 2, 3] };
const goal = { data: new Float32Array(6), shape: [1, 2, 3] };

it('adds up the distances of the streams by weight, each in the unit of its own size', async () => {
  const distance = new LatentDistance('l1', [
    { tokens: [0, 2], dims: [0, 2], weight: 1 },
    { tokens: [1, 2], dims: [2, 3], weight: 0.5 },
  ]);
  expect([...(await distance.distance(latents, goal))]).toEqual([3 + 3, 4.5]);
});

it('takes a latent as a whole where there are no streams', async () => {
  expect([...(await new LatentDistance('l1').distance(latents, goal))]).toEqual([3.5, 1.5]);
});
