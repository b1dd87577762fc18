import type rclnodejs from 'rclnodejs';

import type { FrameSet, ModelInfo } from '../../core/model-info.js';
import { ImageTopic } from '../topics/camera-image-topic.js';
import type { ImageTransport } from '../topics/camera-image-topic.js';
import type { QosOverrides } from '../topics/qos-overrides.js';
import type { WantedQos } from '../topics/qos-policies.js';

/** The last goal that was sent is heard even if it was sent before the node started, where its publisher keeps it. */
export const goalQos: WantedQos = { depth: 1, reliability: 'reliable', durability: 'best_available' };

/** Who is told of goal images. */
export interface GoalImageOptions {
  readonly overrides: QosOverrides;
  /** Null until the model is loaded: a goal that came before is judged with the first plan. */
  readonly model: () => ModelInfo | null;
  readonly onGoal: (goal: FrameSet) => void;
  /** Told why an image was refused. */
  readonly onProblem: (problem: unknown) => void;
}

/**
 * The topic `goal_image`, or `goal_image/compressed`: one of them, by the transport of the cameras. A publisher of both sends the same goal
 * twice, and which of the two came last would be chance.
 */
export class GoalImageInput {
  readonly #node: rclnodejs.Node;
  readonly #options: GoalImageOptions;
  #heard: { readonly transport: ImageTransport; readonly images: ImageTopic } | null = null;

  constructor(node: rclnodejs.Node, options: GoalImageOptions) {
    this.#node = node;
    this.#options = options;
  }

  /** Listens from now on, by this transport. */
  listen(transport: ImageTransport): void {
    if (this.#heard?.transport === transport) return;
    this.#heard?.images.dispose();
    const { overrides, model, onGoal, onProblem } = this.#options;
    const images = new ImageTopic(this.#node, {
      topic: 'goal_image',
      transport,
      qos: goalQos,
      overrides,
      wanted: () => model()?.cameras[0]?.wanted ?? 'grey',
      onProblem,
      onFrame: (frame) => {
        onGoal({ stampNs: frame.stampNs, frames: [frame] });
      },
    });
    this.#heard = { transport, images };
  }
}
