import type rclnodejs from 'rclnodejs';

import type { WantedImage } from '../../core/model-spec.js';
import type { ImageFrame } from '../../core/types.js';
import { DecodeLane } from '../../perception/decode-lane.js';
import { decodeCompressed } from '../../perception/decode-compressed.js';
import type { CompressedFrame } from '../../perception/decode-compressed.js';
import { checkFrame } from '../../perception/encodings.js';
import { toCompressedFrame, toImageFrame } from './messages.js';
import type { TopicQos, WantedQos } from './qos-policies.js';
import type { Topics, TopicSubscription } from './topics.js';

export type ImageTransport = 'raw' | 'compressed';

/** An image as it was received. */
export type ReceivedImage = {
  /** Fully qualified and remapped. */
  readonly topic: string;
  /** By which it counts: that of its header, or its arrival. */
  readonly stampNs: bigint;
} & (
  | { readonly transport: 'raw'; readonly message: rclnodejs.sensor_msgs.msg.Image }
  | { readonly transport: 'compressed'; readonly message: rclnodejs.sensor_msgs.msg.CompressedImage }
);

export interface ImageTopicOptions {
  /** Topic of the raw images, relative or not; compressed ones are on `<topic>/compressed`. */
  readonly topic: string;
  readonly transport: ImageTransport;
  readonly qos: WantedQos;
  /** What the model was trained on, read for each frame; a frame of another kind is refused. */
  readonly wanted: () => WantedImage;
  /** The time, if frames are to be stamped on arrival. */
  readonly arrivalNs?: () => bigint;
  /** Gets every new image, readable or not, before its frame. */
  readonly onReceived?: (image: ReceivedImage) => void;
  /** Gets readable frames of the wanted kind, in the order of arrival. */
  readonly onFrame: (frame: ImageFrame) => void;
  /** Gets the reason why a frame was refused. */
  readonly onProblem: (problem: unknown) => void;
}

/** Frames of a topic since the start. */
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
  readonly #subscription: TopicSubscription;
  readonly #lane: DecodeLane<CompressedFrame, ImageFrame>;
  #lastStampNs: bigint | null = null;
  #received = 0;
  #refused = 0;

  constructor(topics: Topics, options: ImageTopicOptions) {
    this.#options = options;
    const { topic, transport, qos } = options;
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
      this.#subscription = topics.subscribe('sensor_msgs/msg/Image', topic, qos, (message) => {
        const received = toImageFrame(message);
        if (!this.#isNew(received)) return;
        const frame = this.#stamped(received);
        options.onReceived?.({ topic: this.topic, stampNs: frame.stampNs, transport, message });
        this.#handOn(frame);
      });
    } else {
      const name = `${topics.resolve(topic)}/compressed`;
      this.#subscription = topics.subscribe('sensor_msgs/msg/CompressedImage', name, qos, (message) => {
        const received = toCompressedFrame(message);
        if (!this.#isNew(received)) return;
        const frame = this.#stamped(received);
        options.onReceived?.({ topic: this.topic, stampNs: frame.stampNs, transport, message });
        this.#lane.push(frame);
      });
    }
  }

  /** The topic that is subscribed to, fully qualified and remapped. */
  get topic(): string {
    return this.#subscription.topic;
  }

  get qos(): TopicQos {
    return this.#subscription.qos;
  }

  get counts(): ImageTopicCounts {
    return { received: this.#received, overtaken: this.#lane.overtaken, refused: this.#refused };
  }

  /** No frame is handed on after this. */
  dispose(): void {
    this.#subscription.dispose();
    this.#lane.dispose();
  }

  /** False for a repeated message: it may come twice when the subscription changes its QoS. */
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
