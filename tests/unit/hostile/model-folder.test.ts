import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { GoalStore, readGoalFiles } from '../../../src/goals/goal-store.js';
import { loadModel } from '../../../src/model/load-model.js';
import { parseManifest } from '../../../src/model/manifest.js';
import { thrownBy } from '../../fixtures/robot.js';
import { readTinyManifest, TinyModelCopy, type LooseManifest } from '../../fixtures/tiny-model.js';

let elsewhere: string;

beforeEach(async () => {
  elsewhere = await mkdtemp(join(tmpdir(), 'jepa-mpc-elsewhere-'));
});
afterEach(async () => {
  await rm(elsewhere, { recursive: true, force: true });
});

const WAYS_OUT = [
  '../x',
  '../../etc/passwd',
  '/etc/passwd',
  'a/../../x',
  '..',
  '.',
  '',
  'x\0',
  'C:\\x',
  '~/x',
  'a//b',
];

describe('a manifest', () => {
  let manifest: LooseManifest;

  beforeEach(async () => {
    manifest = await readTinyManifest();
  });

  const refusal = (): string =>
    thrownBy(() => parseManifest(JSON.stringify(manifest), 'manifest.json')).message;

  it.each(WAYS_OUT)('names no graph, data or golden vectors outside of its folder: %j', (path) => {
    manifest.graphs.encoder.file = path;
    expect(refusal()).toMatch(/graphs.encoder.file.*a plain file name inside the model folder/);
    manifest.graphs.encoder.file = 'encoder.onnx';
    Object.assign(manifest.graphs.predictor, { data: [{ file: path, sha256: '0'.repeat(64) }] });
    expect(refusal()).toMatch(/graphs.predictor.data\[0\].file.*a file inside the model folder/);
    Object.assign(manifest.graphs.predictor, { data: [] });
    manifest.golden.file = path;
    expect(refusal()).toMatch(/golden.file.*a plain file name inside the model folder/);
  });

  it.each(['/front/image', '~/image', '', 'a b', '../image', 'a//b', '1a', 'a-b'])(
    'names no topic outside of the namespace of the node, or that ROS does not take: %j',
    (topic) => {
      Object.assign(manifest.cameras[0] ?? {}, { topic });
      expect(refusal()).toMatch(/cameras\[0\].topic.*a relative ROS name/);
    },
  );
});

describe('a model folder', () => {
  let copy: TinyModelCopy;

  beforeEach(async () => {
    copy = await TinyModelCopy.create();
  });
  afterEach(async () => {
    await copy.remove();
  });

  it.each(['manifest.json', 'encoder.onnx', 'golden.safetensors'])(
    'is refused, not read without end, where %s is a device, a pipe or a folder',
    async (file) => {
      for (const put of [
        () => symlink('/dev/zero', copy.path(file)),
        () => symlink(elsewhere, copy.path(file)),
        () => Promise.resolve(execFileSync('mkfifo', [copy.path(file)])),
      ]) {
        await unlink(copy.path(file));
        await put();
        await expect(loadModel(copy.folder, { device: 'cpu' })).rejects.toMatchObject({
          code: 'model.missing-file',
          facts: { found: 'something that is no regular file' },
        });
      }
    },
  );
});

describe('a camera whose name leads out of the folder of goals', () => {
  const frame = {
    stampNs: 1n,
    width: 2,
    height: 2,
    encoding: 'rgb8',
    step: 6,
    data: new Uint8Array(12).fill(9),
  };

  it.each(['../../outside', '/tmp/outside', '..', 'a/b', 'x'.repeat(300), 'nul\0'])(
    'has its goal images inside, under a name of their own: %j',
    async (name) => {
      const store = new GoalStore(join(elsewhere, 'goals'));
      const cameras = [{ name, wanted: 'colour' as const }];
      await store.save('home', { stampNs: 1n, frames: [frame] }, cameras);
      expect(await readdir(join(elsewhere, 'goals', 'home'))).toEqual(['camera0.png']);
      expect(await readdir(elsewhere)).toEqual(['goals']);
      expect((await store.load('home', cameras)).frames).toHaveLength(1);
    },
  );
});

describe('a goal file', () => {
  it('is a regular file of bounded size', async () => {
    const pipe = join(elsewhere, 'pipe.png');
    execFileSync('mkfifo', [pipe]);
    for (const file of ['/dev/zero', pipe, elsewhere]) {
      await expect(readGoalFiles([file], [{ name: 'front', wanted: 'colour' }])).rejects.toMatchObject({
        code: 'goal.file',
        facts: { found: expect.stringContaining('no regular file') as string },
      });
    }
  });

  it('shows nothing of a file that is no picture', async () => {
    const secret = join(elsewhere, 'secret');
    await writeFile(secret, 'password: swordfish');
    const error: unknown = await readGoalFiles([secret], [{ name: 'front', wanted: 'colour' }]).catch(
      (e: unknown) => e,
    );
    expect(String(error)).toMatch(/found something else than a picture/);
    expect(String(error)).not.toMatch(/swordfish|70 61 73 73/);
    expect((await readFile(secret, 'utf8')).length).toBe(19);
  });
});
