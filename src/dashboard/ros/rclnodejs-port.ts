import rclnodejs from 'rclnodejs';

import { JepaMpcError } from '../../core/errors.js';
import type { Logger } from '../../core/types.js';
import { publisherOf } from '../../ros/topics/endpoints.js';
import { messageCallback } from '../../ros/topics/message-callback.js';
import { latched, reliable, sensorData } from '../../ros/topics/qos.js';
import { stampToNs } from '../../ros/topics/stamp.js';
import type { Delivery, RosPort, ServiceType, ServiceTypes } from '../planner/ros-port.js';
import type { StatusesMessage } from '../planner/wire.js';
import type { TopicOfNode } from '../planner/planner-topics.js';
import { TokenBucket } from '../token-bucket.js';

/** Name of the dashboard's node unless it is remapped. */
const DASHBOARD_NODE = 'dashboard';

const LEVELS = ['ok', 'warn', 'error', 'stale'] as const;

const QOS: Readonly<Record<Delivery, () => rclnodejs.QoS>> = {
  // Serves every publisher.
  stream: () => sensorData(5),
  reliable: () => reliable(100),
  latched,
};

/** A client of `rclnodejs`, whatever its service. */
interface AnyClient {
  isServiceServerAvailable(): boolean;
  sendRequestAsync(request: object, options: { readonly timeout: number }): Promise<unknown>;
}

/** The node of the dashboard. It publishes nothing but its log, and offers nothing. */
export class RclnodejsPort implements RosPort {
  readonly #node: rclnodejs.Node;
  readonly #clients = new Map<string, AnyClient>();
  /** At most one line a second. */
  readonly #complaints = new TokenBucket(1, 5);
  readonly log: Logger;

  /** ROS must be initialised. */
  constructor() {
    const options = new rclnodejs.NodeOptions();
    options.startParameterServices = false;
    this.#node = new rclnodejs.Node(DASHBOARD_NODE, '', rclnodejs.Context.defaultContext(), options);
    this.log = this.#node.getLogger();
  }

  /** Starts receiving. */
  spin(): void {
    this.#node.spin();
  }

  /** A name relative to this node's namespace, as a full one. */
  fullName(name: string): string {
    return this.#node.resolveTopicName(name);
  }

  subscribe(
    type: string,
    topic: string,
    delivery: Delivery,
    onMessage: (message: Uint8Array) => void,
  ): { dispose(): void } {
    const receive = (message: Uint8Array): void => {
      this.#guard(topic, () => {
        onMessage(message);
      });
    };
    const options = { qos: QOS[delivery](), isRaw: true };
    const subscription = this.#node.createSubscription(
      type as rclnodejs.MessageTypeClassName,
      topic,
      options,
      // With isRaw, every message is a Buffer of its own.
      receive as unknown as rclnodejs.SubscriptionCallback<rclnodejs.MessageTypeClassName>,
    );
    return {
      dispose: () => {
        // Not in the middle of a callback of the subscription.
        setImmediate(() => {
          if (!rclnodejs.isShutdown()) this.#node.destroySubscription(subscription);
        });
      },
    };
  }

  subscribeStatuses(
    topic: string,
    onMessage: (message: StatusesMessage, senders: readonly string[]) => void,
  ): { dispose(): void } {
    const type = 'diagnostic_msgs/msg/DiagnosticArray';
    const receive = (message: rclnodejs.MessageType<typeof type>, publisher?: string): void => {
      const senders = publisherOf(this.#node, topic, publisher ?? null).split(' or ');
      onMessage(statusesOf(message), senders);
    };
    const callback = messageCallback<typeof type>(receive, true);
    const guarded: rclnodejs.SubscriptionCallback<typeof type> = (message, info) => {
      this.#guard(topic, () => {
        callback(message, info);
      });
    };
    const subscription = this.#node.createSubscription(type, topic, { qos: reliable(10) }, guarded);
    return {
      dispose: () => {
        this.#node.destroySubscription(subscription);
      },
    };
  }

  async call<Type extends ServiceType>(
    type: Type,
    service: string,
    request: ServiceTypes[Type]['request'],
    timeoutMs: number,
  ): Promise<ServiceTypes[Type]['response']> {
    const client = this.#clientOf(type, service);
    if (!client.isServiceServerAvailable()) throw noAnswer(service, 'nobody who offers it', null);
    try {
      return (await client.sendRequestAsync(request, {
        timeout: timeoutMs,
      })) as ServiceTypes[Type]['response'];
    } catch (error) {
      throw noAnswer(service, `no answer within ${String(timeoutMs / 1000)} s`, error);
    }
  }

  hasNode(node: string): boolean {
    return this.#node
      .getNodeNamesAndNamespaces()
      .some(({ name, namespace }) => `${namespace.replace(/\/$/, '')}/${name}` === node);
  }

  subscriptionsOf(node: string): readonly TopicOfNode[] {
    const { name, namespace } = partsOf(node);
    return this.#ofNode(node, () => this.#node.getSubscriptionNamesAndTypesByNode(name, namespace, false));
  }

  publishersOf(node: string): readonly TopicOfNode[] {
    const { name, namespace } = partsOf(node);
    return this.#ofNode(node, () => this.#node.getPublisherNamesAndTypesByNode(name, namespace, false));
  }

  /** Makes a client before it is needed: a server that has not discovered it yet would answer into the void. */
  prepare(type: ServiceType, service: string): void {
    this.#clientOf(type, service);
  }

  #clientOf(type: ServiceType, service: string): AnyClient {
    const known = this.#clients.get(service);
    if (known !== undefined) return known;
    const client = this.#node.createClient(type, service) as unknown as AnyClient;
    this.#clients.set(service, client);
    return client;
  }

  /** ROS throws for a node that is not there. */
  #ofNode(node: string, query: () => readonly TopicOfNode[]): readonly TopicOfNode[] {
    return this.hasNode(node) ? query() : [];
  }

  /** rclnodejs calls from native code, which lets no exception through: the process would end at once. */
  #guard(topic: string, receive: () => void): void {
    try {
      receive();
    } catch (error) {
      if (this.#complaints.take(performance.now()))
        this.log.warn(`${topic}: found a message that cannot be read (${String(error)}); it is left out`);
    }
  }
}

function statusesOf({ header, status }: rclnodejs.diagnostic_msgs.msg.DiagnosticArray): StatusesMessage {
  return {
    stampNs: stampToNs(header.stamp),
    statuses: status.map(({ level, name, message, values }) => ({
      level: LEVELS[level] ?? 'error',
      name,
      message,
      values: new Map(values.map(({ key, value }) => [key, value])),
    })),
  };
}

function partsOf(node: string): { readonly name: string; readonly namespace: string } {
  const slash = node.lastIndexOf('/');
  return { name: node.slice(slash + 1), namespace: slash <= 0 ? '/' : node.slice(0, slash) };
}

function noAnswer(service: string, found: string, cause: unknown): JepaMpcError {
  return new JepaMpcError('dashboard.no-answer', {
    subject: `service ${service}`,
    found,
    expected: 'the planner node',
    remedy:
      'Check that it runs, in the same ROS_DOMAIN_ID, under the name that the dashboard was given with --node.',
    ...(cause !== null && { cause }),
  });
}
