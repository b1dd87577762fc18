import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { plotRobustness } from '../../../eval/robustness/plot.js';
import type { Robustness } from '../../../eval/robustness/result.js';

function run(label: string, rates: readonly number[]): Robustness {
  const points = rates.map((successRate, level) => ({
    level,
    successRate,
    successInterval95: [successRate, successRate] as [number, number],
    limitViolations: 0,
  }));
  return {
    label,
    model: { name: 'reacher', sha256: 'a'.repeat(64) },
    simulator: 'mujoco',
    episodes: 20,
    seed: 1,
    machine: 'a machine',
    minutes: 1,
    curves: ['shift', 'tilt'].map((name) => ({ name, title: name, points })),
  };
}

/** Whether a pixel near (x, y) has this colour. */
async function shows(
  png: Buffer,
  x: number,
  y: number,
  [red, green, blue]: readonly number[],
): Promise<boolean> {
  const { data, info } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const at = (y * info.width + x) * 3;
  return data[at] === red && data[at + 1] === green && data[at + 2] === blue;
}

describe('plotRobustness', () => {
  it('has a panel for each imperfection, with a marker where the rate of each run is', async () => {
    const png = await plotRobustness([run('new', [1, 1]), run('old', [1, 0])]);
    const { width, height } = await sharp(png).metadata();
    expect({ width, height }).toEqual({ width: 580, height: 346 });
    for (const panelX of [0, 290]) {
      // Axes run from x 44 to 274 and from y 302 (0 %) to 96 (100 %).
      expect(await shows(png, panelX + 274, 96, [0x1b, 0x6c, 0xa8])).toBe(true);
      expect(await shows(png, panelX + 274, 302, [0xc0, 0x50, 0x4d])).toBe(true);
    }
  });

  it('escapes XML characters in names', async () => {
    await expect(plotRobustness([run('a < b & c', [0.5, 1])])).resolves.toBeInstanceOf(Buffer);
  });
});
