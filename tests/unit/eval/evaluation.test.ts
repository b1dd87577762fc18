import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { compare, profileFigures } from '../../../eval/evaluate/figures.js';
import { plotEvaluation } from '../../../eval/evaluate/plot.js';
import { evaluationSchema, type Evaluation, type ProfileFigures } from '../../../eval/evaluate/result.js';
import { tableLines } from '../../../eval/evaluate/table.js';
import type { EpisodeResult } from '../../../eval/simulation/wire.js';

/** An episode that is reached in this time; null: not reached. */
function episode(index: number, timeS: number | null): EpisodeResult {
  return {
    episode: index,
    success: timeS !== null,
    timeS: timeS ?? 6,
    finalDistanceM: timeS === null ? 0.3 : 0.01,
    holdReason: '',
    effort: 0.5,
    jerk: 0.1,
    planMs: [10, 20, 30],
    frameAgeMs: [0, 0, 40],
    limitViolations: 0,
  };
}

function profile(name: string, times: readonly (number | null)[]): ProfileFigures {
  return profileFigures(
    { name, file: null, dynamic: {}, start: {} },
    times.map((timeS, index) => episode(index, timeS)),
  );
}

function evaluation(...profiles: readonly [ProfileFigures, ProfileFigures]): Evaluation {
  return evaluationSchema.parse({
    simulator: 'mujoco',
    robot: 'reacher',
    task: { name: 'reach', thresholds: { tipM: 0.05 } },
    model: { name: 'reacher', sha256: 'ab' },
    imperfections: [],
    episodes: profiles[0].episodes.length,
    seed: 1,
    episodeSeconds: 6,
    jobs: 2,
    machine: 'a machine',
    minutes: 1,
    profiles,
    comparisons: [compare(profiles[0], profiles[1], 1)],
  });
}

describe('the figures of a profile', () => {
  it('are over the episodes that succeed, or over all, or over all plans', () => {
    expect(profile('a', [1, 3, null, 2])).toMatchObject({
      successes: 3,
      successRate: 0.75,
      timeToGoalS: { p25: 1.5, p50: 2, p75: 2.5 },
      planMs: { p50: 20, p95: 30 },
      frameAgeMs: { p50: 0, p95: 40 },
    });
    expect(profile('b', [null]).timeToGoalS).toBeNull();
  });
});

describe('the comparison of two profiles', () => {
  it('is by pairs: who alone succeeds, and who is faster where both do', () => {
    const slow = profile('slow', [2, 4, null, 2, 3, null]);
    const fast = profile('fast', [1, 2, 2, null, 1.5, null]);
    const found = compare(slow, fast, 1);
    expect(found).toMatchObject({ onlyBaselineSucceeds: 1, onlyOtherSucceeds: 1, successP: 1 });
    expect(found.time).toMatchObject({ episodes: 3, otherFaster: 3, baselineFaster: 0 });
    expect(found.time?.p).toBeCloseTo(0.25, 10);
    expect(found.time?.ratio).toBeCloseTo(0.5, 10);
    expect(found.time?.ratioInterval95[0]).toBeCloseTo(0.5, 10);
  });

  it('says nothing of the pace where less than two episodes are reached by both', () => {
    expect(compare(profile('a', [1, null]), profile('b', [1, 2]), 1).time).toBeNull();
  });
});

describe('what people see of an evaluation', () => {
  const shown = evaluation(profile('first', [2, 4, 1]), profile('second', [1, 2, null]));

  it('is a row for each profile and a comparison in words', () => {
    const text = tableLines(shown).join('\n');
    expect(text).toMatch(/^first +3\/3 +43\.9 % to 100\.0 % +2\.00 \(1\.50 to 3\.00\)/m);
    expect(text).toContain('second against first: 0 episodes succeed with second alone, 1 with first alone');
    expect(text).toContain('second takes 0.50 times as long (0.50 to 0.50)');
  });

  it('is a picture with a marker at the success of each profile', async () => {
    const { data, info } = await sharp(await plotEvaluation(shown))
      .removeAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true });
    const colourAt = (x: number, y: number): number[] => [
      ...data.subarray((y * info.width + x) * 3, (y * info.width + x) * 3 + 3),
    ];
    expect(info.width).toBe(1200);
    // The axis of the first panel runs from y 292 (0 %) to y 72 (100 %), and its two profiles are at x 110 and x 226.
    expect(colourAt(110, 72)).toEqual([0x1b, 0x6c, 0xa8]);
    expect(colourAt(226, Math.round(292 - (2 / 3) * 220))).toEqual([0xc0, 0x50, 0x4d]);
  });
});
