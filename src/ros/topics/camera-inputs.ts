import { at } from '../../core/array-access.js';
import type { FrameSet, ModelInfo } from '../../core/model-info.js';
import { CameraSync } from '../../perception/camera-sync.js';
import { ArrivalRate } from './arrival-rate.js';
import { ImageTopic } from './camera-image-topic.js';
import type { ImageTopicCounts, ImageTransport, ReceivedImage } from './camera-image-topic.js';
import { CameraInfoCheck } from './camera-info.js';
import type { Reliability, WantedQos } from './qos-policies.js';
import type { Topics } from './topics.js';

/**
 * Only the newest image matters. As sensor data it is received best effort, unless every publisher is reliable: best effort, an image larger
 * than the middleware's shared memory loses a fragment, and so the whole, more often than not.
 */
const imageQos: WantedQos = { depth: 1, reliability: 'best_available', durability: 'volatile' };

/** How the cameras of a model are subscribed to, and what gets their frames. */
export interface CameraInputOptions {
  readonly cameras: ModelInfo['cameras'];
  readonly transport: ImageTransport;
  readonly syncToleranceMs: number;
  /** The time, if frames are to be stamped on arrival. */
  readonly arrivalNs?: () => bigint;
  /** Gets every new image, before its frame. */
  readonly onReceived?: (image: ReceivedImage) => void;
  readonly onFrames: (set: FrameSet) => void;
  /** Gets the reason why a frame was refused. */
  readonly onProblem: (problem: unknown) => void;
  readonly warn: (text: string) => void;
}

/** State of one camera, for the diagnostics. */
export interface CameraReport extends ImageTopicCounts {
  readonly name: string;
  /** Fully qualified and remapped. */
  readonly topic: string;
  readonly transport: ImageTransport;
  readonly reliability: Reliability;
  readonly rateHz: number;
  /** Since the last frame that could be read, in wall-clock time; null before the first. */
  readonly ageMs: number | null;
  /** Frames without a match among those of the other cameras. */
  readonly unmatched: number;
  readonly info: CameraInfoCheck['verdict'];
}

interface Camera {
  readonly name: string;
  readonly images: ImageTopic;
  readonly info: CameraInfoCheck;
  readonly rate: ArrivalRate;
}

/** The image topics of a model's cameras, subscribed until disposed. Frames are handed on in sets, one of each camera, that match in time. */
export class CameraInputs {
  readonly #cameras: readonly Camera[];
  readonly #sync: CameraSync;
  readonly #transport: ImageTransport;

  constructor(topics: Topics, options: CameraInputOptions) {
    const { cameras, transport, arrivalNs, onReceived, onFrames, onProblem, warn } = options;
    this.#transport = transport;
    this.#sync = new CameraSync(cameras.length, options.syncToleranceMs);
    this.#cameras = cameras.map(({ name, topic, wanted }, index) => {
      const info = new CameraInfoCheck(topics, topics.resolve(topic), warn);
      const rate = new ArrivalRate();
      const images = new ImageTopic(topics, {
        topic,
        transport,
        qos: imageQos,
        ...(arrivalNs && { arrivalNs }),
        ...(onReceived && { onReceived }),
        wanted: () => wanted,
        onProblem,
        onFrame: (frame) => {
          rate.note(performance.now());
          info.onImage(frame);
          const set = this.#sync.push(index, frame);
          if (set !== null) onFrames(set);
        },
      });
      return { name, images, info, rate };
    });
  }

  get reports(): readonly CameraReport[] {
    const nowMs = performance.now();
    return this.#cameras.map(({ name, images, info, rate }, index) => ({
      name,
      topic: images.topic,
      transport: this.#transport,
      reliability: images.qos.reliability,
      rateHz: rate.hz,
      ageMs: rate.ageMs(nowMs),
      ...images.counts,
      unmatched: this.#sync.unmatched[index] ?? 0,
      info: info.verdict,
    }));
  }

  /** Of several cameras: those without a frame of `sinceNs` or later, or that their frames do not match. Empty for one camera. */
  lateCameras(sinceNs: bigint): readonly string[] {
    if (this.#cameras.length === 1) return [];
    const late = this.#sync.lateSince(sinceNs).map((index) => `camera ${at(this.#cameras, index).name}`);
    return late.length > 0 ? late : ['all cameras within camera.sync_tolerance_ms'];
  }

  dispose(): void {
    for (const { images, info } of this.#cameras) {
      images.dispose();
      info.dispose();
    }
  }
}
