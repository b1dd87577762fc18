import { mkdtemp, open, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { McapIndexedReader } from '@mcap/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { McapFile } from '../../../src/recording/mcap-file.js';
import {
  readRecording,
  type RecordedItem,
  type RecordingEnd,
} from '../../../src/recording/read-recording.js';
import { definitionOf, encode } from '../../../src/recording/ros-message.js';
import { STRING } from '../../../src/recording/ros-types.js';

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mcap-'));
  path = join(folder, 'run.mcap');
});

afterEach(() => rm(folder, { recursive: true }));

/** Three chunks of two messages each, on two topics, with metadata between them. */
function writeRun(): number[] {
  const file = new McapFile(path, 'test');
  const sizes: number[] = [];
  const channels = ['/a', '/b'].map((topic) => file.addChannel(topic, STRING.name, definitionOf(STRING)));
  file.addMetadata('facts', { seed: '4' });
  for (let chunk = 0; chunk < 3; chunk++) {
    for (const [index, channel] of channels.entries()) {
      const logNs = BigInt(10 * chunk + index);
      file.add({
        channel,
        logNs,
        publishNs: logNs + 5n,
        data: encode(STRING, { data: `${chunk} ${index}` }),
      });
    }
    file.flush();
    sizes.push(file.size);
  }
  file.close();
  return sizes;
}

async function read(): Promise<{ items: RecordedItem[]; end: RecordingEnd }> {
  const items: RecordedItem[] = [];
  for await (const item of readRecording(path)) items.push(item);
  const end = items.pop();
  if (end?.kind !== 'end') throw new Error('no end');
  return { items, end };
}

const messagesOf = (items: readonly RecordedItem[]): number =>
  items.filter(({ kind }) => kind === 'message').length;

describe('an MCAP file', () => {
  it('has its messages, in order, with both times', async () => {
    writeRun();
    const { items, end } = await read();
    expect(end).toMatchObject({ cut: null });
    expect(items[0]).toMatchObject({ kind: 'metadata', name: 'facts', facts: new Map([['seed', '4']]) });
    expect(items.slice(1)).toMatchObject(
      [0, 1, 10, 11, 20, 21].map((time, index) => ({
        topic: index % 2 === 0 ? '/a' : '/b',
        type: 'std_msgs/msg/String',
        logNs: BigInt(time),
        publishNs: BigInt(time + 5),
      })),
    );
  });

  it('has an index by which other readers find their way', async () => {
    writeRun();
    const file = await open(path);
    try {
      const readable = {
        size: async () => BigInt((await file.stat()).size),
        read: async (offset: bigint, size: bigint) => {
          const bytes = new Uint8Array(Number(size));
          await file.read(bytes, 0, bytes.length, Number(offset));
          return bytes;
        },
      };
      const reader = await McapIndexedReader.Initialize({ readable });
      expect(reader.header.profile).toBe('ros2');
      expect(reader.statistics).toMatchObject({
        messageCount: 6n,
        chunkCount: 3,
        channelCount: 2,
        schemaCount: 1,
        metadataCount: 1,
        messageStartTime: 0n,
        messageEndTime: 21n,
      });
      expect([...reader.channelsById.values()].map(({ messageEncoding }) => messageEncoding)).toEqual([
        'cdr',
        'cdr',
      ]);
      expect([...reader.schemasById.values()].map(({ encoding }) => encoding)).toEqual(['ros2msg']);
      const found: unknown[] = [];
      for await (const { logTime, sequence } of reader.readMessages({ topics: ['/b'], startTime: 5n }))
        found.push([logTime, sequence]);
      expect(found).toEqual([
        [11n, 1],
        [21n, 2],
      ]);
      const metadata: unknown[] = [];
      for await (const { name } of reader.readMetadata()) metadata.push(name);
      expect(metadata).toEqual(['facts']);
    } finally {
      await file.close();
    }
  });

  it('is whole up to the last chunk wherever it is cut off', async () => {
    const ends = writeRun();
    const bytes = await readFile(path);
    const isNearAnEnd = (size: number): boolean => ends.some((end) => Math.abs(size - end) < 80);
    for (let size = bytes.length - 1; size > 0; size -= isNearAnEnd(size) ? 1 : 13) {
      await truncate(path, size);
      if (size < 8) {
        await expect(read()).rejects.toMatchObject({ code: 'recording.unreadable' });
        continue;
      }
      const { items, end } = await read();
      // The index of a chunk's messages is behind it.
      const chunks = ends.filter((chunkEnd) => chunkEnd - indexBytes(bytes, chunkEnd) <= size).length;
      expect([size, messagesOf(items), end.cut !== null]).toEqual([size, 2 * chunks, true]);
      expect(end.wholeBytes).toBeLessThanOrEqual(size);
    }
  });

  it('is read up to damage, not beyond it', async () => {
    const [first = 0] = writeRun();
    const bytes = await readFile(path);
    const damaged = Buffer.from(bytes);
    damaged[first + 70] = (damaged[first + 70] ?? 0) ^ 0xff;
    await writeFile(path, damaged);
    const { items, end } = await read();
    expect(messagesOf(items)).toBe(2);
    expect(end.cut).toMatch(/CRC/);
    await writeFile(path, Buffer.concat([bytes.subarray(0, first), Buffer.alloc(500)]));
    expect(messagesOf((await read()).items)).toBe(2);
  });

  it('is refused when it is none', async () => {
    await writeFile(path, 'bag: nothing');
    await expect(read()).rejects.toMatchObject({
      code: 'recording.unreadable',
      facts: { found: 'a file that does not begin as one' },
    });
    await writeFile(path, '');
    await expect(read()).rejects.toMatchObject({ facts: { found: 'an empty file' } });
    await rm(path);
    await expect(read()).rejects.toMatchObject({ code: 'recording.unreadable' });
  });

  it('never replaces another', () => {
    writeRun();
    expect(() => new McapFile(path, 'test')).toThrow(/EEXIST/);
  });
});

/** Bytes of the message indices that end at an offset: two records of one message each. */
function indexBytes(bytes: Buffer, end: number): number {
  const one = 1 + 8 + 2 + 4 + 16;
  for (const start of [end - 2 * one, end - one]) expect(bytes[start]).toBe(0x07);
  return 2 * one;
}
