import type { FrameSet } from '../core/model-info.js';
import type { JointReading } from '../core/types.js';
import { FrozenImage } from '../safety/frozen-image.js';
import { MAX_FUTURE_S } from '../safety/watchdog.js';
import type { Timeline } from '../timeline/timeline.js';
import type { ControlLoopOptions } from './loop-options.js';

type LoopInputOptions = Pick<ControlLoopOptions, 'limits' | 'values' | 'clock' | 'proprioception'>;

/** Takes frames and joint readings into the timeline, and leaves out those whose stamps do not count. */
export class LoopInputs {
  readonly #timeline: Timeline;
  readonly #options: LoopInputOptions;
  readonly #pictures: FrozenImage;

  constructor(timeline: Timeline, options: LoopInputOptions) {
    this.#timeline = timeline;
    this.#options = options;
    this.#pictures = new FrozenImage(options.limits, options.values);
  }

  /** Why the pictures cannot show where the robot is; null when they may. */
  get frozenImage(): string | null {
    return this.#pictures.found;
  }

  /** Forgets the pictures so far. */
  reset(): void {
    this.#pictures.reset();
  }

  /**
   * If the model takes proprioception, frames from before the first reading are left out.
   *
   * @param isCommanded whether the robot is: a picture that stays the same while somebody else moves it may well be right
   * @returns the frame as it is in the timeline; null if it was left out
   */
  addFrame(set: FrameSet, nowNs: bigint, isCommanded: boolean): FrameSet | null {
    if (this.#timeline.judgeFrame(set, nowNs, this.#maxFutureS) !== 'accepted') return null;
    if (isCommanded) this.#pictures.note(set, this.#timeline.positionAt(set.stampNs));
    else this.#pictures.reset();
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
    return MAX_FUTURE_S + this.#options.clock.stepS;
  }

  #withProprioception(set: FrameSet): FrameSet | null {
    const { proprioception } = this.#options;
    if (proprioception === undefined) return set;
    const position = this.#timeline.positionAt(set.stampNs);
    const values = proprioception.read(position, this.#timeline.velocityAt(set.stampNs));
    return values.every(Number.isFinite) ? { ...set, proprioception: values } : null;
  }
}
