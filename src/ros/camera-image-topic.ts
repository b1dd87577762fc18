import type rclnodejs from 'rclnodejs';
import { catchError, defer, EMPTY, from, Subject } from 'rxjs';
import type { Observable, Subscription } from 'rxjs';

import type { ImageFrame } from '../core/types.js';
import { newestWins } from '../pipeline/newest-wins.js';
import { decodeCompressed } from '../vision/decode-compressed.js';
import type { CompressedFrame } from '../vision/decode-compressed.js';
import { checkFrame } from '../vision/encodings.js';
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
  /** Given frames whose encoding and sizes can be read, in the order of arrival. */
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

interface Arrival {
  readonly index: number;
  readonly frame: CompressedFrame;
}

/**
 * The images of one topic, raw or compressed. Compressed ones are decoded in other threads, one at a time; what arrives meanwhile waits, and
 * only the newest of it is decoded, so a slow decoder costs frames and never adds to their age.
 */
export class ImageTopic {
  readonly #options: ImageTopicOptions;
  readonly #subscription: { readonly topic: string; readonly qos: TopicQos; dispose: () => void };
  readonly #compressed = new Subject<Arrival>();
  readonly #decoding: Subscription;
  #lastStampNs: bigint | null = null;
  #received = 0;
  #overtaken = 0;
  #lastDecoded = 0;
  #refused = 0;

  constructor(node: rclnodejs.Node, options: ImageTopicOptions) {
    this.#options = options;
    const { topic, transport } = options;
    this.#decoding = this.#compressed
      .pipe(newestWins((arrival) => defer(() => this.#decode(arrival))))
      .subscribe((frame) => {
        this.#handOn(frame);
      });
    if (transport === 'raw') {
      this.#subscription = new QosSubscription(node, 'sensor_msgs/msg/Image', topic, options, (message) => {
        const frame = toImageFrame(message);
        if (this.#isNew(frame)) this.#handOn(frame);
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
          if (this.#isNew(frame)) this.#compressed.next({ index: this.#received, frame });
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
    return { received: this.#received, overtaken: this.#overtaken, refused: this.#refused };
  }

  /** Nothing is handed on any more. */
  dispose(): void {
    this.#subscription.dispose();
    this.#decoding.unsubscribe();
  }

  /** False for a message that has come before, which it may when the subscription changes its QoS. */
  #isNew({ stampNs }: { readonly stampNs: bigint }): boolean {
    if (stampNs === this.#lastStampNs && stampNs !== 0n) return false;
    this.#lastStampNs = stampNs;
    this.#received += 1;
    return true;
  }

  #decode({ index, frame }: Arrival): Observable<ImageFrame> {
    this.#overtaken += index - this.#lastDecoded - 1;
    this.#lastDecoded = index;
    return from(decodeCompressed(`topic ${this.topic}`, frame)).pipe(
      catchError((problem: unknown) => {
        this.#refuse(problem);
        return EMPTY;
      }),
    );
  }

  #handOn(frame: ImageFrame): void {
    try {
      checkFrame(`topic ${this.topic}`, frame);
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
