import { describe, expect, it } from 'vitest';

import { closeCodes } from '../../../src/dashboard/protocol.js';
import { Client } from '../../../src/dashboard/server/client.js';
import { FakeSocket } from './fake-socket.js';

function client(): { client: Client; socket: FakeSocket; time: { nowMs: number }; log: string[] } {
  const socket = new FakeSocket();
  const time = { nowMs: 0 };
  const log: string[] = [];
  const made = new Client({ socket, nowMs: () => time.nowMs, onDisconnect: (reason) => log.push(reason) });
  return { client: made, socket, time, log };
}

describe('the streams of a page', () => {
  it('bring the newest frame of each channel once the page has received those before', () => {
    const { client: page, socket } = client();
    page.watch(['a', 'b']);
    for (let index = 0; index < 100; index++) {
      page.offer('a', `a${String(index)}`);
      page.offer('b', `b${String(index)}`);
    }
    const first = socket.sent.splice(0);
    expect(first.length).toBeLessThan(10);
    page.onPong();
    expect(socket.sent.toSorted()).toEqual(['a99', 'b99']);
  });

  it('are as fast as they come for a page that keeps up', () => {
    const { client: page, socket } = client();
    for (let index = 0; index < 100; index++) {
      page.offer('a', String(index));
      page.onPong();
    }
    expect(socket.sent).toHaveLength(100);
  });

  it('leave out what the page does not watch any more', () => {
    const { client: page, socket } = client();
    page.watch(['a']);
    for (let index = 0; index < 10; index++) page.offer('a', String(index));
    socket.sent.length = 0;
    page.watch([]);
    page.onPong();
    expect(socket.sent).toEqual([]);
  });

  it('never hold up a message', () => {
    const { client: page, socket } = client();
    for (let index = 0; index < 10; index++) page.offer('a', String(index));
    page.send('reply');
    expect(socket.sent.at(-1)).toBe('reply');
  });
});

describe('a page', () => {
  it('that floods is disconnected with the reason, and read no more', () => {
    const { client: page, socket, log } = client();
    const accepted = Array.from({ length: 1000 }, () => page.accepts()).filter(Boolean).length;
    expect(accepted).toBe(200);
    expect(socket.closed).toEqual([closeCodes.flooding, expect.stringContaining('messages a second')]);
    expect(socket.isPaused).toBe(true);
    expect(log).toHaveLength(1);
  });

  it('that drags a slider for a minute is not disconnected', () => {
    const { client: page, socket, time } = client();
    for (let message = 0; message < 60 * 60; message++) {
      time.nowMs += 1000 / 60;
      expect(page.accepts()).toBe(true);
    }
    expect(socket.closed).toBeNull();
  });

  it('that does not read is disconnected before messages fill the memory', () => {
    const { client: page, socket } = client();
    socket.bufferedAmount = 100 * 1024 * 1024;
    page.send('x');
    expect(socket.closed?.[0]).toBe(closeCodes.tooSlow);
    expect(socket.sent).toEqual([]);
  });

  it('that is gone without a word is noticed', () => {
    const { client: page, socket, time } = client();
    page.check();
    time.nowMs = 29_000;
    page.check();
    expect(socket.isTerminated).toBe(false);
    time.nowMs = 31_000;
    page.check();
    expect(socket.isTerminated).toBe(true);
  });

  it('that is quiet but answers stays', () => {
    const { client: page, socket, time } = client();
    for (time.nowMs = 0; time.nowMs < 300_000; time.nowMs += 5000) {
      page.check();
      expect(socket.pings).toBeGreaterThan(0);
      page.onPong();
    }
    expect(socket.isTerminated).toBe(false);
  });
});
