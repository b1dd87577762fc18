import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { prepareFiles, prepareFolder } from '../../../eval/output-files.js';
import { robotChoice } from '../../fixtures/robot-choice.js';
import { runEvaluation } from '../../../eval/evaluate/run-evaluation.js';
import { runSweep } from '../../../eval/sweep/run-sweep.js';
import { runTuning } from '../../../eval/tune/run-tuning.js';
import { parseObjectives } from '../../../eval/tune/objectives.js';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'jepa-mpc-outputs-'));
  writeFileSync(join(folder, 'file'), 'a file');
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe('the files of a run', () => {
  it('have their folders made, and are not made themselves', async () => {
    await prepareFiles([join(folder, 'a', 'b', 'result.json'), null, join(folder, 'file')]);
    expect(readdirSync(join(folder, 'a', 'b'))).toEqual([]);
  });

  it('are refused below a file, and where a folder is', async () => {
    mkdirSync(join(folder, 'result.json'));
    for (const path of [join(folder, 'file', 'result.json'), join(folder, 'result.json')])
      await expect(prepareFiles([path])).rejects.toMatchObject({ code: 'params.invalid' });
    await expect(prepareFolder(join(folder, 'file'))).rejects.toMatchObject({ code: 'params.invalid' });
  });
});

describe('a run whose result cannot be written', () => {
  const setting = {
    ...robotChoice(),
    simulator: 'mujoco',
    task: 'reach',
    imperfections: [],
    episodeSeconds: 1,
    seed: 1,
    jobs: 1,
    verbose: false,
  } as const;
  const spaceFile = (): string => {
    const file = join(folder, 'space.yaml');
    writeFileSync(file, 'sampling.samples: { low: 20, high: 100 }\n');
    return file;
  };

  it.each<[string, (below: string) => Promise<unknown>]>([
    [
      'evaluate',
      (below) =>
        runEvaluation({ setting, profiles: ['defaults'], episodes: 1, jsonFile: join(below, 'result.json') }),
    ],
    [
      'sweep',
      (out) =>
        runSweep({ setting, spaceFile: spaceFile(), profile: 'defaults', episodes: 1, values: 2, out }),
    ],
    [
      'tune',
      (out) =>
        runTuning({
          setting,
          spaceFile: spaceFile(),
          profile: 'defaults',
          episodes: 1,
          trials: 1,
          heldOut: 1,
          objectives: parseObjectives('success'),
          study: 'test',
          storage: null,
          out,
          beatS: 5,
        }),
    ],
  ])('%s is refused before anything is started', async (_, run) => {
    await expect(run(join(folder, 'file', 'out'))).rejects.toMatchObject({
      code: 'params.invalid',
      facts: { subject: expect.stringContaining(join(folder, 'file')) as string },
    });
  });
});
