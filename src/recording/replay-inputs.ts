import { JepaMpcError } from '../core/errors.js';
import type { FrameSet } from '../core/model-info.js';
import type { ImageFrame } from '../core/types.js';
import { decodeCompressed } from '../perception/decode-compressed.js';
import { imageFrame, type LoadRecord, type RequestRecord } from './planner-records.js';
import type { RecordedMessage } from './read-recording.js';
import { decode } from './ros-message.js';
import { COMPRESSED_IMAGE, IMAGE } from './ros-types.js';

/** Images stay this much longer than a history reaches back: a request is made some frames after its newest image. */
const KEPT_LONGER_NS = 5_000_000_000n;
/** How long they stay before it is known how far a history reaches back. */
const KEPT_AT_FIRST_NS = 10_000_000_000n;
/** Maximum number of images kept of a topic. */
const MOST_KEPT = 4096;

/** Images of the cameras as they were recorded, for as long as a request may need them. */
export class ReplayInputs {
  /** Messages by their stamp, for each topic, in the order of the file. */
  readonly #images = new Map<string, Map<bigint, RecordedMessage>>();
  #keptNs = KEPT_AT_FIRST_NS;
  #load: LoadRecord | null = null;
  /** Frames of the last request. */
  #last: ReadonlyMap<bigint, FrameSet> = new Map();

  /** The cameras of the requests that follow. */
  onLoad(load: LoadRecord): void {
    this.#load = load;
    const { window, block, period_ms: periodMs } = load;
    this.#keptNs = BigInt(Math.round(window * block * periodMs * 1e6)) + KEPT_LONGER_NS;
  }

  /** Keeps a message if it is an image. Its stamp is the time it was published at: see docs/recording.md. */
  add(message: RecordedMessage): void {
    if (message.type !== IMAGE.name && message.type !== COMPRESSED_IMAGE.name) return;
    const images = this.#images.get(message.topic) ?? new Map<bigint, RecordedMessage>();
    this.#images.set(message.topic, images);
    const stampNs = message.publishNs;
    // Last in the order of the file, also if the clock went back to the same stamp.
    images.delete(stampNs);
    images.set(stampNs, message);
    for (const oldNs of images.keys()) {
      if (stampNs - oldNs <= this.#keptNs && images.size <= MOST_KEPT) return;
      images.delete(oldNs);
    }
  }

  /**
   * The history of a request.
   *
   * @throws JepaMpcError `recording.no-plans` for an image that the recording does not have
   */
  async history({ history, plan_index }: RequestRecord): Promise<readonly FrameSet[]> {
    const sets = new Map<bigint, FrameSet>();
    const all: FrameSet[] = [];
    for (const { stamp: stampNs, image_stamps, proprioception } of history) {
      let set = sets.get(stampNs) ?? (plan_index === 0 ? undefined : this.#last.get(stampNs));
      if (set === undefined) {
        const frames: ImageFrame[] = [];
        for (const [camera, imageNs] of image_stamps.entries())
          frames.push(await this.#frame(camera, imageNs));
        set = { stampNs, frames, ...(proprioception.length > 0 && { proprioception }) };
      }
      sets.set(stampNs, set);
      all.push(set);
    }
    this.#last = sets;
    return all;
  }

  async #frame(camera: number, stampNs: bigint): Promise<ImageFrame> {
    const topic = this.#load?.camera_topics[camera] ?? '';
    const wanted = this.#load?.wanted_images[camera] === 'grey' ? 'grey' : 'colour';
    const message = this.#images.get(topic)?.get(stampNs);
    if (message === undefined) {
      throw new JepaMpcError('recording.no-plans', {
        subject: topic === '' ? `camera ${String(camera)}` : `topic ${topic}`,
        found: `no image stamped ${String(stampNs)} ns`,
        expected: 'every image that a plan was made from',
        remedy:
          'Record with recording.images: true. If the diagnostics count dropped messages, raise recording.queue_mb.',
      });
    }
    if (message.type === IMAGE.name) return imageFrame(decode(IMAGE, message.data), stampNs);
    const { format, data } = decode(COMPRESSED_IMAGE, message.data);
    return decodeCompressed(`topic ${topic}`, { stampNs, format, data }, wanted);
  }
}
