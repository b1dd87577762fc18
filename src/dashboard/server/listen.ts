import { isIP } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';

import { createAdaptorServer } from '@hono/node-server';
import { WebSocketServer } from 'ws';
import type { RawData } from 'ws';

import { JepaMpcError } from '../../core/errors.js';
import type { Logger } from '../../core/types.js';
import { MAX_MESSAGE_BYTES } from '../protocol.js';
import type { ServerMessage } from '../protocol.js';
import { AccessGate } from './access-gate.js';
import type { AccessToken } from './access-token.js';
import { httpApp } from './http-app.js';
import type { ReplayFiles, RobotFiles } from './http-app.js';
import { MAX_CLIENTS } from './hub.js';
import type { Hub } from './hub.js';

/** Of a message. Shorter ones that are too long are answered; this much is not even received. */
const HARD_LIMIT_BYTES = 16 * MAX_MESSAGE_BYTES;

export interface ListenOptions {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  readonly token: AccessToken;
  readonly pageFolder: string;
  readonly robot: () => RobotFiles | null;
  readonly replay: ReplayFiles;
  readonly hub: Pick<Hub, 'connect' | 'isFull'>;
  /** First message to every page. */
  readonly hello: ServerMessage;
  readonly log: Pick<Logger, 'warn'>;
  readonly nowMs: () => number;
}

export interface DashboardServer {
  /** The address with the token. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Serves the page, and the WebSocket `/ws` behind it.
 *
 * @throws JepaMpcError `dashboard.address` for a port in use, or an address that is not of this machine
 */
export async function listen(options: ListenOptions): Promise<DashboardServer> {
  const { host, port, token, pageFolder, robot, replay, log, nowMs } = options;
  let boundPort = port;
  const gate = new AccessGate({ token, port: () => boundPort, log, nowMs });
  const app = httpApp({ gate, pageFolder, robot, replay });
  const server = createAdaptorServer({ fetch: app.fetch }) as Server;
  const sockets = new WebSocketServer({ noServer: true, maxPayload: HARD_LIMIT_BYTES });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    // A connection that ends while it is being refused is no error of this server.
    socket.on('error', () => undefined);
    const refusal = refusalOf(request, gate, options.hub);
    if (refusal === null)
      sockets.handleUpgrade(request, socket, head, (opened) => sockets.emit('connection', opened));
    else socket.end(`HTTP/1.1 ${refusal}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  });
  sockets.on('connection', (socket) => {
    const connection = options.hub.connect(socket, options.hello);
    socket.on('message', (data: RawData, isBinary) => {
      connection.onMessage(isBinary ? 'a binary frame' : textOf(data));
    });
    socket.on('pong', connection.onPong);
    socket.on('close', connection.onClose);
    socket.on('error', (error) => {
      // ws has sent the code of it to the page, such as 1009 for a message that is too long, and closes.
      log.warn(`page: ${error.message}`);
    });
  });
  await bound(server, host, port);
  boundPort = (server.address() as AddressInfo).port;
  return {
    url: `http://${isIP(host) === 6 ? `[${host}]` : host}:${String(boundPort)}/?token=${token.text}`,
    close: () =>
      new Promise((resolve) => {
        sockets.close();
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

/** The status line with which a WebSocket is refused; null if it is not. */
function refusalOf(request: IncomingMessage, gate: AccessGate, hub: Pick<Hub, 'isFull'>): string | null {
  const headers = new Headers();
  for (const name of ['origin', 'host', 'cookie', 'authorization'] as const) {
    const value = request.headers[name];
    if (value !== undefined) headers.set(name, value);
  }
  const url = request.url ?? '/';
  if (!URL.canParse(url, 'http://localhost')) return '400 Bad Request';
  if (new URL(url, 'http://localhost').pathname !== '/ws') return '404 Not Found';
  if (!gate.check(headers, url).isAllowed) return '401 Unauthorized';
  if (!gate.isOwnOrigin(headers)) return '403 Forbidden';
  return hub.isFull ? `503 Already ${String(MAX_CLIENTS)} pages` : null;
}

function textOf(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString();
  return Buffer.isBuffer(data) ? data.toString() : Buffer.from(data).toString();
}

function bound(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      reject(cause.code === 'EADDRINUSE' ? portInUse(host, port, cause) : badAddress(host, port, cause));
    });
    server.listen({ host, port }, () => {
      resolve();
    });
  });
}

function portInUse(host: string, port: number, cause: Error): JepaMpcError {
  return new JepaMpcError('dashboard.address', {
    subject: `port ${String(port)} of ${host}`,
    found: 'another program that uses it',
    expected: 'a free port',
    remedy: 'Give another one: --port 8322, or --port 0 for any that is free.',
    cause,
  });
}

function badAddress(host: string, port: number, cause: Error): JepaMpcError {
  return new JepaMpcError('dashboard.address', {
    subject: `${host}:${String(port)}`,
    found: cause.message,
    expected: 'an address of this machine',
    remedy: 'Give --host 127.0.0.1, the default, or the address of a network interface.',
    cause,
  });
}
