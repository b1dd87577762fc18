import { JepaMpcError } from '../../../src/core/errors.js';
import { writeParameter } from '../../../src/dashboard/planner/parameter-messages.js';
import type { DescriptorMessage } from '../../../src/dashboard/planner/parameter-messages.js';
import type { TopicOfNode } from '../../../src/dashboard/planner/planner-topics.js';
import type { RosPort, ServiceType, ServiceTypes } from '../../../src/dashboard/planner/ros-port.js';
import type { StatusesMessage } from '../../../src/dashboard/planner/wire.js';
import { parameterInfos } from '../../../src/params/schema.js';

type Request = Readonly<Record<string, unknown>>;

/** A ROS graph with one planner, of which a test says what happens. */
export class FakeRosPort implements RosPort {
  isThere = true;
  state = 'active';
  subscriptions: TopicOfNode[] = [];
  publications: TopicOfNode[] = [];
  /** Calls in order: the service's short name and the request. */
  readonly calls: (readonly [service: string, request: Request])[] = [];
  /** Refuses a set with this reason. */
  refusal: string | null = null;
  readonly #receivers = new Map<string, Set<(message: Uint8Array) => void>>();
  #onStatuses: (message: StatusesMessage, senders: readonly string[]) => void = () => undefined;

  /** Topics that are subscribed to now. */
  get topics(): readonly string[] {
    return [...this.#receivers].filter(([, receivers]) => receivers.size > 0).map(([topic]) => topic);
  }

  publish(topic: string, message: Uint8Array): void {
    for (const receive of this.#receivers.get(topic) ?? []) receive(message);
  }

  report(message: StatusesMessage, senders: readonly string[] = ['/planner_node']): void {
    this.#onStatuses(message, senders);
  }

  subscribe(
    _type: string,
    topic: string,
    _delivery: string,
    onMessage: (message: Uint8Array) => void,
  ): { dispose(): void } {
    const receivers = this.#receivers.get(topic) ?? new Set();
    this.#receivers.set(topic, receivers.add(onMessage));
    return { dispose: () => void receivers.delete(onMessage) };
  }

  subscribeStatuses(
    _topic: string,
    onMessage: (message: StatusesMessage, senders: readonly string[]) => void,
  ): { dispose(): void } {
    this.#onStatuses = onMessage;
    return { dispose: () => undefined };
  }

  call<Type extends ServiceType>(
    type: Type,
    service: string,
    request: ServiceTypes[Type]['request'],
  ): Promise<ServiceTypes[Type]['response']> {
    if (!this.isThere) {
      const facts = { subject: service, found: 'nobody', expected: 'the planner node', remedy: 'Start it.' };
      return Promise.reject(new JepaMpcError('dashboard.no-answer', facts));
    }
    const name = service.slice(service.lastIndexOf('/') + 1);
    this.calls.push([name, request as Request]);
    return Promise.resolve(this.#answer(type, request as Request) as ServiceTypes[Type]['response']);
  }

  hasNode(): boolean {
    return this.isThere;
  }

  subscriptionsOf(): readonly TopicOfNode[] {
    return this.subscriptions;
  }

  publishersOf(): readonly TopicOfNode[] {
    return this.publications;
  }

  #answer(type: ServiceType, { names }: Request): object {
    const infos = (names as string[] | undefined)?.map((name) => infoOf(name)) ?? [];
    switch (type) {
      case 'rcl_interfaces/srv/ListParameters':
        return { result: { names: [...parameterInfos.map(({ name }) => name), 'qos_overrides./a.depth'] } };
      case 'rcl_interfaces/srv/DescribeParameters':
        return { descriptors: infos.map(descriptorOf) };
      case 'rcl_interfaces/srv/GetParameters':
        return {
          values: infos.map(({ name, type: kind, defaultValue }) => {
            const value = typeof defaultValue === 'object' ? [...defaultValue] : defaultValue;
            return writeParameter(name, value, kind).value;
          }),
        };
      case 'rcl_interfaces/srv/SetParametersAtomically':
        return { result: { successful: this.refusal === null, reason: this.refusal ?? '' } };
      case 'lifecycle_msgs/srv/GetState':
        return { current_state: { label: this.state } };
      default:
        return { success: true, message: 'home\nwork' };
    }
  }
}

function infoOf(name: string): (typeof parameterInfos)[number] {
  const info = parameterInfos.find((candidate) => candidate.name === name);
  if (info === undefined) throw new Error(`there is no parameter ${name}`);
  return info;
}

/** As the node describes its parameters, without the rclnodejs that it does so with. */
function descriptorOf({
  name,
  type,
  range,
  description,
  unit,
  change,
}: ReturnType<typeof infoOf>): DescriptorMessage {
  const limits = range === undefined ? [] : [{ from_value: range[0], to_value: range[1] }];
  return {
    name,
    type: { boolean: 1, integer: 2, double: 3, string: 4, double_array: 8 }[type],
    description: `${description}${['', '1'].includes(unit) ? '' : ` [${unit}]`}`,
    additional_constraints: change === 'static' ? 'Static: …' : 'Dynamic: …',
    read_only: change === 'read-only',
    floating_point_range: type === 'integer' ? [] : limits,
    integer_range:
      type === 'integer'
        ? limits.map(({ from_value, to_value }) => ({
            from_value: BigInt(from_value),
            to_value: BigInt(to_value),
          }))
        : [],
  };
}
