import type rclnodejs from 'rclnodejs';

import type { WantedImage } from '../../core/model-spec.js';
import type { ImageFrame } from '../../core/types.js';
import { DecodeLane } from '../../perception/decode-lane.js';
import { decodeCompressed } from '../../perception/decode-compressed.js';
import type { CompressedFrame } from '../../perception/decode-compressed.js';
import { checkFrame } from '../../perception/encodings.js';
import { toCompressedFrame, toImageFrame } from './messages.js';
import type { QosOverrides } from './qos-overrides.js';
import { QosSubscription } from './qos-subscription.js';
import type { TopicQos, WantedQos } from './qos-policies.js';

export type ImageTransport = 'raw' | 'compressed';

export interface ImageTopicOptions {
  /** Topic of the raw images, relative or not; compressed ones are on `<topic>/compressed`. */
  readonly topic: string;
  readonly transport: ImageTransport;
  readonly qos: WantedQos;
  readonly overrides: QosOverrides;
  /** What the model was trained on, looked up for each frame; what does not fit is refused. */
  readonly wanted: () => WantedImage;
  /** The time, if frames are to be stamped with that of their arrival. */
  readonly arrivalNs?: () => bigint;
  /** Given frames whose encoding and sizes can be read, and are of the wanted kind, in the order of arrival. */
  readonly onFrame: (frame: ImageFrame) => void;
  /** Told why a frame was refused. */
  readonly onProblem: (problem: unknown) => void;
}

/** Frames of a topic, from the start on. */
export interface ImageTopicCounts {
  readonly received: number;
  /** Compressed frames that a newer one overtook before they were decoded. */
  readonly overtaken: number;
  /** Frames that could not be read. */
  readonly refused: number;
}

/** The images of one topic, raw or compressed. Compressed ones are decoded in other threads. */
export class ImageTopic {
  readonly #options: ImageTopicOptions;
  readonly #subscription: { readonly topic: string; readonly qos: TopicQos; dispose: () => void };
  readonly #lane: DecodeLane<CompressedFrame, ImageFrame>;
  #lastStampNs: bigint | null = null;
  #received = 0;
  #refused = 0;

  constructor(node: rclnodejs.Node, options: ImageTopicOptions) {
    this.#options = options;
    const { topic, transport } = options;
    this.#lane = new DecodeLane({
      decode: (frame) => decodeCompressed(`topic ${this.topic}`, frame, options.wanted()),
      onDecoded: (frame) => {
        this.#handOn(frame);
      },
      onProblem: (problem) => {
        this.#refuse(problem);
      },
    });
    if (transport === 'raw') {
      this.#subscription = new QosSubscription(node, 'sensor_msgs/msg/Image', topic, options, (message) => {
        const frame = toImageFrame(message);
        if (this.#isNew(frame)) this.#handOn(this.#stamped(frame));
      });
    } else {
      const name = `${node.resolveTopicName(topic)}/compressed`;
      this.#subscription = new QosSubscription(
        node,
        'sensor_msgs/msg/CompressedImage',
        name,
        options,
        (message) => {
          const frame = toCompressedFrame(message);
          if (this.#isNew(frame)) this.#lane.push(this.#stamped(frame));
        },
      );
    }
  }

  /** The topic that is listened to, fully qualified and remapped. */
  get topic(): string {
    return this.#subscription.topic;
  }

  get qos(): TopicQos {
    return this.#subscription.qos;
  }

  get counts(): ImageTopicCounts {
    return { received: this.#received, overtaken: this.#lane.overtaken, refused: this.#refused };
  }

  /** Nothing is handed on any more. */
  dispose(): void {
    this.#subscription.dispose();
    this.#lane.dispose();
  }

  /** False for a message that has come before, which it may when the subscription changes its QoS. */
  #isNew({ stampNs }: { readonly stampNs: bigint }): boolean {
    if (stampNs === this.#lastStampNs && stampNs !== 0n) return false;
    this.#lastStampNs = stampNs;
    this.#received += 1;
    return true;
  }

  #stamped<Frame extends { readonly stampNs: bigint }>(frame: Frame): Frame {
    const { arrivalNs } = this.#options;
    return arrivalNs === undefined ? frame : { ...frame, stampNs: arrivalNs() };
  }

  #handOn(frame: ImageFrame): void {
    try {
      checkFrame(`topic ${this.topic}`, frame, this.#options.wanted());
    } catch (problem) {
      this.#refuse(problem);
      return;
    }
    this.#options.onFrame(frame);
  }

  #refuse(problem: unknown): void {
    this.#refused += 1;
    this.#options.onProblem(problem);
  }
}
