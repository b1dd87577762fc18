import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { serveStatic } from '@hono/node-server/serve-static';
import { Hono } from 'hono';
import type { MiddlewareHandler } from 'hono';
import { compress } from 'hono/compress';
import { setCookie } from 'hono/cookie';
import { secureHeaders } from 'hono/secure-headers';

import type { AccessGate } from './access-gate.js';

/** The description of the robot, as the page asks for it. */
export interface RobotFiles {
  readonly urdf: string;
  /** The file of a mesh that the description names; null for any other. */
  meshFile(packageName: string, path: string): string | null;
}

/** What came of the newest replay. */
export interface ReplayFiles {
  /** JSON, compressed with gzip; null: there is none of this replay. */
  result(run: string): Uint8Array<ArrayBuffer> | null;
  /** A JPEG; null: there is none. */
  picture(run: string, moment: number, camera: number): Uint8Array<ArrayBuffer> | null;
}

export interface HttpAppOptions {
  readonly gate: AccessGate;
  /** Folder of the built page. */
  readonly pageFolder: string;
  /** Null while there is no description. */
  readonly robot: () => RobotFiles | null;
  readonly replay: ReplayFiles;
}

const UNAUTHORISED =
  'This dashboard needs its token: open the address that the server printed when it started (it ends with ?token=…).\n';
const NO_REPLAY = 'There is nothing of such a replay: a newer one has been started, or the server.\n';
const NOT_BUILT = 'The page of the dashboard is not built: run npm run setup, then reload.\n';

/** Everything that the dashboard serves over HTTP. Nothing of it comes from another host, and nothing is shown without the token. */
export function httpApp({ gate, pageFolder, robot, replay }: HttpAppOptions): Hono {
  const app = new Hono();
  app.use(
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: ["'self'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", 'blob:', 'data:'],
        connectSrc: ["'self'"],
        workerSrc: ["'none'"],
        objectSrc: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
      referrerPolicy: 'no-referrer',
      xFrameOptions: 'DENY',
      // Plain HTTP on purpose: TLS belongs to the tunnel or the proxy in front of it.
      strictTransportSecurity: false,
    }),
  );
  app.use(async (context, next) => {
    const entry = gate.check(context.req.raw.headers, context.req.url);
    if (!entry.isAllowed) return context.text(UNAUTHORISED, 401, { 'Cache-Control': 'no-store' });
    // From now on the browser sends the token by itself, to this server alone; the page takes it out of its address.
    if (entry.token !== null)
      setCookie(context, gate.cookie, entry.token, { httpOnly: true, sameSite: 'Strict', path: '/' });
    await next();
    return undefined;
  });
  app.use(compress());
  app.get('/robot/description.urdf', (context) => {
    const files = robot();
    if (files === null) return context.text('No robot description has been received.\n', 404);
    return context.body(files.urdf, 200, { 'Content-Type': 'application/xml', 'Cache-Control': 'no-store' });
  });
  app.get('/robot/package/:package/:path{.+}', async (context) => {
    const { package: packageName, path } = context.req.param();
    const file = robot()?.meshFile(packageName, path) ?? null;
    if (file === null) return context.text('The robot description names no such mesh.\n', 404);
    return context.body(new Uint8Array(await readFile(file)), 200, {
      'Content-Type': 'application/octet-stream',
    });
  });
  app.get('/replay/:run/result.json', (context) => {
    const result = replay.result(context.req.param('run'));
    if (result === null) return context.text(NO_REPLAY, 404, { 'Cache-Control': 'no-store' });
    return context.body(result, 200, {
      'Content-Type': 'application/json',
      'Content-Encoding': 'gzip',
      'Cache-Control': 'no-store',
    });
  });
  app.get('/replay/:run/:moment{[0-9]+}/:camera{[0-9]+\\.jpg}', (context) => {
    const { run, moment, camera } = context.req.param();
    const jpeg = replay.picture(run, Number(moment), Number.parseInt(camera, 10));
    if (jpeg === null) return context.text(NO_REPLAY, 404, { 'Cache-Control': 'no-store' });
    // Another replay has another name.
    return context.body(jpeg, 200, { 'Content-Type': 'image/jpeg', 'Cache-Control': 'private, max-age=600' });
  });
  let files: MiddlewareHandler | null = null;
  app.get('*', async (context, next) => {
    // Names of assets contain a hash of their content.
    const isAsset = context.req.path.startsWith('/assets/');
    context.header('Cache-Control', isAsset ? 'public, max-age=31536000, immutable' : 'no-cache');
    if (!existsSync(join(pageFolder, 'index.html'))) return context.text(NOT_BUILT, 503);
    files ??= serveStatic({ root: pageFolder });
    return files(context, next);
  });
  app.notFound((context) => context.text('There is nothing here.\n', 404, { 'Cache-Control': 'no-store' }));
  return app;
}
