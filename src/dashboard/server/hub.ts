import { JepaMpcError } from '../../core/errors.js';
import type { Logger } from '../../core/types.js';
import { clientMessageSchema, closeCodes, MAX_MESSAGE_BYTES } from '../protocol.js';
import type { ClientRequest, Refusal, ServerMessage } from '../protocol.js';
import { Client } from './client.js';
import type { ClientSocket } from './client.js';
import { StateBoard } from './state-board.js';

/** Pages at a time. */
export const MAX_CLIENTS = 32;
/** Requests of one page that wait for their answers. */
const MAX_PENDING = 64;
const CHECK_MS = 5000;

/** The answer to a request. */
export type Outcome =
  | { readonly ok: true; readonly message: string; readonly data?: unknown }
  | { readonly ok: false; readonly refusal: Refusal };

/** A refusal that is not about a parameter. */
export function refused(message: string): Outcome {
  return { ok: false, refusal: { message, parameter: null, place: null } };
}

export interface HubOptions {
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
  readonly nowMs: () => number;
  /** Does what a page requests. A JepaMpcError becomes a refusal. */
  readonly serve: (request: ClientRequest) => Promise<Outcome>;
  /** Called with all channels that any page watches, when they change. */
  readonly onWatched: (channels: ReadonlySet<string>) => void;
}

/** The pages that are connected: sends them what they watch, and has their requests served. */
export class Hub {
  readonly #options: HubOptions;
  readonly #board = new StateBoard();
  /** With the number of requests that wait for their answers. */
  readonly #clients = new Map<Client, number>();
  /** The newest frame of channels that stay valid. */
  readonly #lasting = new Map<string, Uint8Array>();
  readonly #timer: NodeJS.Timeout;
  #watched: ReadonlySet<string> = new Set();
  #connected = 0;

  constructor(options: HubOptions) {
    this.#options = options;
    this.#timer = setInterval(() => {
      for (const client of this.#clients.keys()) client.check();
    }, CHECK_MS);
    this.#timer.unref();
  }

  get isFull(): boolean {
    return this.#clients.size >= MAX_CLIENTS;
  }

  /** The channels that any page watches. */
  get watched(): ReadonlySet<string> {
    return this.#watched;
  }

  /** A page has connected. @param hello its first message */
  connect(socket: ClientSocket, hello: ServerMessage): Connection {
    const { log, nowMs } = this.#options;
    this.#connected += 1;
    const title = `page ${String(this.#connected)}`;
    const client = new Client({
      socket,
      nowMs,
      onDisconnect: (reason) => {
        log.warn(`${title} is disconnected: ${reason}`);
        this.#remove(client);
      },
    });
    this.#clients.set(client, 0);
    log.info(`${title} is connected; pages now: ${String(this.#clients.size)}`);
    for (const message of [hello, ...this.#board.present]) client.send(JSON.stringify(message));
    return {
      onMessage: (text) => {
        if (client.accepts()) this.#receive(client, text);
      },
      onPong: () => {
        client.onPong();
      },
      onClose: () => {
        this.#remove(client);
      },
    };
  }

  /** Sends a message to every page, now and to those that connect later if it stays valid. */
  broadcast(message: ServerMessage): void {
    this.#board.note(message);
    if (this.#clients.size === 0) return;
    const text = JSON.stringify(message);
    for (const client of this.#clients.keys()) client.send(text);
  }

  /** Sends a frame to the pages that watch its channel; the newest wins. @param isLasting whether pages that watch it later get it too */
  stream(channel: string, frame: string | Uint8Array, isLasting = false): void {
    if (isLasting && typeof frame !== 'string') this.#lasting.set(channel, frame);
    for (const client of this.#clients.keys()) if (client.watched.has(channel)) client.offer(channel, frame);
  }

  /** Frames that were sent are no longer valid for pages that watch their channels later. */
  forgetFrames(): void {
    this.#lasting.clear();
  }

  close(): void {
    clearInterval(this.#timer);
    for (const client of [...this.#clients.keys()])
      client.disconnect(closeCodes.ending, 'the dashboard is being ended');
  }

  #receive(client: Client, text: string): void {
    if (Buffer.byteLength(text) > MAX_MESSAGE_BYTES) {
      client.send(JSON.stringify(tooLong(text)));
      return;
    }
    const message = clientMessageSchema.safeParse(jsonIn(text));
    if (!message.success) {
      client.send(JSON.stringify(problemOf(text, message.error.issues)));
      return;
    }
    if (message.data.type === 'watch') {
      const before = client.watched;
      client.watch(message.data.channels);
      this.#updateWatched();
      for (const channel of client.watched) {
        const frame = this.#lasting.get(channel);
        if (frame !== undefined && !before.has(channel)) client.offer(channel, frame);
      }
      return;
    }
    this.#serve(client, message.data).catch((error: unknown) => {
      this.#options.log.error(`a request of a page: ${String(error)}`);
    });
  }

  async #serve(client: Client, request: ClientRequest): Promise<void> {
    const pending = this.#clients.get(client) ?? 0;
    const outcome = pending < MAX_PENDING ? await this.#counted(client, request) : busy();
    client.send(JSON.stringify(replyOf(request.id, outcome)));
  }

  async #counted(client: Client, request: ClientRequest): Promise<Outcome> {
    this.#count(client, 1);
    try {
      return await this.#options.serve(request);
    } catch (error) {
      if (error instanceof JepaMpcError) return refused(error.message);
      this.#options.log.error(
        `${request.type}: ${error instanceof Error ? String(error.stack) : String(error)}`,
      );
      return refused('the dashboard has a defect: the reason is in its log');
    } finally {
      this.#count(client, -1);
    }
  }

  #count(client: Client, change: 1 | -1): void {
    const pending = this.#clients.get(client);
    if (pending !== undefined) this.#clients.set(client, pending + change);
  }

  #remove(client: Client): void {
    if (!this.#clients.delete(client)) return;
    this.#updateWatched();
  }

  #updateWatched(): void {
    const watched = new Set([...this.#clients.keys()].flatMap((client) => [...client.watched]));
    const isSame = watched.size === this.#watched.size && [...watched].every((it) => this.#watched.has(it));
    if (isSame) return;
    this.#watched = watched;
    this.#options.onWatched(watched);
  }
}

/** What a socket reports about one page. */
export interface Connection {
  readonly onMessage: (text: string) => void;
  readonly onPong: () => void;
  readonly onClose: () => void;
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Characters of a message that is not understood, in the answer. */
const SHOWN = 120;

function problemOf(text: string, issues: readonly Issue[]): ServerMessage {
  const shown = text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
  const [issue] = issues;
  const place = issue === undefined || issue.path.length === 0 ? '' : ` at ${issue.path.join('.')}`;
  return {
    type: 'problem',
    message: new JepaMpcError('dashboard.message', {
      subject: 'message of the page',
      found: shown === '' ? 'an empty one' : shown,
      expected: `JSON of at most ${String(MAX_MESSAGE_BYTES)} bytes as src/dashboard/protocol.ts has it (${issue?.message ?? 'valid JSON'}${place})`,
      remedy: 'Reload the page: it may be of another version than the server.',
    }).message,
  };
}

function tooLong(text: string): ServerMessage {
  return {
    type: 'problem',
    message: new JepaMpcError('dashboard.message', {
      subject: 'message of the page',
      found: `${String(Buffer.byteLength(text))} bytes`,
      expected: `at most ${String(MAX_MESSAGE_BYTES)}`,
      remedy: 'It was not read; nothing has changed. Send less at once.',
    }).message,
  };
}

interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

function busy(): Outcome {
  return refused(
    `${String(MAX_PENDING)} requests of this page wait for their answers: this one was not taken. Wait for an answer, then send it again.`,
  );
}

function replyOf(id: number, outcome: Outcome): ServerMessage {
  if (!outcome.ok) return { type: 'reply', id, ok: false, message: '', refusal: outcome.refusal };
  const { message, data } = outcome;
  return { type: 'reply', id, ok: true, message, refusal: null, ...(data !== undefined && { data }) };
}
