import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';

import type { ServerMessage } from '../../../src/dashboard/protocol.js';
import { RobotDescription } from '../../../src/dashboard/planner/robot-description.js';
import { AccessToken } from '../../../src/dashboard/server/access-token.js';
import { Hub } from '../../../src/dashboard/server/hub.js';
import { listen } from '../../../src/dashboard/server/listen.js';
import type { DashboardServer } from '../../../src/dashboard/server/listen.js';

const HELLO: ServerMessage = {
  type: 'hello',
  protocol: 1,
  version: '0',
  node: '/planner_node',
  profilesFolder: '/',
};
const TOKEN = AccessToken.given('a-token-for-the-tests', 'test');
const URDF = `<robot name="arm">
  <link name="base"/><link name="tip"><visual><geometry><mesh filename="package://arm/meshes/tip.stl"/></geometry></visual></link>
  <joint name="elbow" type="revolute"><parent link="base"/><child link="tip"/><axis xyz="0 0 1"/>
    <limit lower="-1" upper="2" velocity="3" effort="4"/></joint>
</robot>`;

describe('the server', () => {
  let folder = '';
  let server: DashboardServer;
  let hub: Hub;
  let log: string[] = [];
  const sockets: WebSocket[] = [];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'dashboard-'));
    log = [];
    const write = (text: string): number => log.push(text);
    hub = new Hub({
      log: { info: write, warn: write, error: write },
      nowMs: () => performance.now(),
      serve: () => Promise.resolve({ ok: true, message: '' }),
      onWatched: () => undefined,
    });
    server = await start(0);
  });

  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.terminate();
    hub.close();
    await server.close();
    rmSync(folder, { recursive: true });
  });

  function start(port: number): Promise<DashboardServer> {
    return listen({
      host: '127.0.0.1',
      port,
      token: TOKEN,
      pageFolder: join(folder, 'ui'),
      robot: () => new RobotDescription(URDF, [join(folder, 'ros')]),
      replay: {
        result: (run) => (run === 'newest' ? new Uint8Array(gzipSync('{"moments":[]}')) : null),
        picture: (run, moment, camera) =>
          run === 'newest' && moment === 12 ? Uint8Array.of(0xff, 0xd8, camera) : null,
      },
      hub,
      hello: HELLO,
      log: { warn: (text) => log.push(text) },
      nowMs: () => performance.now(),
    });
  }

  const at = (path: string): string => new URL(path, server.url).href;
  const withToken = { headers: { authorization: `Bearer ${TOKEN.text}` } };

  function buildPage(): void {
    mkdirSync(join(folder, 'ui', 'assets'), { recursive: true });
    writeFileSync(join(folder, 'ui', 'index.html'), '<!doctype html><title>page</title>');
    writeFileSync(join(folder, 'ui', 'assets', 'main-abc.js'), `console.log('${'x'.repeat(5000)}')`);
    writeFileSync(join(folder, 'secret.txt'), 'not of the page');
  }

  /** Opens a WebSocket. @returns it, or the HTTP status with which it was refused */
  function open(path: string, headers: Record<string, string> = {}): Promise<WebSocket | number> {
    const socket = new WebSocket(at(path).replace('http', 'ws'), { headers });
    sockets.push(socket);
    return new Promise((resolve) => {
      socket.on('open', () => {
        resolve(socket);
      });
      socket.on('unexpected-response', (_, response) => {
        resolve(response.statusCode ?? 0);
      });
      socket.on('error', () => undefined);
    });
  }

  const REPLAY = ['/replay/newest/result.json', '/replay/newest/12/0.jpg'];

  it.each(['/', '/assets/main-abc.js', '/robot/description.urdf', '/ws', '/nothing', ...REPLAY])(
    'shows nothing of %s without the token, nor with a wrong one',
    async (path) => {
      buildPage();
      expect((await fetch(at(path))).status).toBe(401);
      expect((await fetch(at(`${path}?token=a-token-for-the-test`))).status).toBe(401);
      expect(log.join('\n')).not.toContain('a-token');
    },
  );

  it('has the result and the pictures of the newest replay, and of no other', async () => {
    const result = await fetch(at('/replay/newest/result.json'), withToken);
    expect([await result.json(), result.headers.get('cache-control')]).toEqual([{ moments: [] }, 'no-store']);
    const picture = await fetch(at('/replay/newest/12/2.jpg'), withToken);
    expect(picture.headers.get('content-type')).toBe('image/jpeg');
    expect(new Uint8Array(await picture.arrayBuffer())).toEqual(Uint8Array.of(0xff, 0xd8, 2));
    for (const path of [
      ...['/replay/older/result.json', '/replay/older/12/0.jpg', '/replay/newest/13/0.jpg'],
      ...['/replay/newest/-1/0.jpg', '/replay/newest/12/0.png', '/replay/newest/../../secret.txt'],
    ])
      expect((await fetch(at(path), withToken)).status, path).not.toBe(200);
  });

  it('gives the browser a cookie for the token in the address, which then opens everything', async () => {
    buildPage();
    const first = await fetch(server.url);
    expect(await first.text()).toContain('<title>page</title>');
    const cookie = first.headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(
      /^jepa_mpc_dashboard_\d+=a-token-for-the-tests; Path=\/; HttpOnly; SameSite=Strict$/,
    );
    const headers = { cookie: cookie.split(';')[0] ?? '' };
    const asset = await fetch(at('/assets/main-abc.js'), { headers });
    expect(asset.headers.get('content-type')).toContain('javascript');
    expect(asset.headers.get('cache-control')).toContain('immutable');
    expect(asset.headers.get('content-encoding')).toBe('gzip');
    expect(await asset.text()).toContain('xxx');
    expect(await open('/ws', headers)).toBeInstanceOf(WebSocket);
    const head = await fetch(at('/'), { method: 'HEAD', headers });
    expect([head.status, (await fetch(at('/'), { method: 'HEAD' })).status]).toEqual([200, 401]);
  });

  it('lets a page load nothing from elsewhere, and no other page frame it', async () => {
    const { headers } = await fetch(at('/'));
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('unsafe');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
  });

  it('serves the folder of the page and nothing above it', async () => {
    buildPage();
    for (const path of [
      '/../secret.txt',
      '/..%2fsecret.txt',
      '/%2e%2e/secret.txt',
      '/assets/..%5c..%5csecret.txt',
    ])
      expect(await (await fetch(at(path), withToken)).text()).not.toContain('not of the page');
  });

  it('says what to do if the page is not built', async () => {
    const response = await fetch(at('/'), withToken);
    expect([response.status, await response.text()]).toEqual([503, expect.stringContaining('npm run setup')]);
  });

  it('serves the robot and the meshes that it names, and no other file', async () => {
    mkdirSync(join(folder, 'ros', 'share', 'arm', 'meshes'), { recursive: true });
    writeFileSync(join(folder, 'ros', 'share', 'arm', 'meshes', 'tip.stl'), 'solid tip');
    writeFileSync(join(folder, 'ros', 'share', 'arm', 'meshes', 'other.stl'), 'solid other');
    expect(await (await fetch(at('/robot/description.urdf'), withToken)).text()).toBe(URDF);
    expect(await (await fetch(at('/robot/package/arm/meshes/tip.stl'), withToken)).text()).toBe('solid tip');
    for (const path of ['/robot/package/arm/meshes/other.stl', '/robot/package/arm/..%2f..%2fsecret.txt'])
      expect((await fetch(at(path), withToken)).status).toBe(404);
  });

  it.each([
    ['without a token', '/ws', {}, 401],
    [
      'from a page of another site',
      '/ws?token=a-token-for-the-tests',
      { origin: 'https://example.com' },
      403,
    ],
    ['at another path', '/else?token=a-token-for-the-tests', {}, 404],
  ])('refuses a WebSocket %s', async (_, path, headers, status) => {
    expect(await open(path, headers as Record<string, string>)).toBe(status);
  });

  it('greets a page, answers it, and ends a message that is far too long', async () => {
    const socket = (await open(`/ws?token=${TOKEN.text}`)) as WebSocket;
    const received: string[] = [];
    const next = (): Promise<string> =>
      new Promise((resolve) => {
        socket.once('message', (data: Buffer) => {
          received.push(data.toString());
          resolve(data.toString());
        });
      });
    socket.send(JSON.stringify({ type: 'list_profiles', id: 5 }));
    expect(JSON.parse(await next())).toMatchObject({ type: 'reply', id: 5 });
    socket.send(Buffer.from([1, 2, 3]));
    expect(JSON.parse(await next())).toMatchObject({ type: 'problem' });
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.send('x'.repeat(2 * 1024 * 1024));
    expect(await closed).toBe(1009);
  });

  it('names the port that is in use, and the option for another', async () => {
    const { port } = new URL(server.url);
    await expect(start(Number(port))).rejects.toMatchObject({
      code: 'dashboard.address',
      message: expect.stringMatching(new RegExp(`port ${port}.*--port`)) as string,
    });
  });
});
