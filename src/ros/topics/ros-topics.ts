import type rclnodejs from 'rclnodejs';

import { messageCallback } from './message-callback.js';
import { toRosQos } from './qos.js';
import type { QosOverrides } from './qos-overrides.js';
import type { TopicQos, WantedQos } from './qos-policies.js';
import { QosSubscription } from './qos-subscription.js';
import type { MessageReceiver, Topics, TopicSubscription } from './topics.js';

/** The topics of a node of rclnodejs. */
export class RosTopics implements Topics {
  readonly #node: rclnodejs.Node;
  readonly #overrides: QosOverrides;

  constructor(node: rclnodejs.Node, overrides: QosOverrides) {
    this.#node = node;
    this.#overrides = overrides;
  }

  resolve(topic: string): string {
    return this.#node.resolveTopicName(topic);
  }

  subscribe<Type extends rclnodejs.MessageTypeClassName>(
    type: Type,
    topic: string,
    qos: WantedQos,
    onMessage: MessageReceiver<rclnodejs.MessageType<Type>>,
  ): TopicSubscription {
    return new QosSubscription(this.#node, type, topic, { qos, overrides: this.#overrides }, onMessage);
  }

  subscribeFixed<Type extends rclnodejs.MessageTypeClassName>(
    type: Type,
    topic: string,
    qos: TopicQos,
    onMessage: MessageReceiver<rclnodejs.MessageType<Type>>,
  ): Pick<TopicSubscription, 'dispose'> {
    const receive = messageCallback<Type>(onMessage, onMessage.length >= 2);
    const subscription = this.#node.createSubscription(type, topic, { qos: toRosQos(qos) }, receive);
    return {
      dispose: () => {
        this.#node.destroySubscription(subscription);
      },
    };
  }
}
