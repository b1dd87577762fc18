import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { readRecording, type RecordedItem } from '../../../src/recording/read-recording.js';
import { Recorder, type RecordingFile } from '../../../src/recording/recorder.js';
import type { FromWriter } from '../../../src/recording/recorder-protocol.js';
import { decode, encode } from '../../../src/recording/ros-message.js';
import { STRING } from '../../../src/recording/ros-types.js';
import { RECORDER } from '../../fixtures/fake-ros.js';

let folder: string;
let recorder: Recorder;
let events: FromWriter[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'recorder-'));
  events = [];
  recorder = new Recorder(RECORDER.entry, (event) => void events.push(event));
});

afterEach(async () => {
  await recorder.stop();
  await rm(folder, { recursive: true });
});

function start(change: Partial<RecordingFile> = {}): void {
  recorder.start({
    path: join(folder, 'new', 'run.mcap'),
    library: 'test',
    maxBytes: Infinity,
    minFreeBytes: 0,
    queueBytes: 1e6,
    ...change,
  });
}

const say = (data: string, logNs: bigint, topic = '/a'): boolean =>
  recorder.write({ topic, type: STRING }, { logNs }, () => encode(STRING, { data }));

async function read(path: string): Promise<RecordedItem[]> {
  const items: RecordedItem[] = [];
  for await (const item of readRecording(path)) items.push(item);
  return items;
}

async function saidIn(path: string): Promise<string[]> {
  return (await read(path)).flatMap((item) =>
    item.kind === 'message' ? [decode(STRING, item.data).data] : [],
  );
}

const ended = (): Promise<FromWriter | undefined> =>
  vi.waitUntil(() => events.find(({ type }) => type === 'ended'), { timeout: 50_000 });

describe('the recorder', () => {
  it('writes what it is given, in order, and says where', async () => {
    start();
    recorder.addMetadata('facts', { a: 'b' });
    for (let index = 0; index < 500; index++)
      say(String(index), BigInt(index), index % 2 === 0 ? '/a' : '/b');
    await recorder.stop();
    const path = join(folder, 'new', 'run.mcap');
    expect(events).toEqual([
      { type: 'opened', path },
      { type: 'ended', reason: null },
    ]);
    expect(await saidIn(path)).toEqual(Array.from({ length: 500 }, (_, index) => String(index)));
    expect((await read(path)).at(-1)).toMatchObject({ kind: 'end', cut: null });
    expect(recorder.status).toMatchObject({ state: 'off', messages: 500, dropped: 0 });
    expect(recorder.status.bytes).toBe((await stat(path)).size);
  });

  it('takes nothing without a file', () => {
    expect(say('nothing', 0n)).toBe(false);
    expect(recorder.status).toMatchObject({ state: 'off', messages: 0, dropped: 0 });
  });

  it('gives a new file another name, and keeps the old one', async () => {
    const path = join(folder, 'run.mcap');
    await writeFile(path, 'mine');
    start({ path });
    say('one', 1n);
    await recorder.stop();
    start({ path });
    say('two', 2n);
    await recorder.stop();
    expect((await readdir(folder)).toSorted()).toEqual(['run.mcap', 'run_1.mcap', 'run_2.mcap']);
    expect(await saidIn(join(folder, 'run_2.mcap'))).toEqual(['two']);
    expect(recorder.status.path).toBe(join(folder, 'run_2.mcap'));
  });

  it('has what was said within about a second in the file, whatever happens then', async () => {
    start();
    say('early', 1n);
    const path = join(folder, 'new', 'run.mcap');
    await vi.waitUntil(() => events.length > 0, { timeout: 50_000 });
    await vi.waitUntil(async () => (await saidIn(path)).includes('early'), {
      timeout: 50_000,
      interval: 100,
    });
    expect((await read(path)).at(-1)).toMatchObject({ cut: 'it ends in the middle' });
  });

  it('leaves out and counts what finds no room, images first', () => {
    start({ queueBytes: 4000 });
    const image = (): boolean =>
      recorder.write(
        { topic: '/i', type: STRING },
        { logNs: 0n },
        () => encode(STRING, { data: 'x'.repeat(900) }),
        'image',
      );
    // This thread does not let the other one count in between.
    expect(Array.from({ length: 6 }, image)).toEqual([true, true, true, true, false, false]);
    expect(say('a', 1n)).toBe(true);
    expect(recorder.status).toMatchObject({ messages: 5, dropped: 2 });
  });

  it('ends with the reason when the file cannot be created', async () => {
    await writeFile(join(folder, 'new'), 'a file where the folder should be');
    start();
    say('lost', 1n);
    expect(await ended()).toMatchObject({ reason: expect.stringMatching(/cannot be created: E/) as string });
    expect(recorder.status).toMatchObject({ state: 'failed' });
    expect(say('later', 2n)).toBe(false);
    await recorder.stop();
    expect(recorder.status.state).toBe('off');
  });

  it.each([
    [{ maxBytes: 1000 }, /has reached recording.max_size_mb/],
    [
      { minFreeBytes: Number.MAX_SAFE_INTEGER },
      /are free on the disk of .*, less than recording.min_free_mb/,
    ],
  ])('ends at its limits %o, with a whole file', async (limits, reason) => {
    start(limits);
    for (let index = 0; index < 50; index++) say('some text of a recording', BigInt(index));
    expect(await ended()).toMatchObject({ reason: expect.stringMatching(reason) as string });
    const items = await read(recorder.status.path);
    expect(items.at(-1)).toMatchObject({ cut: null });
    expect(items).toHaveLength(51);
  });
});
