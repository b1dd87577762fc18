import { decodeFrame, type BinaryFrame } from '../../binary-frame.js';
import type { ClientMessage, ClientRequest, Refusal, ServerMessage } from '../../protocol.js';

/** How the page is connected to its server. */
export type LinkState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'open' }
  /** It tries again at `retryAtMs` by the clock of the link. */
  | { readonly kind: 'lost'; readonly reason: string; readonly retryAtMs: number };

/** The answer to a request. */
export interface Answer {
  readonly ok: boolean;
  readonly message: string;
  readonly refusal: Refusal | null;
  readonly data: unknown;
}

type WithoutId<Request> = Request extends unknown ? Omit<Request, 'id'> : never;
/** A request, of which the link chooses the `id`. */
export type Request = WithoutId<ClientRequest>;

/** The part of a WebSocket that the link uses. */
export interface Socket {
  binaryType: 'arraybuffer' | 'blob';
  readonly readyState: number;
  onopen: (() => void) | null;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onclose: ((event: { readonly code: number; readonly reason: string }) => void) | null;
  send(text: string): void;
  close(): void;
}

export interface LinkOptions {
  readonly open: () => Socket;
  readonly nowMs: () => number;
  readonly after: (ms: number, then: () => void) => () => void;
  /** Why a connection could not be opened, where the server says so otherwise; null: nothing more is known. */
  readonly whyRefused: () => Promise<string | null>;
  readonly onState: (state: LinkState) => void;
  readonly onMessage: (message: ServerMessage) => void;
  readonly onFrame: (frame: BinaryFrame) => void;
}

const OPEN = 1;
const RETRY_MS = [500, 1000, 2000, 4000];
/** A connection that never opens and never fails counts as lost. */
const OPENING_MS = 8000;

/** The connection to the server. It connects again by itself, and repeats what is watched. */
export class Link {
  readonly #options: LinkOptions;
  readonly #pending = new Map<number, (answer: Answer) => void>();
  #socket: Socket | null = null;
  #isOpen = false;
  #nextId = 0;
  #attempts = 0;
  #watched: readonly string[] = [];
  #stopWaiting: () => void = () => undefined;

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  /** Connects; also at once instead of at the time that it waits for. */
  connect(): void {
    this.#stopWaiting();
    if (this.#socket !== null) return;
    // Between attempts the page goes on saying that the connection is lost, and why.
    if (this.#attempts === 0) this.#options.onState({ kind: 'connecting' });
    const socket = this.#options.open();
    this.#socket = socket;
    socket.binaryType = 'arraybuffer';
    this.#stopWaiting = this.#options.after(OPENING_MS, () => {
      socket.close();
      this.#lose(socket, 'the server does not answer');
    });
    socket.onopen = () => {
      this.#stopWaiting();
      this.#isOpen = true;
      this.#attempts = 0;
      this.#options.onState({ kind: 'open' });
      this.#send({ type: 'watch', channels: [...this.#watched] });
    };
    socket.onmessage = ({ data }) => {
      this.#receive(data);
    };
    socket.onclose = ({ code, reason }) => {
      this.#lose(socket, reason === '' ? whyClosed(code) : reason);
    };
  }

  /** What the server is to send from now on. */
  watch(channels: readonly string[]): void {
    this.#watched = channels;
    if (this.#isOpen) this.#send({ type: 'watch', channels: [...channels] });
  }

  /** Sends a request. Without a connection, or when it is lost before the answer, the answer is a refusal that says so. */
  request(request: Request): Promise<Answer> {
    if (!this.#isOpen || this.#socket?.readyState !== OPEN) return Promise.resolve(notConnected());
    const id = this.#nextId++;
    return new Promise((resolve) => {
      this.#pending.set(id, resolve);
      this.#send({ ...request, id });
    });
  }

  #send(message: ClientMessage): void {
    this.#socket?.send(JSON.stringify(message));
  }

  #receive(data: unknown): void {
    if (data instanceof ArrayBuffer) {
      const frame = decodeFrame(data);
      if (frame !== null) this.#options.onFrame(frame);
      return;
    }
    const message = decodeMessage(data);
    if (message === null) return;
    if (message.type !== 'reply') {
      this.#options.onMessage(message);
      return;
    }
    const { id, ok, message: text, refusal } = message;
    const resolve = this.#pending.get(id);
    this.#pending.delete(id);
    resolve?.({ ok, message: text, refusal, data: message.data });
  }

  #lose(socket: Socket, reason: string): void {
    if (this.#socket !== socket) return;
    const wasOpen = this.#isOpen;
    this.#stopWaiting();
    this.#socket = null;
    this.#isOpen = false;
    for (const resolve of this.#pending.values()) resolve(notConnected());
    this.#pending.clear();
    const waitMs = RETRY_MS[Math.min(this.#attempts, RETRY_MS.length - 1)] ?? 0;
    this.#attempts += 1;
    const retryAtMs = this.#options.nowMs() + waitMs;
    this.#options.onState({ kind: 'lost', reason, retryAtMs });
    this.#stopWaiting = this.#options.after(waitMs, () => {
      this.connect();
    });
    if (!wasOpen) void this.#explain(retryAtMs);
  }

  async #explain(retryAtMs: number): Promise<void> {
    const reason = await this.#options.whyRefused();
    if (reason !== null && this.#socket === null) this.#options.onState({ kind: 'lost', reason, retryAtMs });
  }
}

/** A message of the server; null for anything else. Its fields are the server's to get right: both come from one build. */
export function decodeMessage(data: unknown): ServerMessage | null {
  if (typeof data !== 'string') return null;
  try {
    const value: unknown = JSON.parse(data);
    const isMessage =
      typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
    return isMessage ? (value as ServerMessage) : null;
  } catch {
    return null;
  }
}

function notConnected(): Answer {
  const message = 'There is no connection to the dashboard server. Wait until the page has connected again.';
  return { ok: false, message: '', refusal: { message, parameter: null, place: null }, data: undefined };
}

function whyClosed(code: number): string {
  if (code === 1006) return 'the server does not answer';
  return code === 1001 ? 'the server was ended' : `the server closed the connection (${String(code)})`;
}
