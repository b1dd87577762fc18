import type rclnodejs from 'rclnodejs';

import type { FrameSet, ModelInfo } from '../core/model-info.js';
import { CameraSync } from '../pipeline/camera-sync.js';
import { toImageFrame } from './messages.js';
import { reliable, sensorData } from './qos.js';

/** What the cameras of a model are heard with, and who is told. */
export interface CameraInputOptions {
  readonly cameras: ModelInfo['cameras'];
  readonly reliable: boolean;
  readonly syncToleranceMs: number;
  readonly onFrames: (set: FrameSet) => void;
}

/** The image topics of a model's cameras: subscribed until disposed, handed on as sets of frames that belong together. */
export class CameraInputs {
  readonly #node: rclnodejs.Node;
  readonly #subscriptions: rclnodejs.Subscription[];

  constructor(node: rclnodejs.Node, options: CameraInputOptions) {
    this.#node = node;
    const sync = new CameraSync(options.cameras.length, options.syncToleranceMs);
    const qos = options.reliable ? reliable(1) : sensorData(1);
    this.#subscriptions = options.cameras.map((camera, index) =>
      node.createSubscription(
        'sensor_msgs/msg/Image',
        camera.topic,
        { qos },
        (message: rclnodejs.sensor_msgs.msg.Image) => {
          const set = sync.push(index, toImageFrame(message));
          if (set !== null) options.onFrames(set);
        },
      ),
    );
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) this.#node.destroySubscription(subscription);
    this.#subscriptions.length = 0;
  }
}
