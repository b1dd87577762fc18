import type { FrameSet, ModelInfo } from '../../core/model-info.js';
import { ImageTopic } from '../topics/camera-image-topic.js';
import type { ImageTransport } from '../topics/camera-image-topic.js';
import type { WantedQos } from '../topics/qos-policies.js';
import type { Topics } from '../topics/topics.js';

/** The last goal is received even if it was published before the node started, if its publisher keeps it. */
export const goalQos: WantedQos = { depth: 1, reliability: 'reliable', durability: 'best_available' };

export interface GoalImageOptions {
  /** Null until the model is loaded: the first plan judges a goal that came before. */
  readonly model: () => ModelInfo | null;
  readonly onGoal: (goal: FrameSet) => void;
  /** Gets the reason why an image was refused. */
  readonly onProblem: (problem: unknown) => void;
}

/**
 * The topic `goal_image`, or `goal_image/compressed`: one of them, by the transport of the cameras. A publisher of both sends the same goal
 * twice, and it would be chance which of the two comes last.
 */
export class GoalImageInput {
  readonly #topics: Topics;
  readonly #options: GoalImageOptions;
  #current: { readonly transport: ImageTransport; readonly images: ImageTopic } | null = null;

  constructor(topics: Topics, options: GoalImageOptions) {
    this.#topics = topics;
    this.#options = options;
  }

  /** Receives images by this transport from now on. */
  listen(transport: ImageTransport): void {
    if (this.#current?.transport === transport) return;
    this.#current?.images.dispose();
    const { model, onGoal, onProblem } = this.#options;
    const images = new ImageTopic(this.#topics, {
      topic: 'goal_image',
      transport,
      qos: goalQos,
      wanted: () => model()?.cameras[0]?.wanted ?? 'grey',
      onProblem,
      onFrame: (frame) => {
        onGoal({ stampNs: frame.stampNs, frames: [frame] });
      },
    });
    this.#current = { transport, images };
  }
}
