import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  distanceM,
  sampleEpisode,
  type EpisodeSpace,
  type EpisodeTask,
} from '../../../eval/episodes/episode-sampler.js';
import { robotChoice } from '../../fixtures/robot-choice.js';
import { loadRobot } from '../../../eval/episodes/robot.js';

const RANGES = [
  [-2.6, 2.6],
  [-1, 2.6],
] as const;

/** Fingertip of a planar arm with links of 0.38 m and 0.32 m. */
function tip([a = 0, b = 0]: readonly number[]): number[] {
  return [0.38 * Math.cos(a) + 0.32 * Math.cos(a + b), 0.38 * Math.sin(a) + 0.32 * Math.sin(a + b), 0];
}

const SPACE: EpisodeSpace = {
  ranges: RANGES,
  fingertipOf: tip,
  minTipDistanceM: 0.2,
  isAllowed: () => true,
};

const file = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

const seeds = fc.integer({ min: 0, max: 2147483647 });
const indices = fc.integer({ min: 0, max: 10_000 });

describe('sampleEpisode', () => {
  it('keeps start and goal inside the joint ranges and their fingertips apart', () => {
    fc.assert(
      fc.property(seeds, indices, (seed, episode) => {
        const { startRad, goalRad } = sampleEpisode(seed, episode, SPACE);
        for (const pose of [startRad, goalRad]) {
          expect(pose).toHaveLength(2);
          pose.forEach((value, index) => {
            expect(value).toBeGreaterThanOrEqual(RANGES[index]?.[0] ?? Number.NaN);
            expect(value).toBeLessThanOrEqual(RANGES[index]?.[1] ?? Number.NaN);
          });
        }
        expect(distanceM(tip(startRad), tip(goalRad))).toBeGreaterThanOrEqual(SPACE.minTipDistanceM);
      }),
    );
  });

  it('draws the same episode for the same seed and index, and another one for others', () => {
    fc.assert(
      fc.property(seeds, indices, (seed, episode) => {
        const task = sampleEpisode(seed, episode, SPACE);
        expect(sampleEpisode(seed, episode, SPACE)).toEqual(task);
        expect(sampleEpisode(seed, episode + 1, SPACE)).not.toEqual(task);
        expect(sampleEpisode(seed ^ 1, episode, SPACE)).not.toEqual(task);
      }),
    );
  });

  it('covers the joint ranges evenly', () => {
    const quarters = [0, 0, 0, 0];
    for (let episode = 0; episode < 2000; episode++) {
      const shoulder = sampleEpisode(1, episode, SPACE).startRad[0] ?? Number.NaN;
      const quarter = Math.min(3, Math.floor(((shoulder + 2.6) / 5.2) * 4));
      quarters[quarter] = (quarters[quarter] ?? 0) + 1;
    }
    for (const count of quarters) expect(Math.abs(count - 500)).toBeLessThan(100);
  });

  it('draws the episodes of the shipped arm bit by bit as ever: results of other versions can be compared', async () => {
    const robot = await loadRobot(robotChoice(), {
      name: 'reacher',
      action: { joints: ['shoulder', 'elbow'] },
    });
    const stored = JSON.parse(
      readFileSync(file('tests/fixtures/reacher-episodes.json'), 'utf8'),
    ) as (EpisodeTask & {
      readonly seed: number;
      readonly episode: number;
    })[];
    expect(stored).not.toHaveLength(0);
    for (const { seed, episode, ...task } of stored)
      expect(sampleEpisode(seed, episode, robot)).toEqual(task);
  });

  it('starts and ends in allowed poses alone', () => {
    const bent = { ...SPACE, isAllowed: ([, elbow = 0]: readonly number[]) => elbow > 1 };
    fc.assert(
      fc.property(seeds, indices, (seed, episode) => {
        const { startRad, goalRad } = sampleEpisode(seed, episode, bent);
        expect(Math.min(startRad[1] ?? 0, goalRad[1] ?? 0)).toBeGreaterThan(1);
      }),
    );
  });

  it.each([
    [
      'no two poses are far enough apart',
      { ranges: RANGES.map(() => [0, 0.01] as const) },
      /10000 with tips closer than 0.200 m/,
    ],
    [
      'no pose is allowed',
      { isAllowed: () => false },
      /no start and goal in 10000 draws.*links that collide/,
    ],
  ])('gives up where %s, and says so', (_, change, message) => {
    expect(() => sampleEpisode(1, 0, { ...SPACE, ...change })).toThrow(message);
  });
});
