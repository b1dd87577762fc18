import type { McapMessage } from './mcap-file.js';

/** What the thread that writes is started with. */
export interface WriterSettings {
  /** Wanted file. If it exists, the name gets a number. */
  readonly path: string;
  /** For the header of the file. */
  readonly library: string;
  /** Size at which the recording ends, bytes; Infinity: none. */
  readonly maxBytes: number;
  /** Free space below which it ends, bytes. */
  readonly minFreeBytes: number;
  /** Two counters that the thread advances: see {@link COUNTERS}. */
  readonly counters: SharedArrayBuffer;
}

/** Indices of the counters: bytes of messages that were taken from the queue, and bytes of the file. */
export const COUNTERS = { taken: 0, size: 1, length: 2 } as const;

/** A channel has the number of its first mention: 0, 1, … */
export type ToWriter =
  | {
      readonly type: 'channel';
      readonly topic: string;
      readonly messageType: string;
      readonly definition: string;
    }
  | { readonly type: 'messages'; readonly messages: readonly McapMessage[] }
  | { readonly type: 'metadata'; readonly name: string; readonly facts: Readonly<Record<string, string>> }
  | { readonly type: 'stop' };

/** `ended`: the file is closed. `reason`: why, in words; null because of `stop`. */
export type FromWriter =
  | { readonly type: 'opened'; readonly path: string }
  | { readonly type: 'ended'; readonly reason: string | null };
