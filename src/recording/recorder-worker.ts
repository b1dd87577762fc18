import { mkdirSync, statfsSync } from 'node:fs';
import { setPriority } from 'node:os';
import { dirname, extname } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';

import { McapFile } from './mcap-file.js';
import { COUNTERS, type FromWriter, type ToWriter, type WriterSettings } from './recorder-protocol.js';

/* The thread that writes a recording. It alone waits for the disk. */

/** How long a message may wait until it is in the file. */
const FLUSH_PERIOD_MS = 1000;

/** Nice value of this thread: the command stream comes first, and there is a queue. */
const NICENESS = 5;

/** Names that are tried for a file. */
const MOST_NAMES = 10_000;

const settings = workerData as WriterSettings;
const counters = new BigInt64Array(settings.counters);

function send(message: FromWriter): void {
  parentPort?.postMessage(message);
}

let hasEnded = false;
let flushing: NodeJS.Timeout | undefined;

/** Ends the thread. @param reason null: as requested */
function end(reason: string | null): void {
  hasEnded = true;
  send({ type: 'ended', reason });
  clearInterval(flushing);
  parentPort?.close();
}

function inWords(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Creates the file, with a number in its name if there is one of that name. @throws Error of the system */
function create({ path, library }: WriterSettings): McapFile {
  mkdirSync(dirname(path), { recursive: true });
  const extension = extname(path);
  const base = path.slice(0, path.length - extension.length);
  for (let number = 0; ; number++) {
    try {
      return new McapFile(number === 0 ? path : `${base}_${String(number)}${extension}`, library);
    } catch (error) {
      const exists = error instanceof Error && 'code' in error && error.code === 'EEXIST';
      if (!exists || number === MOST_NAMES) throw error;
    }
  }
}

/** Does something with the file. A failure ends the recording. */
function attempt(file: McapFile, action: () => void): void {
  if (hasEnded) return;
  try {
    action();
    Atomics.store(counters, COUNTERS.size, BigInt(file.size));
  } catch (error) {
    file.abandon();
    end(`${file.path} cannot be written: ${inWords(error)}`);
  }
}

/** Ends the recording if there is no room for more. */
function watchRoom(file: McapFile): void {
  const { bavail, bsize } = statfsSync(dirname(file.path));
  const freeBytes = bavail * bsize;
  const full =
    file.size >= settings.maxBytes
      ? `${file.path} has reached recording.max_size_mb`
      : freeBytes < settings.minFreeBytes
        ? `${(freeBytes / 1e6).toFixed(0)} MB are free on the disk of ${file.path}, less than recording.min_free_mb`
        : null;
  if (full === null) return;
  file.close();
  end(full);
}

function handle(file: McapFile, message: ToWriter): void {
  switch (message.type) {
    case 'channel':
      file.addChannel(message.topic, message.messageType, message.definition);
      return;
    case 'messages': {
      let bytes = 0;
      for (const each of message.messages) {
        file.add(each);
        bytes += each.data.length;
      }
      Atomics.add(counters, COUNTERS.taken, BigInt(bytes));
      return;
    }
    case 'metadata':
      file.addMetadata(message.name, message.facts);
      return;
    case 'stop':
      file.close();
      end(null);
  }
}

try {
  // On Linux process 0 is the calling thread.
  setPriority(0, NICENESS);
  const file = create(settings);
  send({ type: 'opened', path: file.path });
  flushing = setInterval(() => {
    attempt(file, () => {
      file.flush();
      watchRoom(file);
    });
  }, FLUSH_PERIOD_MS);
  parentPort?.on('message', (message: ToWriter) => {
    attempt(file, () => {
      handle(file, message);
    });
  });
} catch (error) {
  end(`${settings.path} cannot be created: ${inWords(error)}`);
}
