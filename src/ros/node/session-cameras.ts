import type { FrameSet, ModelInfo } from '../../core/model-info.js';
import type { Parameters } from '../../params/schema.js';
import { CameraInputs } from '../topics/camera-inputs.js';
import type { CameraReport } from '../topics/camera-inputs.js';
import type { ReceivedImage } from '../topics/camera-image-topic.js';
import type { RosNode } from './ros-node.js';

export interface SessionCamerasOptions {
  readonly ros: Pick<RosNode, 'topics' | 'clock' | 'log' | 'unusedOverrides'>;
  readonly parameters: () => Parameters;
  /** Gets every new image, before its frame. */
  readonly onReceived: (image: ReceivedImage) => void;
  readonly onFrames: (set: FrameSet) => void;
  /** Gets the reason why a frame was refused. */
  readonly onProblem: (problem: unknown) => void;
}

/** The cameras of the loaded model. */
export class SessionCameras {
  readonly #options: SessionCamerasOptions;
  #inputs: CameraInputs | null = null;

  constructor(options: SessionCamerasOptions) {
    this.#options = options;
  }

  /** Empty while there is no model. */
  get reports(): readonly CameraReport[] {
    return this.#inputs?.reports ?? [];
  }

  /** See `WatchdogInputs`. */
  lateCameras(sinceNs: bigint): readonly string[] {
    return this.#inputs?.lateCameras(sinceNs) ?? [];
  }

  open(model: ModelInfo): void {
    const { ros, parameters, onReceived, onFrames, onProblem } = this.#options;
    const values = parameters();
    this.#inputs = new CameraInputs(ros.topics, {
      cameras: model.cameras,
      transport: values['camera.transport'],
      syncToleranceMs: values['camera.sync_tolerance_ms'],
      ...(values['camera.stamps'] === 'arrival' && { arrivalNs: () => ros.clock.nowNs }),
      onReceived,
      onFrames,
      onProblem,
      warn: (text) => {
        ros.log.warn(text);
      },
    });
    // The cameras are the last topics to be subscribed to.
    for (const name of ros.unusedOverrides) {
      ros.log.warn(`parameter ${name} has no effect: the node is not subscribed to that topic`);
    }
  }

  close(): void {
    this.#inputs?.dispose();
    this.#inputs = null;
  }
}
