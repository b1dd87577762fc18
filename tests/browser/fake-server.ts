import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { WebSocketServer, type WebSocket } from 'ws';
import { encodeFrame } from '../../src/dashboard/binary-frame.js';
import type {
  Call,
  ClientMessage,
  ClientRequest,
  ParameterInfo,
  ParameterValue,
  Refusal,
  ServerMessage,
} from '../../src/dashboard/protocol.js';
import type { ReplayState } from '../../src/dashboard/replay-protocol.js';
import { parameterInfos } from '../../src/params/schema.js';
import { FakePlanner } from './fake-planner.js';
import { FakeReplay } from './fake-replay.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PAGE = join(ROOT, 'dist', 'dashboard', 'ui');
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};
/** As strict as the page allows: what it needs besides would be a defect. */
const POLICY =
  "default-src 'self'; img-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const NODE = '/planner_node';
/** The expression that it refuses, with the place of the error. */
export const BROKEN_EXPRESSION = 'goal_distance + 2 * spede';
/** The profile that no replay takes. */
export const UNREADABLE_PROFILE = 'of-another-version';
const BROKEN_PLACE = { start: 20, end: 25 };

type Message<Type extends ServerMessage['type']> = Extract<ServerMessage, { readonly type: Type }>;
type Facts<Type extends ServerMessage['type']> = Partial<Omit<Message<Type>, 'type'>>;

/**
 * A server that speaks the protocol of the dashboard, with the parameters of the real node and figures that it makes up: for tests of the page
 * alone.
 */
export class FakeServer {
  readonly received: ClientMessage[] = [];
  readonly #http: Server;
  readonly #sockets: WebSocketServer;
  readonly replay = new FakeReplay();
  readonly #planner = new FakePlanner();
  readonly #values: Record<string, ParameterValue> = {};
  readonly #goals = ['above', 'home'];
  readonly #profiles = new Map<string, Record<string, ParameterValue>>([
    ['careful', {}],
    [UNREADABLE_PROFILE, {}],
  ]);
  readonly #timers: NodeJS.Timeout[] = [];
  /** Channels of each connection. */
  readonly #watched = new Map<WebSocket, ReadonlySet<string>>();
  #node: Message<'node'> = { type: 'node', present: true, state: 'active' };
  #operator: Message<'operator'> = {
    type: 'operator',
    condition: 'ok',
    level: 'ok',
    message: '',
    paused: false,
    stopped: false,
    speedScale: 1,
    dryRun: false,
  };
  #refusesConnections = false;

  private constructor(http: Server) {
    this.#http = http;
    this.#sockets = new WebSocketServer({ noServer: true });
    for (const { name, defaultValue } of parameterInfos) this.#values[name] = plain(defaultValue);
    http.on('upgrade', (request, socket, head) => {
      if (this.#refusesConnections || request.url !== '/ws') {
        socket.destroy();
        return;
      }
      this.#sockets.handleUpgrade(request, socket, head, (connection) => {
        this.#greet(connection);
      });
    });
  }

  static async start(): Promise<FakeServer> {
    const http = createServer();
    const server = new FakeServer(http);
    http.on('request', (request: IncomingMessage, response: ServerResponse) => {
      server.#deliver(request, response);
    });
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    await server.#planner.prepare();
    server.#run();
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${String((this.#http.address() as AddressInfo).port)}/`;
  }

  /** The newest list of channels that the page watches. */
  get watched(): readonly string[] {
    return this.received.findLast((message) => message.type === 'watch')?.channels ?? [];
  }

  requests(type: ClientRequest['type']): ClientRequest[] {
    return this.received.filter((message): message is ClientRequest => message.type === type);
  }

  value(name: string): ParameterValue | undefined {
    return this.#values[name];
  }

  /** Changes a parameter as another program would. */
  setValue(name: string, value: ParameterValue): void {
    this.#values[name] = value;
    this.send({ type: 'parameters', values: { [name]: value } });
  }

  setNode(facts: Facts<'node'>): void {
    this.#node = { ...this.#node, ...facts };
    this.send(this.#node);
  }

  setOperator(facts: Facts<'operator'>): void {
    this.#operator = { ...this.#operator, ...facts };
    this.send(this.#operator);
  }

  /** Reports how far the replay is. */
  setReplay(change: Partial<ReplayState>): void {
    this.send({ type: 'replay', ...this.replay.change(change) });
  }

  send(message: ServerMessage): void {
    for (const connection of this.#watched.keys()) connection.send(JSON.stringify(message));
  }

  /** Ends all connections, and refuses new ones until `accept`. */
  disconnect(): void {
    this.#refusesConnections = true;
    for (const connection of this.#watched.keys()) connection.terminate();
  }

  accept(): void {
    this.#refusesConnections = false;
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    for (const connection of this.#watched.keys()) connection.terminate();
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }

  #greet(connection: WebSocket): void {
    this.#watched.set(connection, new Set());
    connection.on('close', () => this.#watched.delete(connection));
    connection.on('message', (data) => {
      const message = JSON.parse((data as Buffer).toString()) as ClientMessage;
      this.received.push(message);
      if (message.type === 'watch') this.#watched.set(connection, new Set(message.channels));
      else this.#answer(connection, message);
    });
    const greeting: ServerMessage[] = [
      { type: 'hello', protocol: 1, version: '0.1.0', node: NODE, profilesFolder: '/home/user/profiles' },
      this.#node,
      { type: 'streams', streams: this.#planner.streams },
      { type: 'schema', parameters: parameterInfos.map(describe) },
      { type: 'parameters', values: this.#values },
      this.#operator,
      this.#planner.robot,
      { type: 'profiles', names: [...this.#profiles.keys()] },
      { type: 'goal', state: 'underway', message: '', values: {} },
      { type: 'diagnostics', parts: this.#planner.parts },
      { type: 'log', timeMs: 1_790_000_000_000, level: 'info', text: 'active: commands go out at 50 Hz' },
      {
        type: 'log',
        timeMs: 1_790_000_004_000,
        level: 'warn',
        text: 'camera image: the last frame came 0.21 s late',
      },
    ];
    if (this.replay.state !== null) greeting.push({ type: 'replay', ...this.replay.state });
    for (const message of greeting) connection.send(JSON.stringify(message));
  }

  #answer(connection: WebSocket, request: ClientRequest): void {
    const outcome = this.#do(request);
    const isRefused = 'message' in outcome;
    const reply: ServerMessage = {
      type: 'reply',
      id: request.id,
      ok: !isRefused,
      message: '',
      refusal: isRefused ? outcome : null,
      ...(!isRefused && { data: outcome.data }),
    };
    connection.send(JSON.stringify(reply));
  }

  #do(request: ClientRequest): Refusal | { readonly data?: unknown } {
    switch (request.type) {
      case 'set_parameters':
        return this.#set(request.values);
      case 'call':
        return this.#call(request.call);
      case 'speed_scale':
        this.setOperator({ speedScale: request.value });
        return {};
      case 'lifecycle':
        this.setNode({ state: request.transition === 'activate' ? 'active' : 'inactive' });
        return {};
      case 'list_profiles':
        return { data: { names: [...this.#profiles.keys()] } };
      case 'save_profile':
        this.#profiles.set(request.name, { ...this.#values });
        this.send({ type: 'profiles', names: [...this.#profiles.keys()] });
        return {};
      case 'load_profile': {
        const values = this.#profiles.get(request.name) ?? {};
        const changed = Object.keys(values).filter((name) => this.#values[name] !== values[name]);
        for (const name of changed) this.setValue(name, values[name] ?? '');
        return { data: { changed, kept: [] } };
      }
      case 'delete_profile':
        this.#profiles.delete(request.name);
        this.send({ type: 'profiles', names: [...this.#profiles.keys()] });
        return {};
      case 'read_profile':
        return { data: { text: '' } };
      case 'compare_profiles':
        return { data: { differences: this.#differences() } };
      case 'list_recordings':
        return { data: { folder: '/home/user/recordings', recordings: this.replay.recordings } };
      case 'start_replay':
        if (request.profile === UNREADABLE_PROFILE)
          return plainRefusal(`profile ${UNREADABLE_PROFILE}: found cem.samples`);
        this.send({ type: 'replay', ...this.replay.start(request.recording, request.profile) });
        return {};
      case 'cancel_replay':
        this.setReplay({ phase: 'cancelled' });
        return {};
    }
  }

  #set(values: Readonly<Record<string, ParameterValue>>): Refusal | { readonly data?: unknown } {
    for (const [name, value] of Object.entries(values)) {
      const refusal = refusalOf(name, value);
      if (refusal !== null) return refusal;
    }
    for (const [name, value] of Object.entries(values)) this.setValue(name, value);
    return {};
  }

  #call(call: Call): Refusal | { readonly data?: unknown } {
    switch (call.service) {
      case 'pause':
        this.setOperator({ paused: call.paused, condition: call.paused ? 'hold' : 'ok' });
        return {};
      case 'emergency_stop':
        this.setOperator({
          stopped: true,
          condition: 'stop',
          level: 'error',
          message: 'emergency_stop: service',
        });
        return {};
      case 'reset':
        this.setOperator({ stopped: false, condition: 'ok', level: 'ok', message: '' });
        return {};
      case 'save_goal':
        this.#goals.push(call.name);
        return {};
      case 'list_goals':
        return { data: { names: this.#goals } };
      case 'recover':
      case 'capture_goal':
      case 'load_goal':
      case 'goal_from_file':
      case 'explain_distance':
        return {};
    }
  }

  #deliver(request: IncomingMessage, response: ServerResponse): void {
    const path = normalize(new URL(request.url ?? '/', 'http://localhost').pathname);
    const [, run, , picture] = /^\/replay\/([^/]+)\/(result\.json|(\d+)\/\d+\.jpg)$/.exec(path) ?? [];
    if (run !== undefined) {
      const isNewest = run === this.replay.state?.run;
      const [type, body] =
        picture === undefined
          ? ['application/json', JSON.stringify(this.replay.report)]
          : ['image/jpeg', this.#planner.picture(Number(picture))];
      response.writeHead(isNewest ? 200 : 404, { 'content-type': type, 'content-security-policy': POLICY });
      response.end(isNewest ? body : undefined);
      return;
    }
    const file =
      path === '/robot/description.urdf'
        ? join(ROOT, 'urdf', 'reacher.urdf')
        : join(PAGE, path === '/' ? 'index.html' : path);
    try {
      const body = gzipSync(readFileSync(file));
      response.writeHead(200, {
        'content-type': TYPES[extname(file)] ?? 'text/plain',
        'content-encoding': 'gzip',
        'content-security-policy': POLICY,
      });
      response.end(request.method === 'HEAD' ? undefined : body);
    } catch {
      response.writeHead(404).end();
    }
  }

  #differences(): object[] {
    return parameterInfos
      .filter(({ name, defaultValue }) => String(this.#values[name]) !== String(defaultValue))
      .map(({ name, defaultValue }) => ({ name, left: this.#values[name], right: plain(defaultValue) }));
  }

  #run(): void {
    const every = (hz: number, then: () => void): void => {
      this.#timers.push(setInterval(then, 1000 / hz));
    };
    every(20, () => {
      if (!this.#node.present || this.#operator.condition !== 'ok') return;
      const message = JSON.stringify(this.#planner.statistics());
      for (const [connection, channels] of this.#watched)
        if (channels.has('statistics')) connection.send(message);
    });
    every(30, () => {
      for (const frame of this.#planner.frames()) {
        const bytes = encodeFrame(frame);
        for (const [connection, channels] of this.#watched)
          if (channels.has(frame.channel)) connection.send(bytes);
      }
    });
    every(1, () => {
      this.send({ type: 'diagnostics', parts: this.#planner.parts });
    });
  }
}

function plainRefusal(message: string): Refusal {
  return { message, parameter: null, place: null };
}

function refusalOf(name: string, value: ParameterValue): Refusal | null {
  const info = parameterInfos.find((each) => each.name === name);
  if (name === 'objective.expression' && value === BROKEN_EXPRESSION)
    return {
      parameter: name,
      place: BROKEN_PLACE,
      message:
        "objective.expression: found the name 'spede', expected one of goal_distance, latent_distance, action, q",
    };
  const [from, to] = info?.range ?? [-Infinity, Infinity];
  if (typeof value === 'number' && (value < from || value > to))
    return {
      parameter: name,
      place: null,
      message: `parameter ${name}: found ${String(value)}, expected a number from ${String(from)} to ${String(to)}.`,
    };
  return null;
}

type OwnInfo = (typeof parameterInfos)[number];

function describe({
  name,
  type,
  range,
  unit,
  defaultValue,
  description,
  change,
  choices,
  maxLength,
}: OwnInfo): ParameterInfo {
  return {
    name,
    type,
    range: range === undefined ? null : [...range],
    step: null,
    unit: unit === '1' ? '' : unit,
    defaultValue: plain(defaultValue),
    description,
    change,
    choices: choices === undefined ? null : [...choices],
    maxLength: maxLength ?? null,
  };
}

function plain(value: OwnInfo['defaultValue']): ParameterValue {
  return typeof value === 'object' ? [...value] : value;
}
