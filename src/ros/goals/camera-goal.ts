import { JepaMpcError } from '../../core/errors.js';
import type { FrameSet, ModelCamera, ModelInfo } from '../../core/model-info.js';
import type { WantedImage } from '../../core/model-spec.js';
import type { ImageFrame } from '../../core/types.js';
import { ImageTopic } from '../topics/camera-image-topic.js';
import type { ImageTransport } from '../topics/camera-image-topic.js';
import { imageTopics } from '../topics/camera-images.js';
import type { WantedQos } from '../topics/qos-policies.js';
import type { Topics } from '../topics/topics.js';

const TOPIC = 'goal_image';

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
 * twice, and it would be chance which of the two comes last. A model with several cameras has a topic for each, below that one: their
 * images are a goal once there is one of each with the same stamp, and an image of one camera alone is refused.
 */
export class GoalImageInput {
  readonly #topics: Topics;
  readonly #options: GoalImageOptions;
  #only: { readonly transport: ImageTransport; readonly images: ImageTopic } | null = null;
  #several: readonly ImageTopic[] = [];

  constructor(topics: Topics, options: GoalImageOptions) {
    this.#topics = topics;
    this.#options = options;
  }

  /** Receives images by this transport from now on. */
  listen(transport: ImageTransport): void {
    if (this.#only?.transport === transport) return;
    this.#only?.images.dispose();
    const { model, onGoal, onProblem } = this.#options;
    const images = this.#receive(
      TOPIC,
      transport,
      () => model()?.cameras[0]?.wanted ?? 'grey',
      (frame) => {
        if (this.#several.length > 0) onProblem(oneOfSeveral(this.#several));
        else onGoal({ stampNs: frame.stampNs, frames: [frame] });
      },
    );
    this.#only = { transport, images };
  }

  /** Receives an image for each of several cameras, by the transport in force, and none for one alone. */
  open(cameras: readonly ModelCamera[]): void {
    this.close();
    const transport = this.#only?.transport;
    if (cameras.length === 1 || transport === undefined) return;
    let waiting: (ImageFrame | undefined)[] = [];
    this.#several = imageTopics(TOPIC, cameras).map((topic, index) =>
      this.#receive(
        topic,
        transport,
        () => cameras[index]?.wanted ?? 'grey',
        (frame) => {
          waiting[index] = frame;
          const frames = cameras.flatMap((_, camera) => waiting[camera] ?? []);
          if (frames.length < cameras.length) return;
          if (frames.some(({ stampNs }) => stampNs !== frame.stampNs)) {
            this.#options.onProblem(differentStamps(cameras, frames));
            return;
          }
          waiting = [];
          this.#options.onGoal({ stampNs: frame.stampNs, frames });
        },
      ),
    );
  }

  /** Receives no images for single cameras any more. */
  close(): void {
    for (const images of this.#several) images.dispose();
    this.#several = [];
  }

  #receive(
    topic: string,
    transport: ImageTransport,
    wanted: () => WantedImage,
    onFrame: (frame: ImageFrame) => void,
  ): ImageTopic {
    const { onProblem } = this.#options;
    return new ImageTopic(this.#topics, { topic, transport, qos: goalQos, wanted, onProblem, onFrame });
  }
}

function oneOfSeveral(several: readonly ImageTopic[]): JepaMpcError {
  return new JepaMpcError('goal.cameras', {
    subject: TOPIC,
    found: 'an image of one camera',
    expected: `an image of each of the ${String(several.length)} cameras of the model`,
    remedy: `Publish them with the same header.stamp on ${TOPIC}/CAMERA (docs/goals.md). The goal in force stays.`,
  });
}

function differentStamps(cameras: readonly ModelCamera[], frames: readonly ImageFrame[]): JepaMpcError {
  const stamps = frames.map(({ stampNs }, camera) => `${cameras[camera]?.name ?? ''} ${String(stampNs)} ns`);
  return new JepaMpcError('goal.stamps', {
    subject: `goal images of ${String(cameras.length)} cameras`,
    found: `stamps ${stamps.join(', ')}`,
    expected: 'one stamp for the images of a goal',
    remedy: 'Publish them with the same header.stamp. The goal in force stays.',
  });
}
