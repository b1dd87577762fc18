import rclnodejs from 'rclnodejs';

import { guardSubscriptions } from '../node/rclnodejs-patches.js';
import type { Endpoint } from './endpoints.js';
import { messageCallback } from './message-callback.js';
import { bestAvailable } from './qos-compatibility.js';
import { toRosQos } from './qos.js';
import type { QosOverrides } from './qos-overrides.js';
import type { TopicQos, WantedQos } from './qos-policies.js';
import type { MessageReceiver, TopicSubscription } from './topics.js';

/** How often the publishers are queried: a query takes 20 microseconds. */
const queryPeriodMs = 500;

/** One subscription of rclnodejs, and the QoS it was made with. */
interface QosVersion {
  readonly qos: TopicQos;
  readonly subscription: rclnodejs.Subscription;
}

/**
 * A subscription whose `best_available` policies follow the publishers that come and go. When the QoS has to change, the old subscription is kept
 * until the new one has received a message: nothing is lost, but a message may come twice.
 */
export class QosSubscription<Type extends rclnodejs.MessageTypeClassName> implements TopicSubscription {
  readonly #node: rclnodejs.Node;
  readonly #type: Type;
  readonly #name: string;
  readonly #wanted: WantedQos;
  readonly #onMessage: MessageReceiver<rclnodejs.MessageType<Type>>;
  readonly #timer: NodeJS.Timeout | null;
  /** Fully qualified and remapped. */
  readonly topic: string;
  #current: QosVersion;
  #next: QosVersion | null = null;

  /** @param qos unless it is overridden for this topic */
  constructor(
    node: rclnodejs.Node,
    type: Type,
    topic: string,
    { qos, overrides }: { readonly qos: WantedQos; readonly overrides: QosOverrides },
    onMessage: MessageReceiver<rclnodejs.MessageType<Type>>,
  ) {
    this.#node = node;
    this.#type = type;
    this.#name = topic;
    this.#onMessage = onMessage;
    this.topic = node.resolveTopicName(topic);
    const wanted = overrides.subscription(this.topic, qos);
    this.#wanted = wanted;
    this.#current = this.#subscribe(bestAvailable(wanted, this.#publishers()));
    const follows = wanted.reliability === 'best_available' || wanted.durability === 'best_available';
    this.#timer = follows
      ? setInterval(() => {
          this.#follow();
        }, queryPeriodMs)
      : null;
    this.#timer?.unref();
  }

  /** In force now. */
  get qos(): TopicQos {
    return this.#current.qos;
  }

  dispose(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    if (this.#next !== null) this.#node.destroySubscription(this.#next.subscription);
    this.#next = null;
    this.#node.destroySubscription(this.#current.subscription);
  }

  #publishers(): readonly Endpoint[] {
    return this.#node.getPublishersInfoByTopic(this.topic, false) as Endpoint[];
  }

  #subscribe(qos: TopicQos): QosVersion {
    const receive = (message: rclnodejs.MessageType<Type>, publisher?: string): void => {
      if (made === this.#next) this.#replaceCurrent(made);
      this.#onMessage(message, publisher);
    };
    const callback = messageCallback<Type>(receive, this.#onMessage.length >= 2);
    const subscription = this.#node.createSubscription(
      this.#type,
      this.#name,
      { qos: toRosQos(qos) },
      callback,
    );
    guardSubscriptions(subscription, (error) => {
      throw error;
    });
    const made: QosVersion = { qos, subscription };
    return made;
  }

  /** The new subscription works: the old one is destroyed, outside of its own callback. */
  #replaceCurrent(next: QosVersion): void {
    const { subscription } = this.#current;
    this.#current = next;
    this.#next = null;
    setImmediate(() => {
      this.#node.destroySubscription(subscription);
    });
  }

  #follow(): void {
    // A timer that was due before the node ended may still fire after it.
    if (rclnodejs.isShutdown()) return;
    const publishers = this.#publishers();
    if (publishers.length === 0) return;
    const qos = bestAvailable(this.#wanted, publishers);
    if (isSame(qos, (this.#next ?? this.#current).qos)) return;
    if (this.#next !== null) this.#node.destroySubscription(this.#next.subscription);
    this.#next = isSame(qos, this.#current.qos) ? null : this.#subscribe(qos);
  }
}

function isSame(a: TopicQos, b: TopicQos): boolean {
  return a.reliability === b.reliability && a.durability === b.durability;
}
