import type rclnodejs from 'rclnodejs';

import type { FrameSet } from '../core/model-info.js';
import { ImageTopic } from './camera-image-topic.js';
import type { QosOverrides } from './qos-overrides.js';
import type { WantedQos } from './qos-policies.js';

/** The last goal that was sent is heard even if it was sent before the node started, where its publisher keeps it. */
const goalQos: WantedQos = { depth: 1, reliability: 'reliable', durability: 'best_available' };

/** Who is told of goal images. */
export interface GoalImageOptions {
  readonly overrides: QosOverrides;
  readonly onGoal: (goal: FrameSet) => void;
  /** Told why an image was refused. */
  readonly onProblem: (problem: unknown) => void;
}

/** The topics `goal_image` and `goal_image/compressed`: whichever was heard last is the goal. */
export class GoalImageInput {
  readonly #topics: readonly ImageTopic[];

  constructor(node: rclnodejs.Node, { overrides, onGoal, onProblem }: GoalImageOptions) {
    this.#topics = (['raw', 'compressed'] as const).map(
      (transport) =>
        new ImageTopic(node, {
          topic: 'goal_image',
          transport,
          qos: goalQos,
          overrides,
          onProblem,
          onFrame: (frame) => {
            onGoal({ stampNs: frame.stampNs, frames: [frame] });
          },
        }),
    );
  }

  dispose(): void {
    for (const topic of this.#topics) topic.dispose();
  }
}
