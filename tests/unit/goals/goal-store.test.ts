import { mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { FrameSet } from '../../../src/core/model-info.js';
import type { ImageFrame } from '../../../src/core/types.js';
import { defaultGoalFolder, GoalStore, readGoalFiles } from '../../../src/goals/goal-store.js';

const camera = (name: string) => ({ name, wanted: 'colour' }) as const;
const FRONT = [camera('front')];
const CAMERAS = [...FRONT, camera('wrist')];
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'jepa-mpc-goals-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** 4 x 2 pixels with a byte of padding at the end of each row. */
function frame(first: number, encoding = 'rgb8'): ImageFrame {
  const step = 13;
  const data = Uint8Array.from({ length: 2 * step }, (_, i) => (first + 7 * i) % 256);
  return { stampNs: 5n, width: 4, height: 2, encoding, step, data };
}

function goalOf(...frames: ImageFrame[]): FrameSet {
  return { stampNs: 5n, frames };
}

function pixels({ data, step, width, height }: ImageFrame): number[] {
  return Array.from({ length: height }, (_, y) => [...data.subarray(y * step, y * step + 3 * width)]).flat();
}

describe('GoalStore', () => {
  it('gives back each camera’s pixels, with the stamp that it is given', async () => {
    const store = new GoalStore(folder);
    const [front, wrist] = [frame(0), frame(100)];
    await store.save('home', goalOf(front, wrist), CAMERAS);
    const loaded = await store.load('home', CAMERAS);
    expect(loaded.stampNs).toBe(0n);
    expect(loaded.frames.map(pixels)).toEqual([pixels(front), pixels(wrist)]);
    expect(loaded.frames.map(({ stampNs }) => stampNs)).toEqual([0n, 0n]);
  });

  it('gives back the joint positions of a goal that has them, and none of one that has not', async () => {
    const store = new GoalStore(folder);
    const joints = { shoulder: -0.3100000000000001, elbow: 2 };
    await store.save('home', { ...goalOf(frame(0)), joints }, FRONT);
    await store.save('shelf', goalOf(frame(0)), FRONT);
    expect((await store.load('home', FRONT)).joints).toEqual(joints);
    expect(await store.load('shelf', FRONT)).not.toHaveProperty('joints');
    await store.save('home', goalOf(frame(0)), FRONT);
    expect(await store.load('home', FRONT)).not.toHaveProperty('joints');
  });

  it.each(['', '[]', '{"shoulder": "far"}', '{"shoulder": null}', 'x'.repeat(500)])(
    'refuses joint positions that read %j, and says what to do',
    async (text) => {
      const store = new GoalStore(folder);
      await store.save('home', goalOf(frame(0)), FRONT);
      writeFileSync(join(folder, 'home', 'joints.json'), text);
      await expect(store.load('home', FRONT)).rejects.toThrow(
        /joints\.json: found .*joint positions by name.*delete this file.*\[goal\.file\]/,
      );
    },
  );

  it('says that a file of joint positions is empty', async () => {
    const store = new GoalStore(folder);
    await store.save('home', goalOf(frame(0)), FRONT);
    writeFileSync(join(folder, 'home', 'joints.json'), '\n');
    await expect(store.load('home', FRONT)).rejects.toThrow(/joints\.json: found nothing, expected/);
  });

  it('keeps the colours of another encoding', async () => {
    const store = new GoalStore(folder);
    await store.save('home', goalOf(frame(3, 'bgr8')), FRONT);
    const [loaded] = (await store.load('home', FRONT)).frames;
    const swapped = pixels(frame(3)).map((_, i, all) => all[i - (i % 3) + (2 - (i % 3))]);
    expect(loaded === undefined ? [] : pixels(loaded)).toEqual(swapped);
  });

  it('lists goals by name, and replaces one that is saved again', async () => {
    const store = new GoalStore(join(folder, 'not-made-yet'));
    expect(await store.list()).toEqual([]);
    await store.save('shelf', goalOf(frame(0)), FRONT);
    await store.save('home', goalOf(frame(0)), FRONT);
    await store.save('home', goalOf(frame(9)), FRONT);
    expect(await store.list()).toEqual(['home', 'shelf']);
    const [loaded] = (await store.load('home', FRONT)).frames;
    expect(loaded === undefined ? [] : pixels(loaded)).toEqual(pixels(frame(9)));
  });

  it('has the former goal where a save was killed before the new one was in its place', async () => {
    const store = new GoalStore(folder);
    await store.save('home', goalOf(frame(0)), FRONT);
    renameSync(join(folder, 'home'), join(folder, '.former-home'));
    expect(await store.list()).toEqual(['home']);
    const [former] = (await store.load('home', FRONT)).frames;
    expect(former === undefined ? [] : pixels(former)).toEqual(pixels(frame(0)));
    await store.save('home', goalOf(frame(9)), FRONT);
    const [saved] = (await store.load('home', FRONT)).frames;
    expect(saved === undefined ? [] : pixels(saved)).toEqual(pixels(frame(9)));
    expect(readdirSync(folder)).toEqual(['home']);
  });

  it.each(['', '..', '../home', '.hidden', 'a/b', 'a b', 'x'.repeat(65)])(
    'refuses the name "%s": it is that of a folder',
    async (name) => {
      const store = new GoalStore(folder);
      await expect(store.save(name, goalOf(frame(0)), FRONT)).rejects.toThrow(/goal\.name.*\[goal\.name\]/);
      await expect(store.load(name, FRONT)).rejects.toThrow(/\[goal\.name\]/);
    },
  );

  it('says which goals there are when asked for one that is not there', async () => {
    const store = new GoalStore(folder);
    await expect(store.load('home', FRONT)).rejects.toThrow(/found "home".*there is none yet/);
    await store.save('shelf', goalOf(frame(0)), FRONT);
    await expect(store.load('home', FRONT)).rejects.toThrow(/found "home", expected one of shelf/);
  });

  it('names the file that is missing or broken', async () => {
    const store = new GoalStore(folder);
    await store.save('home', goalOf(frame(0)), FRONT);
    await expect(store.load('home', CAMERAS)).rejects.toThrow(/wrist\.png.*\[goal\.file\]/);
    const broken = join(folder, 'broken.png');
    writeFileSync(broken, 'no image');
    await expect(readGoalFiles([broken], FRONT)).rejects.toThrow(/broken\.png.*\[goal\.file\]/);
  });

  it('refuses a grey file for a model of colours, and takes it for one of grey', async () => {
    const file = join(folder, 'grey.png');
    const grey = { width: 4, height: 2, channels: 1 } as const;
    await sharp(new Uint8Array(8).fill(7), { raw: grey }).toColourspace('b-w').png().toFile(file);
    await expect(readGoalFiles([file], FRONT)).rejects.toThrow(
      /goal file .*grey\.png: found a grey picture, expected a picture in colour.*\[image\.encoding\]/,
    );
    const [read] = (await readGoalFiles([file], [{ name: 'front', wanted: 'grey' }])).frames;
    expect(read?.encoding).toBe('mono8');
  });

  it('names the folder that cannot be written', async () => {
    const file = join(folder, 'a-file');
    writeFileSync(file, '');
    await expect(new GoalStore(file).save('home', goalOf(frame(0)), FRONT)).rejects.toThrow(
      /a-file.*cannot be written.*\[goal\.file\]/,
    );
  });
});

describe('defaultGoalFolder', () => {
  it('is inside ROS_HOME, or else ~/.ros', () => {
    expect(defaultGoalFolder({ ROS_HOME: '/data/ros' })).toBe('/data/ros/jepa_mpc/goals');
    expect(defaultGoalFolder({})).toMatch(/\/\.ros\/jepa_mpc\/goals$/);
  });
});
