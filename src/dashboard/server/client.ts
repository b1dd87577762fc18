import { closeCodes } from '../protocol.js';
import { TokenBucket } from '../token-bucket.js';

/** Messages of a page: a slider that is dragged sends up to 60 a second for a moment. */
const MESSAGES_PER_SECOND = 60;
const MESSAGES_AT_ONCE = 200;

/** Batches of streams on their way to a page at a time. With a round trip of 100 ms that is 30 batches a second. */
const MAX_IN_FLIGHT = 3;

/** What must not be lost is queued; a page that lets more than this pile up is disconnected. [bytes] */
const MAX_QUEUED_BYTES = 8 * 1024 * 1024;

/** A page whose browser has not answered a ping for this long is gone. */
const SILENCE_MS = 30_000;
/** How long a page may take to answer the closing handshake. */
const CLOSING_MS = 1000;

/** The part of a WebSocket of `ws` that is used here. */
export interface ClientSocket {
  readonly bufferedAmount: number;
  send(data: string | Uint8Array): void;
  ping(): void;
  pause(): void;
  close(code: number, reason: string): void;
  terminate(): void;
}

export interface ClientOptions {
  readonly socket: ClientSocket;
  readonly nowMs: () => number;
  /** For the log. */
  readonly onDisconnect: (reason: string) => void;
}

/**
 * The connection of one page. Messages are queued and arrive all, in order. Of the streams only the newest frame of each channel is kept until
 * the page has received those before, which its browser confirms by answering a ping: a slow link makes streams slow, not old.
 */
export class Client {
  readonly #options: ClientOptions;
  readonly #rate = new TokenBucket(MESSAGES_PER_SECOND, MESSAGES_AT_ONCE);
  readonly #waiting = new Map<string, string | Uint8Array>();
  #watched: ReadonlySet<string> = new Set();
  #inFlight = 0;
  #lastSignMs: number;
  #isClosed = false;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#lastSignMs = options.nowMs();
  }

  /** The channels that this page watches. */
  get watched(): ReadonlySet<string> {
    return this.#watched;
  }

  watch(channels: readonly string[]): void {
    this.#watched = new Set(channels);
    for (const channel of this.#waiting.keys())
      if (!this.#watched.has(channel)) this.#waiting.delete(channel);
  }

  /** Whether one more message of this page is taken. If not, it is disconnected. */
  accepts(): boolean {
    if (this.#isClosed) return false;
    const { nowMs } = this.#options;
    this.#lastSignMs = nowMs();
    if (this.#rate.take(this.#lastSignMs)) return true;
    this.disconnect(
      closeCodes.flooding,
      `more than ${String(MESSAGES_PER_SECOND)} messages a second: send a value when it changes, at most 30 times a second`,
    );
    return false;
  }

  /** Sends a message that must arrive. */
  send(text: string): void {
    if (this.#isClosed) return;
    const { socket } = this.#options;
    if (socket.bufferedAmount > MAX_QUEUED_BYTES) {
      this.disconnect(closeCodes.tooSlow, 'messages pile up: this page does not read them');
      return;
    }
    socket.send(text);
  }

  /** Sends a frame of a stream as soon as the page can take it, unless a newer one of its channel comes before. */
  offer(channel: string, frame: string | Uint8Array): void {
    if (this.#isClosed) return;
    this.#waiting.set(channel, frame);
    this.#flush();
  }

  /** The browser has answered a ping: it has received everything that was sent before. */
  onPong(): void {
    this.#lastSignMs = this.#options.nowMs();
    if (this.#inFlight > 0) this.#inFlight -= 1;
    this.#flush();
  }

  /** Call it every few seconds: disconnects a page that is gone, and asks the others for a sign of life. */
  check(): void {
    if (this.#isClosed) return;
    if (this.#options.nowMs() - this.#lastSignMs > SILENCE_MS) {
      this.#isClosed = true;
      this.#options.onDisconnect(`no sign of life for ${String(SILENCE_MS / 1000)} s`);
      this.#options.socket.terminate();
    } else if (this.#inFlight === 0) {
      this.#options.socket.ping();
      this.#inFlight += 1;
    }
  }

  /** Says why, and closes. What a page that sends too much still sends is not read. */
  disconnect(code: number, reason: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const { socket, onDisconnect } = this.#options;
    onDisconnect(reason);
    this.#waiting.clear();
    socket.close(code, reason);
    if (code !== closeCodes.ending) socket.pause();
    setTimeout(() => {
      socket.terminate();
    }, CLOSING_MS).unref();
  }

  #flush(): void {
    const { socket } = this.#options;
    if (this.#isClosed || this.#waiting.size === 0 || this.#inFlight >= MAX_IN_FLIGHT) return;
    for (const frame of this.#waiting.values()) socket.send(frame);
    this.#waiting.clear();
    socket.ping();
    this.#inFlight += 1;
  }
}
