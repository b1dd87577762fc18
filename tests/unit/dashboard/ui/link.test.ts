import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeFrame, type BinaryFrame } from '../../../../src/dashboard/binary-frame.js';
import type { ServerMessage } from '../../../../src/dashboard/protocol.js';
import {
  decodeMessage,
  Link,
  type LinkState,
  type Socket,
} from '../../../../src/dashboard/ui/connection/link.js';

class FakeSocket implements Socket {
  binaryType: 'arraybuffer' | 'blob' = 'blob';
  readyState = 0;
  onopen: (() => void) | null = null;
  onmessage: ((event: { readonly data: unknown }) => void) | null = null;
  onclose: ((event: { readonly code: number; readonly reason: string }) => void) | null = null;
  readonly sent: Record<string, unknown>[] = [];

  send(text: string): void {
    this.sent.push(JSON.parse(text) as Record<string, unknown>);
  }

  close(): void {
    this.readyState = 3;
  }

  accept(): void {
    this.readyState = 1;
    this.onopen?.();
  }

  say(message: ServerMessage): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }

  end(code = 1006, reason = ''): void {
    this.readyState = 3;
    this.onclose?.({ code, reason });
  }
}

/** A link with sockets and a clock that the test holds. */
class Bench {
  readonly sockets: FakeSocket[] = [];
  readonly states: LinkState[] = [];
  readonly messages: ServerMessage[] = [];
  readonly frames: BinaryFrame[] = [];
  refusal: string | null = null;
  nowMs = 0;
  #timers: { atMs: number; then: () => void }[] = [];

  readonly link = new Link({
    open: () => {
      const socket = new FakeSocket();
      this.sockets.push(socket);
      return socket;
    },
    nowMs: () => this.nowMs,
    after: (ms, then) => {
      const timer = { atMs: this.nowMs + ms, then };
      this.#timers.push(timer);
      return () => {
        this.#timers = this.#timers.filter((each) => each !== timer);
      };
    },
    whyRefused: () => Promise.resolve(this.refusal),
    onState: (state) => this.states.push(state),
    onMessage: (message) => this.messages.push(message),
    onFrame: (frame) => this.frames.push(frame),
  });

  get socket(): FakeSocket {
    const socket = this.sockets.at(-1);
    if (socket === undefined) throw new RangeError('nothing has connected');
    return socket;
  }

  pass(ms: number): void {
    this.nowMs += ms;
    const due = this.#timers.filter(({ atMs }) => atMs <= this.nowMs);
    this.#timers = this.#timers.filter(({ atMs }) => atMs > this.nowMs);
    for (const { then } of due) then();
  }
}

function opened(): Bench {
  const bench = new Bench();
  bench.link.connect();
  bench.socket.accept();
  return bench;
}

describe('the link to the server', () => {
  it('passes on messages and frames, and gives each request the answer of its id', async () => {
    const bench = opened();
    const answers = Promise.all([
      bench.link.request({ type: 'list_profiles' }),
      bench.link.request({ type: 'call', call: { service: 'list_goals' } }),
    ]);
    const [, first, second] = bench.socket.sent;
    const reply = { type: 'reply', ok: true, message: '', refusal: null } as const;
    bench.socket.say({ ...reply, id: Number(second?.['id']), data: 'goals' });
    bench.socket.say({ ...reply, id: Number(first?.['id']), data: 'profiles' });
    expect((await answers).map(({ data }) => data)).toEqual(['profiles', 'goals']);

    bench.socket.say({ type: 'profiles', names: ['fast'] });
    expect(bench.messages).toEqual([{ type: 'profiles', names: ['fast'] }]);

    const frame = {
      kind: 'numbers',
      channel: 'joints',
      stampNs: 7n,
      shape: [2],
      numbers: Float32Array.of(1, 2),
    } as const;
    bench.socket.onmessage?.({ data: encodeFrame(frame).buffer });
    expect(bench.frames).toEqual([frame]);
  });

  it('refuses requests without a connection, and those that are left when it is lost', async () => {
    const unconnected = await new Bench().link.request({ type: 'list_profiles' });
    expect(unconnected).toMatchObject({
      ok: false,
      refusal: { message: expect.stringMatching('no connection') as string },
    });
    const bench = opened();
    const answer = bench.link.request({ type: 'list_profiles' });
    bench.socket.end();
    expect((await answer).ok).toBe(false);
  });

  it('connects again after a while, longer each time, and repeats what is watched', () => {
    const bench = opened();
    bench.link.watch(['statistics', 'joints']);
    bench.socket.end(1001);
    expect(bench.states.at(-1)).toEqual({ kind: 'lost', reason: 'the server was ended', retryAtMs: 500 });
    bench.pass(500);
    expect(bench.states.map(({ kind }) => kind)).toEqual(['connecting', 'open', 'lost']);
    bench.socket.end();
    expect(bench.states.at(-1)).toMatchObject({ kind: 'lost', retryAtMs: 1500 });
    bench.pass(1000);
    expect(bench.sockets).toHaveLength(3);
    bench.socket.accept();
    expect(bench.socket.sent).toEqual([{ type: 'watch', channels: ['statistics', 'joints'] }]);
  });

  it('connects at once when somebody asks, once', () => {
    const bench = opened();
    bench.socket.end();
    bench.link.connect();
    bench.link.connect();
    expect(bench.sockets).toHaveLength(2);
    bench.pass(10);
    expect(bench.sockets).toHaveLength(2);
  });

  it('gives up on a server that accepts nothing', () => {
    const bench = new Bench();
    bench.link.connect();
    bench.pass(8000);
    expect(bench.states.at(-1)).toMatchObject({ kind: 'lost', reason: 'the server does not answer' });
    bench.pass(500);
    expect(bench.sockets).toHaveLength(2);
  });

  it('says why the server refuses it, where it can be known', async () => {
    const bench = new Bench();
    bench.refusal = 'the token is missing';
    bench.link.connect();
    bench.socket.end();
    await Promise.resolve();
    await Promise.resolve();
    expect(bench.states.at(-1)).toMatchObject({
      kind: 'lost',
      reason: 'the token is missing',
      retryAtMs: 500,
    });
  });

  it('takes the reason that the server gives', () => {
    const bench = opened();
    bench.socket.end(4008, 'more than 200 messages a second');
    expect(bench.states.at(-1)).toMatchObject({ reason: 'more than 200 messages a second' });
  });
});

describe('a message of the server', () => {
  it('is an object with a type, and nothing else is one', () => {
    expect(decodeMessage('{"type":"profiles","names":[]}')).toEqual({ type: 'profiles', names: [] });
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        const message: unknown = decodeMessage(text);
        expect(message === null || (typeof message === 'object' && 'type' in message)).toBe(true);
      }),
    );
    expect(decodeMessage(5)).toBeNull();
  });
});
