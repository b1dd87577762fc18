import type rclnodejs from 'rclnodejs';

import { cameraInfoTopic, imageSizeOf } from './camera-info-size.js';
import type { CameraInfoSizes, ImageSize } from './camera-info-size.js';
import { sensorData } from './qos.js';

/** How long after a difference the camera_info is looked at again. */
const lookAgainMs = 5000;

/**
 * Compares the camera_info beside an image topic with the images themselves: different sizes mean that one of the two is not of this camera,
 * or that the images were resized on their way. Nothing else is taken from it. A message costs the thread as much as an image does, so it
 * is listened to only until one has come for the present size of the images.
 */
export class CameraInfoCheck {
  readonly #node: rclnodejs.Node;
  readonly #imageTopic: string;
  readonly #warn: (text: string) => void;
  #subscription: rclnodejs.Subscription | null = null;
  #again: NodeJS.Timeout | null = null;
  #image: ImageSize | null = null;
  #info: ImageSize | null = null;

  /** @param imageTopic topic of the raw images, fully qualified */
  constructor(node: rclnodejs.Node, imageTopic: string, warn: (text: string) => void) {
    this.#node = node;
    this.#imageTopic = imageTopic;
    this.#warn = warn;
  }

  /** `none`: nothing has come for the present size of the images. */
  get verdict(): 'none' | 'same size' | 'other size' {
    if (this.#image === null || this.#info === null) return 'none';
    return isSame(this.#image, this.#info) ? 'same size' : 'other size';
  }

  onImage({ width, height }: ImageSize): void {
    if (this.#image !== null && isSame(this.#image, { width, height })) return;
    this.#image = { width, height };
    this.#info = null;
    this.#listen();
  }

  dispose(): void {
    if (this.#again !== null) clearTimeout(this.#again);
    this.#letGo();
  }

  #listen(): void {
    this.#subscription ??= this.#node.createSubscription(
      'sensor_msgs/msg/CameraInfo',
      cameraInfoTopic(this.#imageTopic),
      { qos: sensorData(1) },
      (message: rclnodejs.sensor_msgs.msg.CameraInfo) => {
        this.#onInfo(message);
      },
    );
  }

  #letGo(): void {
    if (this.#subscription !== null) this.#node.destroySubscription(this.#subscription);
    this.#subscription = null;
  }

  #onInfo(message: CameraInfoSizes): void {
    const image = this.#image;
    const wasDifferent = this.verdict === 'other size';
    this.#info = imageSizeOf(message);
    setImmediate(() => {
      this.#letGo();
    });
    if (image === null || this.verdict === 'same size') return;
    if (!wasDifferent) {
      this.#warn(
        `${cameraInfoTopic(this.#imageTopic)} is for images of ${sizeText(this.#info)} pixels, those on ${this.#imageTopic} have ${sizeText(image)}: one of them is of another camera, or the images were resized. They are used as they are.`,
      );
    }
    if (this.#again !== null) clearTimeout(this.#again);
    this.#again = setTimeout(() => {
      this.#listen();
    }, lookAgainMs).unref();
  }
}

function isSame(a: ImageSize, b: ImageSize): boolean {
  return a.width === b.width && a.height === b.height;
}

function sizeText({ width, height }: ImageSize): string {
  return `${String(width)} x ${String(height)}`;
}
