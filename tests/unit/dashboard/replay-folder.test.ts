import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { MomentPictures } from '../../../src/dashboard/replay/moment-pictures.js';
import { RecordingFolder } from '../../../src/dashboard/replay/recording-folder.js';

describe('the folder of recordings', () => {
  let folder = '';
  let recordings = new RecordingFolder('');

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'recordings-'));
    recordings = new RecordingFolder(join(folder, 'runs'));
    mkdirSync(join(folder, 'runs', 'folder.mcap'), { recursive: true });
    writeFileSync(join(folder, 'secret.mcap'), 'secret');
    symlinkSync(join(folder, 'secret.mcap'), join(folder, 'runs', 'link.mcap'));
    for (const [age, name] of ['new one.mcap', 'old.mcap', 'notes.txt'].entries()) {
      writeFileSync(join(folder, 'runs', name), 'x'.repeat(10 + age));
      utimesSync(join(folder, 'runs', name), 1000 - age, 1000 - age);
    }
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('lists files, the newest first, and neither folders nor links', async () => {
    expect(await recordings.list()).toEqual([
      { name: 'new one.mcap', bytes: 10, modifiedMs: 1_000_000 },
      { name: 'old.mcap', bytes: 11, modifiedMs: 999_000 },
    ]);
    expect(await recordings.find('new one.mcap')).toBe(join(folder, 'runs', 'new one.mcap'));
  });

  it('has none while it is not there, and says so where it cannot be read', async () => {
    expect(await new RecordingFolder(join(folder, 'none')).list()).toEqual([]);
    await expect(new RecordingFolder(join(folder, 'secret.mcap')).list()).rejects.toMatchObject({
      code: 'recording.folder',
    });
  });

  it.each([
    '../secret.mcap',
    'link.mcap',
    'folder.mcap',
    'notes.txt',
    '',
    '/etc/passwd',
    'old.mcap/../old.mcap',
  ])('takes no name that is not in the list: %j', async (name) => {
    await expect(recordings.find(name)).rejects.toMatchObject({ code: 'recording.name' });
  });

  it('takes no name at all besides those of its list', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string(), async (name) => {
        fc.pre(name !== 'new one.mcap' && name !== 'old.mcap');
        await expect(recordings.find(name)).rejects.toMatchObject({ code: 'recording.name' });
      }),
      { numRuns: 30 },
    );
  });
});

describe('pictures of moments', () => {
  it('stay within their memory, and are then those of a moment before', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 2 }), (moments, cameras) => {
        const pictures = new MomentPictures(1000);
        for (let moment = 0; moment < moments; moment++)
          for (let camera = 0; camera < cameras; camera++)
            pictures.add(moment, camera, new Uint8Array(100).fill(moment));
        const kept = new Set<Uint8Array>();
        for (let moment = 0; moment < moments; moment++) {
          const picture = pictures.at(moment, cameras - 1);
          const shown = picture?.[0] ?? NaN;
          expect(shown).toBeLessThanOrEqual(moment);
          expect(moment - shown).toBeLessThan(Math.max(1, (4 * moments * cameras) / 10));
          if (picture !== null) kept.add(picture);
        }
        expect(kept.size * cameras).toBeLessThanOrEqual(10);
        if (moments * cameras <= 10) expect(kept.size).toBe(moments);
      }),
    );
  });

  it('are none where there are none', () => {
    const pictures = new MomentPictures(1000);
    pictures.add(0, 0, new Uint8Array(1));
    expect([pictures.at(1, 0), pictures.at(0, 1)]).toEqual([null, null]);
  });
});
