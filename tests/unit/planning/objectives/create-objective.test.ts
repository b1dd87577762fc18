import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Objective } from '../../../../src/core/ports.js';
import { createObjective } from '../../../../src/planning/objectives/distances.js';
import type { LatentMetric } from '../../../../src/planning/objectives/distances.js';

const learned: Objective = { name: 'temporal_distance', distance: () => Promise.resolve(Float32Array.of(3)) };
/** Two latents of two tokens of two dimensions, and a goal. */
const LATENTS = { data: Float32Array.of(0, 0, 0, 0, 1, 2, 3, 4), shape: [2, 2, 2] };
const GOAL = { data: Float32Array.of(1, 1, 1, 1), shape: [1, 2, 2] };

async function distances(metric: LatentMetric, latents = LATENTS, goal = GOAL): Promise<number[]> {
  return [...(await createObjective(metric, null).distance(latents, goal))];
}

describe('createObjective', () => {
  it('sums squared differences over tokens and dimensions', async () => {
    expect(await distances('squared_latent_distance')).toEqual([4, 0 + 1 + 4 + 9]);
  });

  it('takes the mean of absolute differences', async () => {
    expect(await distances('l1')).toEqual([1, (0 + 1 + 2 + 3) / 4]);
  });

  it('takes half the square of differences below 1, and the difference less a half above', async () => {
    expect(await distances('smooth_l1')).toEqual([0.5, (0 + 0.5 + 1.5 + 2.5) / 4]);
    const near = { data: Float32Array.of(1.5, 1, 1, 1), shape: [1, 2, 2] };
    expect(await distances('smooth_l1', near)).toEqual([0.125 / 4]);
  });

  it('takes the mean over tokens of one minus the cosine; a latent without length is at right angles to all', async () => {
    const [none, some] = await distances('cosine');
    expect(none).toBe(1);
    expect(some).toBeCloseTo(1 - (3 / Math.sqrt(10) + 7 / Math.sqrt(50)) / 2, 6);
  });

  it('is 0 at the goal and never below, whatever the metric', async () => {
    const value = fc.float({ min: -100, max: 100, noNaN: true });
    const metric = fc.constantFrom<LatentMetric>('squared_latent_distance', 'l1', 'smooth_l1', 'cosine');
    await fc.assert(
      fc.asyncProperty(
        metric,
        fc.array(value, { minLength: 6, maxLength: 6 }),
        fc.array(value, { minLength: 6, maxLength: 6 }),
        async (name, a, b) => {
          const goal = { data: Float32Array.from(a), shape: [1, 3, 2] };
          const latents = { data: Float32Array.from([...a, ...b]), shape: [2, 3, 2] };
          const [same, other] = await distances(name, latents, goal);
          const isNothing = a.some((x, i) => i % 2 === 0 && Math.hypot(x, a[i + 1] ?? 0) < 1e-3);
          if (name !== 'cosine' || !isNothing) expect(Math.abs(same ?? NaN)).toBeLessThan(1e-6);
          expect(other).toBeGreaterThanOrEqual(-1e-6);
        },
      ),
    );
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
