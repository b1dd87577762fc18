import type { FrameSet, ModelCamera } from '../../core/model-info.js';
import { CameraImages } from '../topics/camera-images.js';
import { emptyImage } from '../topics/image-message.js';
import type { DisposableOutput } from '../topics/node-outputs.js';

/**
 * Shows the goal in force on `~/goal_image`, whatever its source. Where there is none any more, or one without images, an empty image takes the
 * place of the last one, which late subscribers would still get.
 */
export class GoalDisplay {
  readonly #images: CameraImages;
  #goal: FrameSet | null = null;
  #isShown = false;

  /** @param open makes a latched topic of sensor_msgs/Image */
  constructor(open: (topic: string) => DisposableOutput) {
    this.#images = new CameraImages(open, '~/goal_image');
  }

  /** The number of images of a goal is that of the model's cameras. */
  open(cameras: readonly ModelCamera[]): void {
    this.#images.open(cameras);
    this.#isShown = false;
    this.#publish();
  }

  close(): void {
    this.#images.close();
  }

  /** Null: there is none any more. */
  show(goal: FrameSet | null): void {
    this.#goal = goal;
    this.#publish();
  }

  #publish(): void {
    const { stampNs, frames } = this.#goal ?? { stampNs: 0n, frames: [] };
    if (frames.length === 0 && !this.#isShown) return;
    this.#isShown = frames.length > 0;
    this.#images.publish((camera) => frames[camera] ?? emptyImage(stampNs));
  }
}
