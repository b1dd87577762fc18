import type rclnodejs from 'rclnodejs';

import type { FrameSet } from '../core/model-info.js';
import { toImageFrame } from './messages.js';
import { latched } from './qos.js';

/** Who is told of goal images. */
export interface GoalImageOptions {
  readonly onGoal: (goal: FrameSet) => void;
}

/** The topic `goal_image`: the last one sent is heard even if it was sent before the node started. */
export class GoalImageInput {
  readonly #node: rclnodejs.Node;
  readonly #subscription: rclnodejs.Subscription;

  constructor(node: rclnodejs.Node, options: GoalImageOptions) {
    this.#node = node;
    this.#subscription = node.createSubscription(
      'sensor_msgs/msg/Image',
      'goal_image',
      { qos: latched() },
      (message: rclnodejs.sensor_msgs.msg.Image) => {
        const frame = toImageFrame(message);
        options.onGoal({ stampNs: frame.stampNs, frames: [frame] });
      },
    );
  }

  dispose(): void {
    this.#node.destroySubscription(this.#subscription);
  }
}
