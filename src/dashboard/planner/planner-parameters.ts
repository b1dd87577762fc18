import type { Logger } from '../../core/types.js';
import { JepaMpcError } from '../../core/errors.js';
import type { ParameterInfo, ParameterValue, ServerMessage } from '../protocol.js';
import type { Outcome } from '../server/hub.js';
import { readDescriptor, readValue, writeParameter } from './parameter-messages.js';
import { refusalOf } from './refusal.js';
import type { RosPort } from './ros-port.js';
import { readParameterEvent } from './wire.js';
import type { ParameterEventMessage } from './wire.js';

/** Parameters of one request: the planner's thread, which sends commands, makes the answer in one go. */
const CHUNK = 16;
const TIMEOUT_MS = 5000;
const RETRY_MS = 1000;
/** A node is discovered before its services are: what fails at first is no problem. */
const QUIET_TRIES = 5;

export interface PlannerParametersOptions {
  readonly ros: RosPort;
  /** Full name of the planner. */
  readonly node: string;
  readonly broadcast: (message: ServerMessage) => void;
  readonly log: Pick<Logger, 'warn'>;
}

/** The parameters of the planner node: their descriptions, and their values as they change, whoever changes them. */
export class PlannerParameters {
  readonly #options: PlannerParametersOptions;
  readonly #infos = new Map<string, ParameterInfo>();
  readonly #values = new Map<string, ParameterValue>();
  /** Counts the times that they were asked for: what an earlier time brings counts no more. */
  #reads = 0;

  constructor(options: PlannerParametersOptions) {
    this.#options = options;
    options.ros.subscribe('rcl_interfaces/msg/ParameterEvent', '/parameter_events', 'reliable', (message) => {
      this.#onEvent(readParameterEvent(message));
    });
  }

  get infos(): ReadonlyMap<string, ParameterInfo> {
    return this.#infos;
  }

  /** In force now, as far as they are known. */
  get values(): ReadonlyMap<string, ParameterValue> {
    return this.#values;
  }

  /** Asks the node for all of them, until it has answered. Call it when the node has appeared. */
  refresh(): void {
    this.#try(1);
  }

  /** The node has gone: an answer that may still come does not count. */
  forget(): void {
    this.#reads += 1;
  }

  /** Sets all of these or none. */
  async set(values: Readonly<Record<string, ParameterValue>>): Promise<Outcome> {
    const { ros, node } = this.#options;
    const parameters = Object.entries(values).map(([name, value]) =>
      writeParameter(name, value, this.#infos.get(name)?.type ?? null),
    );
    const { result } = await ros.call(
      'rcl_interfaces/srv/SetParametersAtomically',
      `${node}/set_parameters_atomically`,
      { parameters },
      TIMEOUT_MS,
    );
    if (!result.successful) return { ok: false, refusal: refusalOf(result.reason, values) };
    this.#update(parameters.map(({ name, value }) => [name, readValue(value)]));
    return { ok: true, message: '' };
  }

  /** @throws JepaMpcError `dashboard.no-answer` while the values are not known */
  requireValues(): ReadonlyMap<string, ParameterValue> {
    if (this.#values.size > 0) return this.#values;
    throw new JepaMpcError('dashboard.no-answer', {
      subject: `parameters of ${this.#options.node}`,
      found: 'no answer yet',
      expected: 'the values in force',
      remedy: 'Start the planner node, or wait a moment.',
    });
  }

  #try(count: number): void {
    this.#reads += 1;
    const read = this.#reads;
    this.#read(read).catch((error: unknown) => {
      const { node, log } = this.#options;
      if (count === QUIET_TRIES)
        log.warn(`parameters of ${node}: ${error instanceof Error ? error.message : String(error)}`);
      setTimeout(() => {
        if (read === this.#reads) this.#try(count + 1);
      }, RETRY_MS).unref();
    });
  }

  async #read(read: number): Promise<void> {
    const { ros, node, broadcast } = this.#options;
    const call = <Type extends Parameters<RosPort['call']>[0]>(
      type: Type,
      service: string,
      request: Parameters<typeof ros.call<Type>>[2],
    ): ReturnType<typeof ros.call<Type>> => ros.call(type, `${node}/${service}`, request, TIMEOUT_MS);
    const { result } = await call('rcl_interfaces/srv/ListParameters', 'list_parameters', {
      prefixes: [],
      depth: 0n,
    });
    const infos: ParameterInfo[] = [];
    const values: (readonly [string, ParameterValue | null])[] = [];
    const names = result.names.filter((name) => !name.startsWith('qos_overrides.'));
    for (let start = 0; start < names.length; start += CHUNK) {
      const chunk = names.slice(start, start + CHUNK);
      const described = await call('rcl_interfaces/srv/DescribeParameters', 'describe_parameters', {
        names: chunk,
      });
      const got = await call('rcl_interfaces/srv/GetParameters', 'get_parameters', { names: chunk });
      infos.push(...described.descriptors.flatMap((descriptor) => readDescriptor(descriptor) ?? []));
      got.values.forEach((value, index) => values.push([chunk[index] ?? '', readValue(value)]));
    }
    if (read !== this.#reads) return;
    this.#infos.clear();
    this.#values.clear();
    for (const info of infos) this.#infos.set(info.name, info);
    broadcast({ type: 'schema', parameters: infos });
    this.#update(values);
  }

  #onEvent({ node, declared, changed }: ParameterEventMessage): void {
    if (node !== this.#options.node) return;
    const isNew = declared.some(({ name }) => this.#infos.has(name));
    // Known parameters are declared anew: the node has been started again.
    if (isNew) this.refresh();
    else this.#update(changed.map(({ name, value }) => [name, readValue(value)]));
  }

  #update(entries: readonly (readonly [string, ParameterValue | null])[]): void {
    const values: Record<string, ParameterValue> = {};
    for (const [name, value] of entries) {
      if (value === null || !this.#infos.has(name)) continue;
      this.#values.set(name, value);
      values[name] = value;
    }
    if (Object.keys(values).length > 0) this.#options.broadcast({ type: 'parameters', values });
  }
}
