import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';

import { JepaMpcError } from '../../../src/core/errors.js';
import { MAX_MESSAGE_BYTES, serverMessageSchema } from '../../../src/dashboard/protocol.js';
import type { ClientRequest, ServerMessage } from '../../../src/dashboard/protocol.js';
import { Hub } from '../../../src/dashboard/server/hub.js';
import type { Connection, Outcome } from '../../../src/dashboard/server/hub.js';
import { FakeSocket } from './fake-socket.js';

const HELLO: ServerMessage = {
  type: 'hello',
  protocol: 1,
  version: '0',
  node: '/planner_node',
  profilesFolder: '/',
};

interface Page {
  readonly socket: FakeSocket;
  readonly connection: Connection;
  say(message: object): void;
}

class Stage {
  readonly requests: ClientRequest[] = [];
  readonly watched: string[][] = [];
  readonly log: string[] = [];
  answer: (request: ClientRequest) => Promise<Outcome> = () => Promise.resolve({ ok: true, message: 'done' });
  readonly hub = new Hub({
    log: { info: () => undefined, warn: (text) => this.log.push(text), error: (text) => this.log.push(text) },
    nowMs: () => 0,
    serve: (request) => {
      this.requests.push(request);
      return this.answer(request);
    },
    onWatched: (channels) => this.watched.push([...channels].sort()),
  });

  page(): Page {
    const socket = new FakeSocket();
    const connection = this.hub.connect(socket, HELLO);
    return {
      socket,
      connection,
      say: (message) => {
        connection.onMessage(JSON.stringify(message));
      },
    };
  }
}

/** Lets promises that are settled already run their continuations. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the hub', () => {
  let stage = new Stage();
  afterEach(() => {
    stage.hub.close();
    stage = new Stage();
  });

  it('brings a page that comes later up to date, with the newest of everything', () => {
    stage.hub.broadcast({ type: 'node', present: false, state: 'unknown' });
    stage.hub.broadcast({ type: 'node', present: true, state: 'active' });
    stage.hub.broadcast({ type: 'parameters', values: { seed: 1, planner: 'cem' } });
    stage.hub.broadcast({ type: 'parameters', values: { seed: 2 } });
    const { socket } = stage.page();
    expect(socket.messages).toEqual([
      HELLO,
      { type: 'node', present: true, state: 'active' },
      { type: 'parameters', values: { seed: 2, planner: 'cem' } },
    ]);
  });

  it('sends frames to those who watch, and says what anyone watches', () => {
    const [one, other] = [stage.page(), stage.page()];
    one.say({ type: 'watch', channels: ['joints', 'plan'] });
    other.say({ type: 'watch', channels: ['plan'] });
    stage.hub.stream('joints', 'J');
    stage.hub.stream('plan', 'P');
    expect(one.socket.sent).toContain('J');
    expect(other.socket.sent).not.toContain('J');
    expect(other.socket.sent).toContain('P');
    one.connection.onClose();
    other.say({ type: 'watch', channels: [] });
    expect(stage.watched).toEqual([['joints', 'plan'], ['plan'], []]);
  });

  it('keeps the last frame of a lasting channel for pages that watch it later', () => {
    const frame = Uint8Array.of(1, 2, 3);
    stage.hub.stream('goal/wrist', frame, true);
    const page = stage.page();
    page.say({ type: 'watch', channels: ['goal/wrist'] });
    expect(page.socket.sent).toContain(frame);
    stage.hub.forgetFrames();
    const later = stage.page();
    later.say({ type: 'watch', channels: ['goal/wrist'] });
    expect(later.socket.sent).not.toContain(frame);
  });

  it('answers each request to the page that sent it, by its id', async () => {
    const [one, other] = [stage.page(), stage.page()];
    one.say({ type: 'set_parameters', id: 7, values: { seed: 3 } });
    await settled();
    expect(one.socket.messages.at(-1)).toEqual({
      type: 'reply',
      id: 7,
      ok: true,
      message: 'done',
      refusal: null,
    });
    expect(other.socket.messages).toHaveLength(1);
  });

  it('turns an error with a remedy into a refusal, and any other into a line of the log', async () => {
    const page = stage.page();
    const facts = { subject: 'a', found: 'b', expected: 'c', remedy: 'd' };
    stage.answer = () => Promise.reject(new JepaMpcError('profile.name', facts));
    page.say({ type: 'list_profiles', id: 1 });
    await settled();
    expect(page.socket.messages.at(-1)).toMatchObject({
      ok: false,
      refusal: { message: 'a: found b, expected c. d [profile.name]' },
    });
    stage.answer = () => Promise.reject(new Error('secret detail'));
    page.say({ type: 'list_profiles', id: 2 });
    await settled();
    expect(JSON.stringify(page.socket.messages.at(-1))).not.toContain('secret detail');
    expect(stage.log.join()).toContain('secret detail');
  });

  it('refuses what one page requests while too many of its requests wait', async () => {
    const page = stage.page();
    stage.answer = () => new Promise(() => undefined);
    for (let id = 0; id < 100; id++) page.say({ type: 'list_profiles', id });
    await settled();
    expect(stage.requests).toHaveLength(64);
    expect(page.socket.messages.filter(({ type }) => type === 'reply')).toHaveLength(36);
  });

  it.each([
    ['no JSON', 'hello{'],
    ['an unknown type', JSON.stringify({ type: 'format_disk', id: 1 })],
    ['a missing field', JSON.stringify({ type: 'set_parameters', id: 1 })],
    ['a field too many', JSON.stringify({ type: 'list_profiles', id: 1, more: true })],
    ['another type of value', JSON.stringify({ type: 'speed_scale', id: 1, value: '0.5' })],
    ['nothing', ''],
  ])('answers %s with what it found and expected, and goes on', async (_, text) => {
    const page = stage.page();
    page.connection.onMessage(text);
    expect(page.socket.messages.at(-1)).toMatchObject({
      type: 'problem',
      message: expect.stringMatching(/found .*expected JSON.*\[dashboard\.message\]/s) as string,
    });
    expect(stage.requests).toEqual([]);
    page.say({ type: 'list_profiles', id: 3 });
    await settled();
    expect(page.socket.messages.at(-1)).toMatchObject({ type: 'reply', id: 3, ok: true });
  });

  it('does not read a message that is too long, and says how long it was', () => {
    const page = stage.page();
    const text = JSON.stringify({
      type: 'set_parameters',
      id: 1,
      values: { a: 'x'.repeat(MAX_MESSAGE_BYTES) },
    });
    page.connection.onMessage(text);
    expect(page.socket.messages.at(-1)).toMatchObject({
      type: 'problem',
      message: expect.stringContaining(
        `found ${String(text.length)} bytes, expected at most 65536`,
      ) as string,
    });
    expect(page.socket.closed).toBeNull();
  });

  it('answers anything, with messages that the protocol has', async () => {
    const json = fc.jsonValue().map((value) => JSON.stringify(value));
    const nearlyRight = fc
      .record({
        type: fc.constantFrom('watch', 'set_parameters', 'call', 'load_profile', 'compare_profiles'),
        id: fc.oneof(fc.nat(), fc.string()),
        name: fc.oneof(fc.string(), fc.constant('../../etc/passwd')),
        values: fc.dictionary(fc.string(), fc.oneof(fc.integer(), fc.string(), fc.array(fc.double()))),
        channels: fc.array(fc.string()),
      })
      .map((value) => JSON.stringify(value));
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string(), json, nearlyRight), async (text) => {
        const page = stage.page();
        const before = page.socket.sent.length;
        page.connection.onMessage(text);
        await settled();
        for (const message of page.socket.messages) serverMessageSchema.parse(message);
        const isWatch = /^\{"type":"watch"/.test(text) && page.socket.sent.length === before;
        expect(page.socket.sent.length === before + 1 || isWatch).toBe(true);
        page.connection.onClose();
      }),
      { numRuns: 500 },
    );
  });
});
