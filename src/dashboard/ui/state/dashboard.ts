import { batch, signal, type ReadonlySignal, type Signal } from '@preact/signals';

import type { BinaryFrame, NumbersFrame } from '../../binary-frame.js';
import type { ParameterInfo, ParameterValue, ServerMessage, Stream } from '../../protocol.js';
import type { ReplayState } from '../../replay-protocol.js';
import type { LinkState } from '../connection/link.js';
import type { Message, NodeState, Operator, Part, Robot, StatisticsValues } from './messages.js';
import type { Pictures } from './pictures.js';
import { RecentPlans } from './guide-window.js';
import { History } from './history.js';
import { JointHistory } from './joint-history.js';
import { figure, FIGURES, figuresOf } from './figures.js';

export type Hello = Message<'hello'>;
export type LogLine = Message<'log'> & { readonly key: number };

/** Two minutes of plans at 30 Hz. */
const KEPT_FIGURES = 3600;
const KEPT_LOG_LINES = 200;

/** Everything that the page knows of the node. Each thing is a signal of its own, so that a change redraws what shows it and no more. */
export class Dashboard {
  readonly link = signal<LinkState>({ kind: 'connecting' });
  readonly hello = signal<Hello | null>(null);
  readonly node = signal<NodeState | null>(null);
  readonly streams = signal<readonly Stream[]>([]);
  readonly schema = signal<readonly ParameterInfo[]>([]);
  readonly operator = signal<Operator | null>(null);
  readonly parts = signal<readonly Part[]>([]);
  readonly goal = signal<Message<'goal'> | null>(null);
  readonly log = signal<readonly LogLine[]>([]);
  readonly robot = signal<Robot | null>(null);
  readonly profiles = signal<readonly string[]>([]);
  /** The newest replay of the server. */
  readonly replay = signal<ReplayState | null>(null);
  /** Of the newest plan. */
  readonly statistics = signal<StatisticsValues | null>(null);
  /** The figures of the last plans, in the order of `FIGURES`; times by the page's clock. */
  readonly figures = new History(FIGURES.length, KEPT_FIGURES);
  readonly joints = new JointHistory();
  readonly recentPlans = new RecentPlans();

  readonly #values = new Map<string, Signal<ParameterValue | undefined>>();
  readonly #numbers = new Map<string, NumbersFrame>();
  readonly #nowS: () => number;
  readonly #pictures: Pictures;
  #lines = 0;
  #shownElites = 0;

  /** @param nowS time of the page [s] */
  constructor(nowS: () => number, pictures: Pictures) {
    this.#nowS = nowS;
    this.#pictures = pictures;
  }

  /** The value in force of a parameter; undefined until the node has reported it. */
  value(name: string): ReadonlySignal<ParameterValue | undefined> {
    return this.#valueOf(name);
  }

  /** A number among the parameters; NaN where there is none. */
  numberOf(name: string): number {
    const value = this.#valueOf(name).peek();
    return typeof value === 'number' ? value : NaN;
  }

  /** The newest numbers of a channel. */
  numbers(channel: string): NumbersFrame | undefined {
    return this.#numbers.get(channel);
  }

  /** How many of the candidates that the node shows, after the plan itself, were elites. */
  get shownElites(): number {
    return this.#shownElites;
  }

  frame(frame: BinaryFrame): void {
    if (frame.kind === 'picture') {
      this.#pictures.take(frame.channel, frame.jpeg);
      return;
    }
    this.#numbers.set(frame.channel, frame);
    if (frame.channel === 'joints') this.joints.push(this.#nowS(), frame);
  }

  message(message: ServerMessage): void {
    batch(() => {
      this.#take(message);
    });
  }

  /** What was known of the node no longer counts: the connection is lost. Plots keep what they have. */
  disconnected(): void {
    batch(() => {
      this.node.value = null;
      this.operator.value = null;
    });
  }

  #take(message: ServerMessage): void {
    switch (message.type) {
      case 'hello':
        this.hello.value = message;
        // A server that was started again has none.
        this.replay.value = null;
        return;
      case 'node':
        this.node.value = message;
        return;
      case 'streams':
        this.streams.value = message.streams;
        return;
      case 'schema':
        this.schema.value = message.parameters;
        return;
      case 'parameters':
        for (const [name, value] of Object.entries(message.values)) this.#valueOf(name).value = value;
        return;
      case 'operator':
        this.operator.value = message;
        return;
      case 'statistics':
        this.statistics.value = message.values;
        this.figures.push(this.#nowS(), figuresOf(message.values));
        this.recentPlans.push(this.#nowS(), message.values);
        // Not every plan shows its candidates.
        this.#shownElites = figure(message.values, 'shown_elites') || this.#shownElites;
        return;
      case 'diagnostics':
        this.parts.value = message.parts;
        return;
      case 'goal':
        this.goal.value = message;
        return;
      case 'log':
        this.log.value = [...this.log.value, { ...message, key: this.#lines++ }].slice(-KEPT_LOG_LINES);
        return;
      case 'robot':
        this.robot.value = message;
        this.joints.start(message.joints.length);
        return;
      case 'profiles':
        this.profiles.value = message.names;
        return;
      case 'replay':
        this.replay.value = message;
        return;
      case 'problem':
      case 'reply':
        return; // about what this page has sent, not about the node
    }
  }

  #valueOf(name: string): Signal<ParameterValue | undefined> {
    const known = this.#values.get(name);
    if (known !== undefined) return known;
    const made = signal<ParameterValue | undefined>(undefined);
    this.#values.set(name, made);
    return made;
  }
}
