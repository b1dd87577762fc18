import { describe, expect, it } from 'vitest';

import type { Objective } from '../../../src/core/ports.js';
import { createObjective } from '../../../src/planning/objectives.js';

const learned: Objective = { name: 'temporal_distance', distance: () => Promise.resolve(Float32Array.of(3)) };

describe('createObjective', () => {
  it('sums squared differences over tokens and dimensions', async () => {
    const objective = createObjective('squared_latent_distance', learned);
    const latents = { data: Float32Array.of(0, 0, 0, 0, 1, 2, 3, 4), shape: [2, 2, 2] };
    const goal = { data: Float32Array.of(1, 1, 1, 1), shape: [1, 2, 2] };
    expect([...(await objective.distance(latents, goal))]).toEqual([4, 0 + 1 + 4 + 9]);
  });

  it('takes the temporal distance from the model', () => {
    expect(createObjective('temporal_distance', learned)).toBe(learned);
  });

  it('says what to do when the model has none', () => {
    expect(() => createObjective('temporal_distance', null)).toThrow(
      /squared_latent_distance.*\[model.unsupported\]/,
    );
  });
});
