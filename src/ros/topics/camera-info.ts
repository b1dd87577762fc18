import type { TopicQos } from './qos-policies.js';
import type { Topics, TopicSubscription } from './topics.js';

/** Every publisher can serve it. */
const infoQos: TopicQos = { depth: 1, reliability: 'best_effort', durability: 'volatile' };

/** How long after a difference the camera_info is read again. */
const readAgainMs = 5000;

/** The fields of sensor_msgs/CameraInfo that give the size of the image. */
export interface CameraInfoSizes {
  readonly width: number;
  readonly height: number;
  readonly binning_x: number;
  readonly binning_y: number;
  readonly roi: { readonly width: number; readonly height: number };
}

/** Size of an image, pixels. */
export interface ImageSize {
  readonly width: number;
  readonly height: number;
}

/** Topic on which image_transport expects the camera_info of an image topic: in the same namespace. */
export function cameraInfoTopic(imageTopic: string): string {
  return imageTopic.replace(/[^/]*$/, 'camera_info');
}

/** Size of the images that a camera_info describes: its region of interest, or the whole, after binning. A binning of 0 is none. */
export function imageSizeOf({ width, height, binning_x, binning_y, roi }: CameraInfoSizes): ImageSize {
  return {
    width: Math.floor((roi.width || width) / (binning_x || 1)),
    height: Math.floor((roi.height || height) / (binning_y || 1)),
  };
}

/**
 * Compares the camera_info of an image topic with the images: different sizes mean that one of the two is of another camera, or that the images
 * were resized on their way. Nothing else is taken from it. A message costs the thread as much as an image does, so the topic is subscribed
 * to only until one has come for the present size of the images.
 */
export class CameraInfoCheck {
  readonly #topics: Topics;
  readonly #imageTopic: string;
  readonly #warn: (text: string) => void;
  #subscription: Pick<TopicSubscription, 'dispose'> | null = null;
  #again: NodeJS.Timeout | null = null;
  #image: ImageSize | null = null;
  #info: ImageSize | null = null;

  /** @param imageTopic topic of the raw images, fully qualified */
  constructor(topics: Topics, imageTopic: string, warn: (text: string) => void) {
    this.#topics = topics;
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
    this.#subscribe();
  }

  dispose(): void {
    if (this.#again !== null) clearTimeout(this.#again);
    this.#unsubscribe();
  }

  #subscribe(): void {
    const topic = cameraInfoTopic(this.#imageTopic);
    this.#subscription ??= this.#topics.subscribeFixed(
      'sensor_msgs/msg/CameraInfo',
      topic,
      infoQos,
      (message) => {
        this.#onInfo(message);
      },
    );
  }

  #unsubscribe(): void {
    this.#subscription?.dispose();
    this.#subscription = null;
  }

  #onInfo(message: CameraInfoSizes): void {
    const image = this.#image;
    const wasDifferent = this.verdict === 'other size';
    this.#info = imageSizeOf(message);
    setImmediate(() => {
      this.#unsubscribe();
    });
    if (image === null || this.verdict === 'same size') return;
    if (!wasDifferent) {
      this.#warn(
        `${cameraInfoTopic(this.#imageTopic)} is for images of ${sizeText(this.#info)} pixels, those on ${this.#imageTopic} have ${sizeText(image)}: one of them is of another camera, or the images were resized. They are used as they are.`,
      );
    }
    if (this.#again !== null) clearTimeout(this.#again);
    this.#again = setTimeout(() => {
      this.#subscribe();
    }, readAgainMs).unref();
  }
}

function isSame(a: ImageSize, b: ImageSize): boolean {
  return a.width === b.width && a.height === b.height;
}

function sizeText({ width, height }: ImageSize): string {
  return `${String(width)} x ${String(height)}`;
}
