import type rclnodejs from 'rclnodejs';

import type { TopicQos, WantedQos } from './qos-policies.js';

/** A topic that the node is subscribed to. */
export interface TopicSubscription {
  /** Fully qualified and remapped. */
  readonly topic: string;
  /** In force now. */
  readonly qos: TopicQos;
  dispose(): void;
}

/**
 * @param publisher tells publishers of the topic apart: its identifier, in hexadecimal. It is there for receivers with two parameters alone, and
 *   only if the middleware gives it
 */
export type MessageReceiver<Message> = (message: Message, publisher?: string) => void;

/** The topics of a node, for what subscribes to them. */
export interface Topics {
  /** Fully qualified and remapped. */
  resolve(topic: string): string;
  /** Subscribes with a QoS that users may override, and whose `best_available` policies follow the publishers. */
  subscribe<Type extends rclnodejs.MessageTypeClassName>(
    type: Type,
    topic: string,
    qos: WantedQos,
    onMessage: MessageReceiver<rclnodejs.MessageType<Type>>,
  ): TopicSubscription;
  /** Subscribes with this QoS, which users cannot override. */
  subscribeFixed<Type extends rclnodejs.MessageTypeClassName>(
    type: Type,
    topic: string,
    qos: TopicQos,
    onMessage: MessageReceiver<rclnodejs.MessageType<Type>>,
  ): Pick<TopicSubscription, 'dispose'>;
}
