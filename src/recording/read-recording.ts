import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';

import { MCAP_MAGIC, McapStreamReader } from '@mcap/core';

import { JepaMpcError } from '../core/errors.js';

/** One message of a recording. */
export interface RecordedMessage {
  readonly kind: 'message';
  readonly topic: string;
  /** Such as `sensor_msgs/msg/Image`. */
  readonly type: string;
  readonly logNs: bigint;
  readonly publishNs: bigint;
  readonly data: Uint8Array;
}

/** Facts about a recording. */
export interface RecordedMetadata {
  readonly kind: 'metadata';
  readonly name: string;
  readonly facts: ReadonlyMap<string, string>;
}

/** How the file ends, last of all. */
export interface RecordingEnd {
  readonly kind: 'end';
  /** Bytes of the file. */
  readonly bytes: number;
  /** Bytes up to the end of its last whole record. */
  readonly wholeBytes: number;
  /** Why the rest cannot be read; null: the file is whole. */
  readonly cut: string | null;
}

export type RecordedItem = RecordedMessage | RecordedMetadata | RecordingEnd;

/**
 * Reads an MCAP file from its beginning, in the order of the file. A file that is cut off or damaged is read up to there, and one that is still
 * being written up to where it ended at first.
 *
 * @param onRead gets the bytes that were read, and those of the file, with each block
 * @throws JepaMpcError `recording.unreadable` for what cannot be opened or is no MCAP file
 */
export async function* readRecording(
  path: string,
  onRead?: (bytes: number, ofBytes: number) => void,
): AsyncGenerator<RecordedItem, void, undefined> {
  const bytes = await sizeOf(path);
  const reader = new McapStreamReader();
  const channels = new Map<number, { readonly topic: string; readonly schemaId: number }>();
  const types = new Map<number, string>();
  let appended = 0;
  let wholeBytes = 0;
  let cut: string | null = null;
  try {
    const end = Math.max(0, bytes - 1);
    for await (const block of createReadStream(path, { highWaterMark: 1024 * 1024, end })) {
      const part = block as Buffer;
      onRead?.(appended, bytes);
      if (appended === 0) requireMagic(path, part);
      if (reader.done()) throw new Error('it has bytes after its end');
      reader.append(part);
      appended += part.length;
      for (let record = reader.nextRecord(); record !== undefined; record = reader.nextRecord()) {
        switch (record.type) {
          case 'Schema':
            types.set(record.id, record.name);
            break;
          case 'Channel':
            channels.set(record.id, record);
            break;
          case 'Message': {
            const { topic = '', schemaId = 0 } = channels.get(record.channelId) ?? {};
            const { logTime: logNs, publishTime: publishNs, data } = record;
            yield { kind: 'message', topic, type: types.get(schemaId) ?? '', logNs, publishNs, data };
            break;
          }
          case 'Metadata':
            yield { kind: 'metadata', name: record.name, facts: record.metadata };
            break;
          default:
        }
        wholeBytes = appended - reader.bytesRemaining();
      }
    }
    if (appended === 0) requireMagic(path, Buffer.alloc(0));
    if (!reader.done()) cut = 'it ends in the middle';
  } catch (error) {
    if (error instanceof JepaMpcError) throw error;
    cut = error instanceof Error ? error.message : String(error);
    if (appended === 0) throw unreadable(path, cut, error);
  }
  yield { kind: 'end', bytes, wholeBytes, cut };
}

async function sizeOf(path: string): Promise<number> {
  try {
    const found = await stat(path);
    if (found.isFile()) return found.size;
  } catch (error) {
    throw unreadable(path, error instanceof Error ? error.message : String(error), error);
  }
  throw unreadable(path, 'a folder or a device');
}

function requireMagic(path: string, start: Uint8Array): void {
  if (MCAP_MAGIC.every((byte, index) => start[index] === byte)) return;
  const found = start.length === 0 ? 'an empty file' : 'a file that does not begin as one';
  throw unreadable(path, found);
}

function unreadable(path: string, found: string, cause?: unknown): JepaMpcError {
  return new JepaMpcError('recording.unreadable', {
    subject: `recording ${path}`,
    found,
    expected: 'an MCAP file that the node recorded',
    remedy: 'Give the .mcap file itself; a node with recording.enabled: true names it in its log.',
    cause,
  });
}
