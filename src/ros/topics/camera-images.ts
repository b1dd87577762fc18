import type { ModelCamera } from '../../core/model-info.js';
import type { ImageFrame } from '../../core/types.js';
import { imageMessage } from './image-message.js';
import type { DisposableOutput } from './node-outputs.js';

/** What a name in the ROS graph may consist of, between two slashes. */
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * The topics on which a node shows an image for each camera: the one name where there is one camera, else one below it for each.
 *
 * @param topic such as `~/goal_image`
 */
export function imageTopics(topic: string, cameras: readonly Pick<ModelCamera, 'name'>[]): readonly string[] {
  if (cameras.length === 1) return [topic];
  return cameras.map(({ name }, index) => `${topic}/${NAME.test(name) ? name : `camera${String(index)}`}`);
}

/** Images that the node shows for each camera of the model in force. Late subscribers get the last one of each. */
export class CameraImages {
  readonly #open: (topic: string) => DisposableOutput;
  readonly #topic: string;
  #outputs: readonly DisposableOutput[] = [];

  /**
   * @param open makes a latched topic of sensor_msgs/Image
   * @param topic see {@link imageTopics}
   */
  constructor(open: (topic: string) => DisposableOutput, topic: string) {
    this.#open = open;
    this.#topic = topic;
  }

  /** Number of cameras; 0 while no model is loaded. */
  get count(): number {
    return this.#outputs.length;
  }

  open(cameras: readonly ModelCamera[]): void {
    this.close();
    this.#outputs = imageTopics(this.#topic, cameras).map((topic) => this.#open(topic));
  }

  close(): void {
    for (const output of this.#outputs) output.dispose();
    this.#outputs = [];
  }

  /** @param imageOf the image for a camera, by its index */
  publish(imageOf: (camera: number) => ImageFrame): void {
    for (const [camera, output] of this.#outputs.entries()) output.publish(imageMessage(imageOf(camera)));
  }
}
