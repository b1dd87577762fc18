import type { FrameSet } from '../core/model-info.js';
import type { JointReading } from '../core/types.js';
import type { Proprioception } from '../robot/proprioception.js';
import { MAX_FUTURE_S } from '../safety/watchdog.js';
import type { Timeline } from '../timeline/timeline.js';

/** Takes frames and joint readings into the timeline, and leaves out those whose stamps do not count. */
export class LoopInputs {
  readonly #timeline: Timeline;
  readonly #proprioception: Proprioception | null;
  readonly #clock: { readonly stepS: number };

  constructor(timeline: Timeline, proprioception: Proprioception | null, clock: { readonly stepS: number }) {
    this.#timeline = timeline;
    this.#proprioception = proprioception;
    this.#clock = clock;
  }

  /**
   * If the model takes proprioception, frames from before the first reading are left out.
   *
   * @returns the frame as it is in the timeline; null if it was left out
   */
  addFrame(set: FrameSet, nowNs: bigint): FrameSet | null {
    if (this.#timeline.judgeFrame(set, nowNs, this.#maxFutureS) !== 'accepted') return null;
    const frame = this.#withProprioception(set);
    if (frame !== null) this.#timeline.frames.add(frame);
    return frame;
  }

  /** @throws JepaMpcError `joint-states.wrong-size`, `joint-states.not-finite` */
  addReading(reading: JointReading, nowNs: bigint): void {
    this.#timeline.addReading(reading, nowNs, this.#maxFutureS);
  }

  /** Whether a message about joints is stamped by this clock. One that is not must not be mixed with others into a reading. */
  isOfThisClock(stampNs: bigint, nowNs: bigint): boolean {
    return this.#timeline.readingStamps.isOfThisClock(stampNs, nowNs, this.#maxFutureS);
  }

  get #maxFutureS(): number {
    return MAX_FUTURE_S + this.#clock.stepS;
  }

  #withProprioception(set: FrameSet): FrameSet | null {
    if (this.#proprioception === null) return set;
    const position = this.#timeline.positionAt(set.stampNs);
    const values = this.#proprioception.read(position, this.#timeline.velocityAt(set.stampNs));
    return values.every(Number.isFinite) ? { ...set, proprioception: values } : null;
  }
}
