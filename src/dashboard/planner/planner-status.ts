import type { ServerMessage } from '../protocol.js';
import { readOperator } from './condition.js';
import type { OperatorMessage } from './condition.js';
import type { RosPort } from './ros-port.js';
import { readLog, readStatuses } from './wire.js';
import type { StatusesMessage, StatusMessage } from './wire.js';

/** How long a request counts more than a report that may have been made before it: reports come once a second. */
const OWN_COUNTS_MS = 1500;
/** Reports come once a second, in every state of the node. */
const SILENCE_MS = 3500;

/** Severities of rcl_interfaces/msg/Log. */
const LOG_LEVELS: ReadonlyMap<number, 'debug' | 'info' | 'warn' | 'error' | 'fatal'> = new Map([
  [10, 'debug'],
  [20, 'info'],
  [30, 'warn'],
  [40, 'error'],
  [50, 'fatal'],
] as const);

/** What the model says of itself, once it is loaded. */
export interface ModelFacts {
  readonly joints: readonly string[];
  readonly periodMs: number | null;
  readonly commandKind: 'position' | 'velocity' | 'effort';
}

export interface PlannerStatusOptions {
  readonly ros: RosPort;
  /** Full name of the planner. */
  readonly node: string;
  readonly broadcast: (message: ServerMessage) => void;
  readonly nowMs: () => number;
  /** Called when `model` or `cameras` may have changed. */
  readonly onReport: () => void;
}

/** What the planner reports of itself: `/diagnostics`, `~/goal_status` and its log. */
export class PlannerStatus {
  readonly #options: PlannerStatusOptions;
  readonly #name: string;
  #reportedMs: number | null = null;
  #operator: OperatorMessage | null = null;
  #own: { readonly paused: boolean; readonly untilMs: number } | null = null;
  #cameras: ReadonlyMap<string, string> = new Map();
  #model: ModelFacts = { joints: [], periodMs: null, commandKind: 'position' };

  constructor(options: PlannerStatusOptions) {
    const { ros, node } = options;
    this.#options = options;
    this.#name = node.slice(node.lastIndexOf('/') + 1);
    ros.subscribeStatuses('/diagnostics', (message, senders) => {
      // Planners of two robots may have the same name in different namespaces, and both report here.
      if (senders.includes(node)) this.#onReport(message);
    });
    ros.subscribe('diagnostic_msgs/msg/DiagnosticArray', `${node}/goal_status`, 'latched', (message) => {
      this.#onGoal(readStatuses(message));
    });
    ros.subscribe('rcl_interfaces/msg/Log', '/rosout', 'reliable', (message) => {
      this.#onLog(message);
    });
  }

  /** Whether the node has reported of late. */
  get isReporting(): boolean {
    return this.#reportedMs !== null && this.#options.nowMs() - this.#reportedMs < SILENCE_MS;
  }

  /** Names of the cameras by topic. */
  get cameras(): ReadonlyMap<string, string> {
    return this.#cameras;
  }

  get model(): ModelFacts {
    return this.#model;
  }

  /** A request of a page was granted: it is shown without waiting for the next report. */
  notePaused(paused: boolean): void {
    this.#own = { paused, untilMs: this.#options.nowMs() + OWN_COUNTS_MS };
    if (this.#operator !== null) this.#show(this.#operator);
  }

  /** An emergency stop was granted. */
  noteStopped(): void {
    if (this.#operator !== null) this.#show({ ...this.#operator, stopped: true });
  }

  #onReport({ statuses }: StatusesMessage): void {
    const prefix = `${this.#name}: `;
    const parts = statuses
      .filter(({ name }) => name.startsWith(prefix))
      .map((status) => ({ ...status, name: status.name.slice(prefix.length) }));
    if (parts.length === 0) return;
    this.#reportedMs = this.#options.nowMs();
    this.#options.broadcast({
      type: 'diagnostics',
      parts: parts.map(({ level, name, message, values }) => ({
        part: name,
        level,
        message,
        values: Object.fromEntries(values),
      })),
    });
    const motion = parts.find(({ name }) => name === 'motion');
    if (motion !== undefined) this.#show(readOperator(motion));
    this.#readFacts(parts);
    this.#options.onReport();
  }

  #readFacts(parts: readonly StatusMessage[]): void {
    const cameras = parts.flatMap(({ name, values }) => {
      const topic = values.get('topic');
      return name.startsWith('camera ') && topic !== undefined
        ? [[topic, name.slice('camera '.length)] as const]
        : [];
    });
    if (cameras.length > 0) this.#cameras = new Map(cameras);
    const model = parts.find(({ name }) => name === 'model')?.values;
    const commands = parts.find(({ name }) => name === 'commands')?.values;
    const joints = model?.get('joints');
    const periodMs = Number(model?.get('period_ms'));
    const kind = commands?.get('kind');
    this.#model = {
      joints: joints === undefined ? this.#model.joints : joints.split(' ').filter((name) => name !== ''),
      periodMs: Number.isFinite(periodMs) ? periodMs : this.#model.periodMs,
      commandKind: kind === 'velocity' || kind === 'effort' ? kind : 'position',
    };
  }

  #show(operator: OperatorMessage): void {
    this.#operator = operator;
    const own = this.#own !== null && this.#options.nowMs() < this.#own.untilMs ? this.#own : null;
    this.#own = own;
    this.#options.broadcast(own === null ? operator : { ...operator, paused: own.paused });
  }

  #onGoal({ statuses }: StatusesMessage): void {
    const [status] = statuses;
    if (status === undefined) return;
    const { message, values } = status;
    const state = values.get('state') ?? '';
    this.#options.broadcast({ type: 'goal', state, message, values: Object.fromEntries(values) });
  }

  #onLog(message: Uint8Array): void {
    const { stampNs, level, name, text } = readLog(message);
    // A logger is named after its node, with dots for the slashes.
    if (name !== this.#options.node.slice(1).replaceAll('/', '.')) return;
    const severity = LOG_LEVELS.get(level);
    if (severity === undefined) return;
    this.#options.broadcast({ type: 'log', timeMs: Number(stampNs / 1_000_000n), level: severity, text });
  }
}
