import rclnodejs from 'rclnodejs';

import { guardSubscriptions } from '../node/callback-errors.js';
import { bestAvailable } from './qos-compatibility.js';
import type { Endpoint } from './qos-compatibility.js';
import { toRosQos } from './qos.js';
import type { QosOverrides } from './qos-overrides.js';
import type { TopicQos, WantedQos } from './qos-policies.js';

/** How often the publishers are looked at: a query takes 20 microseconds. */
const lookAgainMs = 500;

/** One subscription of rclnodejs and what it was made with. */
interface Held {
  readonly qos: TopicQos;
  readonly subscription: rclnodejs.Subscription;
}

/**
 * A subscription whose `best_available` policies follow the publishers that come and go. When it has to change, the old subscription is kept
 * until the new one has heard something: nothing is lost, but a message may come twice.
 */
export class QosSubscription<Type extends rclnodejs.MessageTypeClassName> {
  readonly #node: rclnodejs.Node;
  readonly #type: Type;
  readonly #name: string;
  readonly #wanted: WantedQos;
  readonly #onMessage: (message: rclnodejs.MessageType<Type>) => void;
  readonly #timer: NodeJS.Timeout | null;
  /** Fully qualified and remapped. */
  readonly topic: string;
  #current: Held;
  #next: Held | null = null;

  /** @param qos what is wanted unless it is overridden for this topic */
  constructor(
    node: rclnodejs.Node,
    type: Type,
    topic: string,
    { qos, overrides }: { readonly qos: WantedQos; readonly overrides: QosOverrides },
    onMessage: (message: rclnodejs.MessageType<Type>) => void,
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
        }, lookAgainMs)
      : null;
    this.#timer?.unref();
  }

  /** What the topic is heard with now. */
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

  #subscribe(qos: TopicQos): Held {
    const receive: rclnodejs.SubscriptionCallback<Type> = (message) => {
      if (held === this.#next) this.#settle(held);
      this.#onMessage(message);
    };
    const subscription = this.#node.createSubscription(
      this.#type,
      this.#name,
      { qos: toRosQos(qos) },
      receive,
    );
    guardSubscriptions(subscription, (error) => {
      throw error;
    });
    const held: Held = { qos, subscription };
    return held;
  }

  /** The new subscription works: the old one goes, outside of its own callback. */
  #settle(next: Held): void {
    const { subscription } = this.#current;
    this.#current = next;
    this.#next = null;
    setImmediate(() => {
      this.#node.destroySubscription(subscription);
    });
  }

  #follow(): void {
    // A timer of before the node's end may still come after it.
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
