import type rclnodejs from 'rclnodejs';

import { gidInHex } from './endpoints.js';
import type { MessageReceiver } from './topics.js';

/**
 * The callback of a subscription of rclnodejs, which looks up who sent a message for callbacks with two parameters alone.
 *
 * @param asksWho whether the receiver asks for that
 */
export function messageCallback<Type extends rclnodejs.MessageTypeClassName>(
  receive: MessageReceiver<rclnodejs.MessageType<Type>>,
  asksWho: boolean,
): rclnodejs.SubscriptionCallback<Type> {
  if (asksWho) {
    return (message, info) => {
      receive(message, gidInHex(info?.publisherGid));
    };
  }
  return (message) => {
    receive(message);
  };
}
