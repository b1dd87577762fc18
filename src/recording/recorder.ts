import { Worker } from 'node:worker_threads';

import { definitionOf, type MessageType } from './ros-message.js';
import type { McapMessage } from './mcap-file.js';
import { COUNTERS, type FromWriter, type ToWriter, type WriterSettings } from './recorder-protocol.js';

/** Messages are handed over in groups: waking the other thread for each would cost more than writing it. */
const HAND_OVER_MS = 100;
/** A group ends when it has this many bytes. */
const HAND_OVER_BYTES = 1024 * 1024;

/** How long closing a file may take. */
const STOP_TIMEOUT_MS = 5000;

/** Share of the queue that images may fill. The rest is for the small messages, without which images are of no use. */
const IMAGE_SHARE = 0.75;

/** A topic of a recording. */
export interface RecordedTopic {
  /** Fully qualified and remapped. */
  readonly topic: string;
  readonly type: MessageType;
}

/** The file of a recording and its limits. */
export interface RecordingFile extends Omit<WriterSettings, 'counters'> {
  /** Bytes that may wait to be written. */
  readonly queueBytes: number;
}

/** What the recorder does. */
export interface RecorderStatus {
  /** `failed`: the recording ended by itself. */
  readonly state: 'off' | 'on' | 'failed';
  /** The file that is written or was written last; empty before the first. */
  readonly path: string;
  /** Why it failed, in words. */
  readonly reason: string;
  readonly messages: number;
  /** Messages that found no room in the queue. */
  readonly dropped: number;
  /** Of the file. */
  readonly bytes: number;
}

/** One recording: the thread that writes it, and what is on the way to it. */
interface Run {
  readonly worker: Worker;
  readonly counters: BigInt64Array;
  readonly queueBytes: number;
  readonly channels: Map<string, number>;
  readonly ended: Promise<void>;
  pending: McapMessage[];
  pendingBytes: number;
  /** Bytes handed to the queue so far. */
  given: number;
}

/**
 * Writes messages to a file in a thread of its own. The calling thread never waits: what finds no room in the queue is left out and counted, and a
 * file that cannot be written ends the recording alone.
 */
export class Recorder {
  readonly #entry: URL;
  readonly #onEvent: (event: FromWriter) => void;
  /** Takes messages. */
  #run: Run | null = null;
  /** The last one; its file may still be written. */
  #last: Run | null = null;
  #timer: NodeJS.Timeout | null = null;
  #state: RecorderStatus['state'] = 'off';
  #path = '';
  #reason = '';
  #messages = 0;
  #dropped = 0;

  /**
   * @param entry script of the thread; the composition root decides what runs in it
   * @param onEvent gets `opened` with the name of the file, and `ended` with the reason
   */
  constructor(entry: URL, onEvent: (event: FromWriter) => void) {
    this.#entry = entry;
    this.#onEvent = onEvent;
  }

  get isOn(): boolean {
    return this.#run !== null;
  }

  get status(): RecorderStatus {
    return {
      state: this.#state,
      path: this.#path,
      reason: this.#reason,
      messages: this.#messages,
      dropped: this.#dropped,
      bytes: this.#last === null ? 0 : countOf(this.#last, COUNTERS.size),
    };
  }

  /** Starts a file. One that is being written is ended first, in the background. */
  start({ queueBytes, ...file }: RecordingFile): void {
    void this.stop();
    const shared = new SharedArrayBuffer(COUNTERS.length * BigInt64Array.BYTES_PER_ELEMENT);
    const settings: WriterSettings = { ...file, counters: shared };
    const worker = new Worker(this.#entry, { workerData: settings });
    const ended = new Promise<void>((resolve) => {
      worker.on('exit', () => {
        resolve();
      });
    });
    const run: Run = {
      worker,
      counters: new BigInt64Array(shared),
      queueBytes,
      channels: new Map(),
      ended,
      pending: [],
      pendingBytes: 0,
      given: 0,
    };
    this.#run = this.#last = run;
    this.#state = 'on';
    this.#path = file.path;
    this.#reason = '';
    this.#messages = 0;
    this.#dropped = 0;
    worker.on('message', (event: FromWriter) => {
      this.#onWriter(run, event);
    });
    worker.on('error', (error) => {
      this.#onWriter(run, { type: 'ended', reason: `the thread that writes it ended: ${error.message}` });
    });
  }

  /**
   * Takes a message, if there is a recording and room in its queue.
   *
   * @param encode makes the message; it is called only if it is taken, and gives its memory away
   * @param publishNs see docs/recording.md
   * @returns whether it was taken
   */
  write(
    { topic, type }: RecordedTopic,
    { logNs, publishNs = logNs }: { readonly logNs: bigint; readonly publishNs?: bigint },
    encode: () => Uint8Array<ArrayBuffer>,
    kind: 'image' | 'other' = 'other',
  ): boolean {
    const run = this.#run;
    if (run === null) return false;
    const waiting = run.given - countOf(run, COUNTERS.taken);
    if (waiting > run.queueBytes * (kind === 'image' ? IMAGE_SHARE : 1)) {
      this.#dropped += 1;
      return false;
    }
    const data = encode();
    run.given += data.length;
    run.pending.push({ channel: this.#channelOf(run, topic, type), logNs, publishNs, data });
    run.pendingBytes += data.length;
    this.#messages += 1;
    if (run.pendingBytes >= HAND_OVER_BYTES) this.#handOver(run);
    else
      this.#timer ??= setTimeout(() => {
        this.#timer = null;
        if (this.#run !== null) this.#handOver(this.#run);
      }, HAND_OVER_MS);
    return true;
  }

  /** Adds facts about the recording. Nothing happens without one. */
  addMetadata(name: string, facts: Readonly<Record<string, string>>): void {
    if (this.#run === null) return;
    this.#handOver(this.#run);
    send(this.#run, { type: 'metadata', name, facts });
  }

  /** Ends the recording; resolves when its file is closed. */
  async stop(): Promise<void> {
    const run = this.#run;
    this.#state = 'off';
    if (run === null) return;
    this.#handOver(run);
    send(run, { type: 'stop' });
    this.#forget();
    const timeout = setTimeout(() => void run.worker.terminate(), STOP_TIMEOUT_MS);
    await run.ended;
    clearTimeout(timeout);
  }

  #channelOf(run: Run, topic: string, type: MessageType): number {
    const key = `${topic} ${type.name}`;
    const known = run.channels.get(key);
    if (known !== undefined) return known;
    const channel = run.channels.size;
    run.channels.set(key, channel);
    // Messages that were given before do not need it, and those after it come after it.
    send(run, { type: 'channel', topic, messageType: type.name, definition: definitionOf(type) });
    return channel;
  }

  #handOver(run: Run): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (run.pending.length === 0) return;
    const messages = run.pending;
    run.pending = [];
    run.pendingBytes = 0;
    // The memory changes hands, and is not copied.
    const buffers = messages.map(({ data }) => data.buffer as ArrayBuffer);
    send(run, { type: 'messages', messages }, buffers);
  }

  #onWriter(run: Run, event: FromWriter): void {
    if (event.type === 'opened') {
      if (run === this.#last) this.#path = event.path;
    } else if (run === this.#run) {
      this.#forget();
      this.#state = 'failed';
      this.#reason = event.reason ?? '';
    }
    this.#onEvent(event);
  }

  #forget(): void {
    this.#run = null;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}

function countOf({ counters }: Run, index: number): number {
  return Number(Atomics.load(counters, index));
}

function send({ worker }: Run, message: ToWriter, transfer: readonly ArrayBuffer[] = []): void {
  worker.postMessage(message, transfer);
}
