import { describe, expect, it } from 'vitest';

import { AccessGate } from '../../../src/dashboard/server/access-gate.js';
import { AccessToken } from '../../../src/dashboard/server/access-token.js';

const SECRET = 'correct-horse-battery-staple';

function gate(): { gate: AccessGate; log: string[] } {
  const log: string[] = [];
  const token = AccessToken.given(SECRET, '--token');
  const made = new AccessGate({
    token,
    port: () => 8321,
    log: { warn: (text) => log.push(text) },
    nowMs: () => 0,
  });
  return { gate: made, log };
}

describe('the token', () => {
  it('is long and different each time, if it is random', () => {
    const [one, other] = [AccessToken.random(), AccessToken.random()];
    expect(one.text).toMatch(/^[\w-]{32}$/);
    expect(one.matches(other.text)).toBe(false);
    expect(one.matches(one.text)).toBe(true);
  });

  it.each(['short', '', 'sixteen letters!', 'pass word pass word'])('is refused if it is %j', (text) => {
    expect(() => AccessToken.given(text, '--token')).toThrow(
      expect.objectContaining({ code: 'dashboard.token' }),
    );
  });

  it('does not appear in the error about it', () => {
    expect(() => AccessToken.given('my secret words!', '--token')).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('secret') as string }),
    );
  });
});

describe('the gate', () => {
  it.each([
    ['the address', {}, `/?token=${SECRET}`, SECRET],
    ['the cookie', { cookie: `a=b; jepa_mpc_dashboard_8321=${SECRET}` }, '/ws', null],
    ['the header', { authorization: `Bearer ${SECRET}` }, '/ws', null],
  ])('opens to the token in %s', (_, headers, url, token) => {
    expect(gate().gate.check(new Headers(headers as Record<string, string>), url)).toEqual({
      isAllowed: true,
      token,
    });
  });

  it.each([
    ['none', {}, '/'],
    ['a wrong one', {}, '/?token=correct-horse-battery-stapl'],
    ['that of another port', { cookie: `jepa_mpc_dashboard_8322=${SECRET}` }, '/'],
    ['an empty one', { cookie: 'jepa_mpc_dashboard_8321=' }, '/'],
  ])('stays closed to %s, and logs it without the token', (_, headers, url) => {
    const { gate: closed, log } = gate();
    expect(closed.check(new Headers(headers as Record<string, string>), url).isAllowed).toBe(false);
    expect(log).toHaveLength(1);
    expect(log[0]).toContain('401');
    expect(log[0]).not.toContain('horse');
  });

  it('does not fill the log when someone tries many', () => {
    const { gate: closed, log } = gate();
    for (let attempt = 0; attempt < 1000; attempt++)
      closed.check(new Headers(), `/?token=${String(attempt)}`);
    expect(log.length).toBeLessThan(10);
  });

  it.each([
    ['none, as from a program', {}, true],
    ['its own', { origin: 'http://127.0.0.1:8321' }, true],
    ['another port', { origin: 'http://127.0.0.1:9999' }, false],
    ['another site', { origin: 'https://example.com' }, false],
    ['null, as from a file', { origin: 'null' }, false],
  ])('takes a WebSocket whose origin is %s: %s', (_, headers, isOwn) => {
    const all = new Headers({ host: '127.0.0.1:8321', ...headers });
    expect(gate().gate.isOwnOrigin(all)).toBe(isOwn);
  });
});
