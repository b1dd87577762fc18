import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { distanceM, MIN_TIP_DISTANCE_M, sampleEpisode } from '../../../eval/episodes/episode-sampler.js';
import type { JointLimit } from '../../../src/core/types.js';

function joint(name: string, lower: number, upper: number): JointLimit {
  return {
    name,
    unit: 'rad',
    continuous: false,
    lower,
    upper,
    velocity: 2,
    acceleration: 10,
    jerk: Infinity,
    effort: 20,
  };
}

const LIMITS = [joint('shoulder', -2.6, 2.6), joint('elbow', -1, 2.6)];

/** Fingertip of a planar arm with links of 0.38 m and 0.32 m. */
function tip([a = 0, b = 0]: readonly number[]): number[] {
  return [0.38 * Math.cos(a) + 0.32 * Math.cos(a + b), 0.38 * Math.sin(a) + 0.32 * Math.sin(a + b), 0];
}

const seeds = fc.integer({ min: 0, max: 2147483647 });
const indices = fc.integer({ min: 0, max: 10_000 });

describe('sampleEpisode', () => {
  it('keeps start and goal inside the joint ranges and their fingertips apart', () => {
    fc.assert(
      fc.property(seeds, indices, (seed, episode) => {
        const { startRad, goalRad } = sampleEpisode(seed, episode, LIMITS, tip);
        for (const pose of [startRad, goalRad]) {
          expect(pose).toHaveLength(2);
          pose.forEach((value, index) => {
            expect(value).toBeGreaterThanOrEqual(LIMITS[index]?.lower ?? Number.NaN);
            expect(value).toBeLessThanOrEqual(LIMITS[index]?.upper ?? Number.NaN);
          });
        }
        expect(distanceM(tip(startRad), tip(goalRad))).toBeGreaterThanOrEqual(MIN_TIP_DISTANCE_M);
      }),
    );
  });

  it('draws the same episode for the same seed and index, and another one for others', () => {
    fc.assert(
      fc.property(seeds, indices, (seed, episode) => {
        const task = sampleEpisode(seed, episode, LIMITS, tip);
        expect(sampleEpisode(seed, episode, LIMITS, tip)).toEqual(task);
        expect(sampleEpisode(seed, episode + 1, LIMITS, tip)).not.toEqual(task);
        expect(sampleEpisode(seed ^ 1, episode, LIMITS, tip)).not.toEqual(task);
      }),
    );
  });

  it('covers the joint ranges evenly', () => {
    const quarters = [0, 0, 0, 0];
    for (let episode = 0; episode < 2000; episode++) {
      const shoulder = sampleEpisode(1, episode, LIMITS, tip).startRad[0] ?? Number.NaN;
      const quarter = Math.min(3, Math.floor(((shoulder + 2.6) / 5.2) * 4));
      quarters[quarter] = (quarters[quarter] ?? 0) + 1;
    }
    for (const count of quarters) expect(Math.abs(count - 500)).toBeLessThan(100);
  });

  it('gives up on ranges in which no two poses are far enough apart', () => {
    const narrow = [joint('shoulder', 0, 0.01), joint('elbow', 0, 0.01)];
    expect(() => sampleEpisode(1, 0, narrow, tip)).toThrow(/too narrow/);
  });
});
