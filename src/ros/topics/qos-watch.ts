import type rclnodejs from 'rclnodejs';

import { nodeNameOf, UNNAMED } from './endpoints.js';
import type { Endpoint } from './endpoints.js';
import { mismatch } from './qos-compatibility.js';

/**
 * Why the sender reaches none of the receivers; null if it reaches one.
 *
 * @param receivers of the topic; at least one
 */
function mismatchReason(
  topic: string,
  sender: Endpoint,
  receivers: readonly Endpoint[],
  ours: string,
): string | null {
  let reason = '';
  const isOurs = nodeNameOf(sender) === ours;
  for (const receiver of receivers) {
    const they = isOurs ? `subscription of ${nodeNameOf(receiver)}` : `publisher ${nodeNameOf(sender)}`;
    if (sender.topic_type !== receiver.topic_type) {
      reason = `${topic}: the ${they} has another type: ${sender.topic_type} is sent, ${receiver.topic_type} expected. Remap one of them`;
      continue;
    }
    const found = mismatch(sender.qos_profile, receiver.qos_profile);
    if (found === null) return null;
    const { policy, offered, requested } = found;
    const remedy = isOurs
      ? `Request ${offered} there`
      : `Offer ${requested} there, or start this node with -p qos_overrides.${topic}.subscription.${policy}:=${offered}`;
    reason = `${topic}: incompatible QoS with the ${they}, policy ${policy}: ${offered} is offered, ${requested} requested. ${remedy}`;
  }
  return reason;
}

/**
 * Finds publishers and subscriptions of other nodes that share a topic with this node and that DDS silently does not connect to its own. It
 * queries the graph instead of the middleware's incompatible-QoS events: rclnodejs 2.2.0 does not export the class that takes these, and the
 * graph also names the node of an endpoint.
 */
export class QosWatch {
  readonly #node: rclnodejs.Node;
  readonly #warn: (text: string) => void;
  readonly #name: string;
  #known: ReadonlySet<string> = new Set();
  /** Mismatches of the last look with a node whose name was not known. */
  #unnamed: ReadonlySet<string> = new Set();

  /** @param warn called once for each pair, and again when it comes back */
  constructor(node: rclnodejs.Node, warn: (text: string) => void) {
    this.#node = node;
    this.#warn = warn;
    this.#name = nodeNameOf({ node_name: node.name(), node_namespace: node.namespace() });
  }

  /**
   * One line for each pair of endpoints that are not connected: which node, which policy or type, what to do. A node without a name is reported by
   * the second look in a row: discovery may still name it. Takes some tenths of a millisecond.
   */
  look(): readonly string[] {
    const found = [...this.#mismatchedPublishers(), ...this.#mismatchedSubscriptions()];
    const mismatches = found.filter((text) => !text.includes(UNNAMED) || this.#unnamed.has(text));
    this.#unnamed = new Set(found.filter((text) => text.includes(UNNAMED)));
    for (const text of mismatches) if (!this.#known.has(text)) this.#warn(text);
    this.#known = new Set(mismatches);
    return mismatches;
  }

  #mismatchedPublishers(): string[] {
    const topics = this.#node.getSubscriptionNamesAndTypesByNode(this.#node.name(), this.#node.namespace());
    return topics.flatMap(({ name: topic }) => {
      const ours = this.#subscriptions(topic).filter((endpoint) => nodeNameOf(endpoint) === this.#name);
      const senders = this.#publishers(topic).filter((endpoint) => nodeNameOf(endpoint) !== this.#name);
      if (ours.length === 0) return [];
      return senders
        .map((sender) => mismatchReason(topic, sender, ours, this.#name))
        .filter((text) => text !== null);
    });
  }

  #mismatchedSubscriptions(): string[] {
    const topics = this.#node.getPublisherNamesAndTypesByNode(this.#node.name(), this.#node.namespace());
    return topics.flatMap(({ name: topic }) => {
      const ours = this.#publishers(topic).filter((endpoint) => nodeNameOf(endpoint) === this.#name);
      const receivers = this.#subscriptions(topic).filter((endpoint) => nodeNameOf(endpoint) !== this.#name);
      return receivers
        .flatMap((receiver) => ours.map((sender) => mismatchReason(topic, sender, [receiver], this.#name)))
        .filter((text) => text !== null);
    });
  }

  #publishers(topic: string): Endpoint[] {
    return this.#node.getPublishersInfoByTopic(topic, false) as Endpoint[];
  }

  #subscriptions(topic: string): Endpoint[] {
    return this.#node.getSubscriptionsInfoByTopic(topic, false) as Endpoint[];
  }
}
