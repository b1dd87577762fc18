import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { Progress, timeLeft } from '../../../eval/progress.js';
import { plotParameter } from '../../../eval/sweep/plot.js';
import { resumeSweep, type Circumstances, type SweepFigures } from '../../../eval/sweep/result.js';

function figures(rate: number, timeS: number | null): SweepFigures {
  return {
    successes: rate * 20,
    successRate: rate,
    successInterval95: [rate, rate],
    timeToGoalS: timeS === null ? null : { median: timeS, interval95: [timeS, timeS] },
  };
}

const CIRCUMSTANCES: Circumstances = {
  simulator: 'mujoco',
  robot: 'reacher',
  task: { name: 'reach' as const, thresholds: { tipM: 0.05 } },
  model: { name: 'reacher', sha256: 'ab' },
  imperfections: [],
  episodes: 20,
  seed: 1,
  episodeSeconds: 6,
  profile: {},
};

describe('the plot of a parameter', () => {
  it('shows success above and time below, with a marker for each value that has one', async () => {
    const sweep = { ...CIRCUMSTANCES, machine: 'a machine', base: figures(1, 2), parameters: [] };
    const svg = plotParameter(sweep, {
      name: 'rest.margin',
      unit: 'unit of the cost',
      points: [
        { value: 0.1, ...figures(1, 2) },
        { value: 'b < c', ...figures(0, null) },
      ],
    });
    const { data, info } = await sharp(Buffer.from(svg))
      .removeAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true });
    const isBlue = (x: number, y: number): boolean => {
      const at = (y * info.width + x) * 3;
      return data[at] === 0x1b && data[at + 1] === 0x6c && data[at + 2] === 0xa8;
    };
    // Values are at x 177 and x 419; success runs from y 172 to y 44, time from y 336 (0 s) to y 208 (2 s).
    expect([isBlue(177, 44), isBlue(419, 172), isBlue(177, 208), isBlue(419, 336)]).toEqual([
      true,
      true,
      true,
      false,
    ]);
    expect(svg).toContain('b &lt; c');
    expect(svg).toContain('rest.margin [unit of the cost]');
  });
});

describe('a sweep to go on with', () => {
  it('is refused if it was made otherwise, or is none', () => {
    const folder = mkdtempSync(join(tmpdir(), 'sweep-'));
    try {
      const file = join(folder, 'sweep.json');
      const empty = resumeSweep(file, CIRCUMSTANCES, 'a machine');
      expect(empty).toMatchObject({ base: null, parameters: [] });
      writeFileSync(file, JSON.stringify(empty));
      expect(resumeSweep(file, CIRCUMSTANCES, 'another machine')).toEqual(empty);
      expect(() => resumeSweep(file, { ...CIRCUMSTANCES, episodes: 30 }, '')).toThrow(
        'found an earlier sweep with episodes 20, expected 30, as now',
      );
      writeFileSync(file, '{}');
      expect(() => resumeSweep(file, CIRCUMSTANCES, '')).toThrow('expected the result of an earlier sweep');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('the time left', () => {
  it.each([
    [0, 0, 10, 'time left unknown'],
    [10_000, 5, 10, '10 s left'],
    [60_000, 1, 11, '10 min left'],
    [3_600_000, 1, 3, '2 h 0 min left'],
  ])('after %i ms and %i of %i', (elapsedMs, done, total, text) => {
    expect(timeLeft(elapsedMs, done, total)).toBe(text);
  });

  it('is from the pace of this run, whatever was done before', () => {
    const written: string[] = [];
    let nowMs = 0;
    const output = { isTTY: false, write: (text: string) => written.push(text) };
    const progress = new Progress(output as unknown as NodeJS.WriteStream, () => nowMs);
    progress.begin(10, 'trials', 8);
    nowMs = 30_000;
    progress.advance();
    expect(written).toEqual(['9/10 trials, 30 s left\n']);
  });
});
