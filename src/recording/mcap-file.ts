import { closeSync, ftruncateSync, openSync, writevSync } from 'node:fs';
import { crc32 } from 'node:zlib';

import { McapRecordBuilder, Opcode } from '@mcap/core';
import type { Channel, ChunkIndex, MetadataIndex, Schema, Statistics, SummaryOffset } from '@mcap/core';

/** A chunk ends when it has this many bytes. What a crash can lose is one chunk. */
const CHUNK_BYTES = 1024 * 1024;

/** Bytes before the content of a message in its record: opcode, length, channel, sequence, two times. */
const MESSAGE_HEAD = 31;
/** Bytes before the records of a chunk without compression. */
const CHUNK_HEAD = 49;

/** Buffers of one system call: below IOV_MAX, which is 1024. */
const MOST_BUFFERS = 512;

/** One message for the file. */
export interface McapMessage {
  readonly channel: number;
  readonly logNs: bigint;
  readonly publishNs: bigint;
  readonly data: Uint8Array;
}

/**
 * An MCAP file of profile `ros2` while it is written: https://mcap.dev/spec. Messages are collected in chunks. A chunk is written in one piece, with
 * its index behind it, so that a file whose writer died is whole up to its last chunk. The bytes of messages go from their own memory to the
 * file. The writer of @mcap/core copies them four times, computes two checksums in JavaScript, and cannot end a chunk in time; the
 * records other than messages and chunks are made by the library.
 */
export class McapFile {
  readonly path: string;
  readonly #fd: number;
  readonly #records = new McapRecordBuilder();
  readonly #schemas: Schema[] = [];
  readonly #channels: Channel[] = [];
  readonly #chunkIndices: ChunkIndex[] = [];
  readonly #metadataIndices: MetadataIndex[] = [];
  readonly #counts = new Map<number, bigint>();
  readonly #sequences: number[] = [];
  /** Bytes that are in the file and whole. */
  #size = 0;
  /** The chunk that is being collected: its records, and where the messages of each channel are in it. */
  #chunk: Uint8Array[] = [];
  #chunkBytes = 0;
  #index = new Map<number, [logNs: bigint, offset: bigint][]>();
  #chunkStartNs = 0n;
  #chunkEndNs = 0n;
  #startNs: bigint | null = null;
  #endNs = 0n;

  /**
   * Creates the file.
   *
   * @throws Error with a code of the system, such as EEXIST
   */
  constructor(path: string, library: string) {
    this.path = path;
    this.#fd = openSync(path, 'wx');
    this.#records.writeMagic();
    this.#records.writeHeader({ profile: 'ros2', library });
    this.#write([this.#taken()]);
  }

  /** Bytes, those of the unfinished chunk included. */
  get size(): number {
    return this.#size + this.#chunkBytes;
  }

  /** Adds a channel. @param definition of the type, schema encoding `ros2msg` @returns its number */
  addChannel(topic: string, type: string, definition: string): number {
    let schema = this.#schemas.find(({ name }) => name === type);
    if (schema === undefined) {
      const data = new TextEncoder().encode(definition);
      schema = { id: this.#schemas.length + 1, name: type, encoding: 'ros2msg', data };
      this.#schemas.push(schema);
      this.#records.writeSchema(schema);
    }
    // rosbag2 reads the QoS from here, and takes an empty text for an unknown one.
    const metadata = new Map([['offered_qos_profiles', '']]);
    const channel = {
      id: this.#channels.length,
      schemaId: schema.id,
      topic,
      messageEncoding: 'cdr',
      metadata,
    };
    this.#channels.push(channel);
    this.#sequences.push(0);
    this.#records.writeChannel(channel);
    this.#collect(this.#taken());
    return channel.id;
  }

  /** Adds a message. Its data must not change any more. @throws Error if a chunk cannot be written */
  add({ channel, logNs, publishNs, data }: McapMessage): void {
    const entries = this.#index.get(channel) ?? [];
    if (this.#index.size === 0) this.#chunkStartNs = this.#chunkEndNs = logNs;
    this.#index.set(channel, entries);
    entries.push([logNs, BigInt(this.#chunkBytes)]);
    if (logNs < this.#chunkStartNs) this.#chunkStartNs = logNs;
    if (logNs > this.#chunkEndNs) this.#chunkEndNs = logNs;
    const sequence = this.#sequences[channel] ?? 0;
    this.#sequences[channel] = (sequence + 1) >>> 0;
    const head = new DataView(new ArrayBuffer(MESSAGE_HEAD));
    head.setUint8(0, Opcode.MESSAGE);
    head.setBigUint64(1, BigInt(MESSAGE_HEAD - 9 + data.length), true);
    head.setUint16(9, channel, true);
    head.setUint32(11, sequence, true);
    head.setBigUint64(15, BigInt.asUintN(64, logNs), true);
    head.setBigUint64(23, BigInt.asUintN(64, publishNs), true);
    this.#collect(new Uint8Array(head.buffer));
    this.#collect(data);
    if (this.#chunkBytes >= CHUNK_BYTES) this.flush();
  }

  /** Adds facts about the recording. @throws Error if they cannot be written */
  addMetadata(name: string, facts: Readonly<Record<string, string>>): void {
    // Metadata belong between chunks.
    this.flush();
    const offset = BigInt(this.#size);
    const length = this.#records.writeMetadata({ name, metadata: new Map(Object.entries(facts)) });
    this.#write([this.#taken()]);
    this.#metadataIndices.push({ name, offset, length });
  }

  /** Writes the chunk so far. @throws Error if that fails; the file then ends after the chunk before */
  flush(): void {
    if (this.#index.size === 0) return;
    const chunkStartOffset = BigInt(this.#size);
    const records = this.#chunk;
    const bytes = BigInt(this.#chunkBytes);
    const [messageStartTime, messageEndTime] = [this.#chunkStartNs, this.#chunkEndNs];
    const messageIndexOffsets = new Map<number, bigint>();
    const chunkLength = BigInt(CHUNK_HEAD) + bytes;
    let messageIndexLength = 0n;
    for (const [channelId, entries] of this.#index) {
      messageIndexOffsets.set(channelId, chunkStartOffset + chunkLength + messageIndexLength);
      messageIndexLength += this.#records.writeMessageIndex({ channelId, records: entries });
    }
    this.#write([this.#chunkHead(), ...records, this.#taken()]);
    for (const [channelId, entries] of this.#index)
      this.#counts.set(channelId, (this.#counts.get(channelId) ?? 0n) + BigInt(entries.length));
    if (this.#startNs === null || messageStartTime < this.#startNs) this.#startNs = messageStartTime;
    if (messageEndTime > this.#endNs) this.#endNs = messageEndTime;
    this.#chunkIndices.push({
      messageStartTime,
      messageEndTime,
      chunkStartOffset,
      chunkLength,
      messageIndexOffsets,
      messageIndexLength,
      compression: '',
      compressedSize: bytes,
      uncompressedSize: bytes,
    });
    this.#chunk = [];
    this.#chunkBytes = 0;
    this.#index = new Map();
  }

  /** Writes what is left and the index of the file, and closes it. @throws Error if that fails */
  close(): void {
    try {
      this.flush();
      this.#writeSummary();
    } finally {
      closeSync(this.#fd);
    }
  }

  /** After a failure: leaves out the unfinished chunk, and closes the file, with an index if that can be written. */
  abandon(): void {
    this.#chunk = [];
    this.#chunkBytes = 0;
    this.#index = new Map();
    try {
      this.close();
    } catch {
      // The failure is known: the chunks are readable without an index.
    }
  }

  #chunkHead(): Uint8Array {
    const head = new DataView(new ArrayBuffer(CHUNK_HEAD));
    const bytes = BigInt(this.#chunkBytes);
    let checksum = 0;
    for (const part of this.#chunk) checksum = crc32(part, checksum);
    head.setUint8(0, Opcode.CHUNK);
    head.setBigUint64(1, BigInt(CHUNK_HEAD - 9) + bytes, true);
    head.setBigUint64(9, BigInt.asUintN(64, this.#chunkStartNs), true);
    head.setBigUint64(17, BigInt.asUintN(64, this.#chunkEndNs), true);
    head.setBigUint64(25, bytes, true);
    head.setUint32(33, checksum, true);
    head.setUint32(37, 0, true); // no compression
    head.setBigUint64(41, bytes, true);
    return new Uint8Array(head.buffer);
  }

  #writeSummary(): void {
    const records = this.#records;
    const groups: SummaryOffset[] = [];
    records.writeDataEnd({ dataSectionCrc: 0 });
    const summaryStart = BigInt(this.#size + records.length);
    const group = (groupOpcode: number, writeAll: () => void): void => {
      const groupStart = BigInt(this.#size + records.length);
      writeAll();
      const groupLength = BigInt(this.#size + records.length) - groupStart;
      if (groupLength > 0n) groups.push({ groupOpcode, groupStart, groupLength });
    };
    group(Opcode.SCHEMA, () => {
      for (const schema of this.#schemas) records.writeSchema(schema);
    });
    group(Opcode.CHANNEL, () => {
      for (const channel of this.#channels) records.writeChannel(channel);
    });
    group(Opcode.STATISTICS, () => records.writeStatistics(this.#statistics()));
    group(Opcode.METADATA_INDEX, () => {
      for (const index of this.#metadataIndices) records.writeMetadataIndex(index);
    });
    group(Opcode.CHUNK_INDEX, () => {
      for (const index of this.#chunkIndices) records.writeChunkIndex(index);
    });
    const summaryOffsetStart = BigInt(this.#size + records.length);
    for (const each of groups) records.writeSummaryOffset(each);
    records.writeFooter({ summaryStart, summaryOffsetStart, summaryCrc: 0 });
    records.writeMagic();
    this.#write([this.#taken()]);
  }

  #statistics(): Statistics {
    return {
      messageCount: [...this.#counts.values()].reduce((sum, count) => sum + count, 0n),
      schemaCount: this.#schemas.length,
      channelCount: this.#channels.length,
      attachmentCount: 0,
      metadataCount: this.#metadataIndices.length,
      chunkCount: this.#chunkIndices.length,
      messageStartTime: this.#startNs ?? 0n,
      messageEndTime: this.#endNs,
      channelMessageCounts: this.#counts,
    };
  }

  #collect(records: Uint8Array): void {
    this.#chunk.push(records);
    this.#chunkBytes += records.length;
  }

  /** The records that were made, as a copy. */
  #taken(): Uint8Array {
    const { buffer } = this.#records;
    this.#records.reset();
    return buffer;
  }

  /** Appends all of it or, cutting off what was begun, nothing. */
  #write(parts: readonly Uint8Array[]): void {
    try {
      let written = 0;
      for (let start = 0; start < parts.length; start += MOST_BUFFERS)
        written += this.#writeSome(parts.slice(start, start + MOST_BUFFERS));
      this.#size += written;
    } catch (error) {
      ftruncateSync(this.#fd, this.#size);
      throw error;
    }
  }

  #writeSome(parts: readonly Uint8Array[]): number {
    let left = parts.filter(({ length }) => length > 0);
    let total = 0;
    while (left.length > 0) {
      let written = writevSync(this.#fd, left);
      if (written === 0) throw new Error('nothing could be written');
      total += written;
      left = left.flatMap((part) => {
        const done = Math.min(part.length, written);
        written -= done;
        return done === part.length ? [] : [part.subarray(done)];
      });
    }
    return total;
  }
}
