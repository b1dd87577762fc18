import { f64 } from '../core/array-access.js';
import { JepaMpcError } from '../core/errors.js';
import type { FrameSet } from '../core/model-info.js';
import { msToNs } from '../core/time.js';
import type { JointReading } from '../core/types.js';
import { ClockGuard } from './clock-guard.js';
import { committedPrefix, type PrefixSemantics } from './committed-prefix.js';
import { FrameLog } from './frame-log.js';
import { Latency } from './latency.js';
import { PlanLog } from './plan-log.js';
import { ReadingLog, type ReadingJoint } from './reading-log.js';
import { SentLog } from './sent-log.js';
import { StampJudge, type StampVerdict } from './stamp-judge.js';

export interface TimelineOptions {
  readonly joints: readonly ReadingJoint[];
  readonly semantics: PrefixSemantics;
  readonly commandPeriodNs: bigint;
  /** Length of a control period, ms. */
  readonly periodMs: number;
  /** Number of frames that a plan starts from. */
  readonly window: number;
  /** Time between two of them, ms. */
  readonly stepMs: number;
}

/**
 * What happened when: a bounded, stamped log of frames, readings, sent commands and plans. It is the one place that decides which stamps are
 * accepted. It has no timers and no clock; time is passed in. (Latents are cached by the same stamps where they are computed, in the planner
 * worker.)
 *
 * No measurement shows the robot as it is now: a frame is 30 to 150 ms old when it arrives, a reading 5 to 20 ms. So every comparison is made at
 * one time: a reading is compared with the desired state at its stamp, a plan with the commands sent since its frame.
 */
export class Timeline {
  readonly frames: FrameLog;
  readonly readings: ReadingLog;
  readonly sent: SentLog;
  readonly plans = new PlanLog();
  readonly frameStamps = new StampJudge();
  readonly readingStamps = new StampJudge();
  readonly #options: TimelineOptions;
  readonly #clock = new ClockGuard();
  readonly #desired: Float64Array;
  #latency = new Latency();

  constructor(options: TimelineOptions) {
    const { joints, semantics, commandPeriodNs, window, stepMs } = options;
    this.#options = options;
    this.frames = new FrameLog(window, stepMs);
    this.readings = new ReadingLog(joints);
    this.sent = new SentLog(joints.length, semantics.size, commandPeriodNs);
    this.#desired = new Float64Array(joints.length);
  }

  /** How late frames and plans are. */
  get latency(): Latency {
    return this.#latency;
  }

  /** Whether the clock has gone backwards since the last `reset`. */
  get clockWentBack(): boolean {
    return this.#clock.jumped;
  }

  /** Records the time. If it went backwards, everything logged belongs to another time and is forgotten; only `clockWentBack` remains. */
  observe(nowNs: bigint): void {
    if (this.#clock.observe(nowNs)) this.#beginAnew();
  }

  /**
   * Forgets frames, plans and sent commands, and that the clock went back. Frames stamped up to `nowNs` are refused from now on. Readings are
   * kept: they show where the robot is. So are latencies, which are those of the machine and its camera.
   */
  reset(nowNs: bigint): void {
    this.#clock.reset();
    // A clock that goes back before the next tick has gone back, too.
    this.#clock.observe(nowNs);
    this.frames.clear();
    this.frameStamps.refuseUpTo(nowNs);
    this.plans.reset();
    this.sent.clear();
  }

  /** Forgets how late frames and plans were. */
  forgetLatency(): void {
    this.#latency = new Latency();
  }

  /**
   * Judges the stamp of a frame. If it is `accepted`, the caller adds the frame to `frames`, or drops it.
   *
   * @param futureS see {@link StampJudge.judge}
   */
  judgeFrame({ stampNs }: FrameSet, nowNs: bigint, futureS: number): StampVerdict {
    this.observe(nowNs);
    const verdict = this.frameStamps.judge(stampNs, nowNs, futureS);
    if (verdict === 'accepted') this.latency.noteFrame(Number(nowNs - stampNs) / 1e6);
    return verdict;
  }

  /**
   * Logs a reading if its stamp is accepted.
   *
   * @param futureS see {@link StampJudge.judge}
   * @throws JepaMpcError `joint-states.wrong-size`, `joint-states.not-finite`
   */
  addReading(reading: JointReading, nowNs: bigint, futureS: number): StampVerdict {
    this.#assertReading(reading);
    this.observe(nowNs);
    const verdict = this.readingStamps.judge(reading.stampNs, nowNs, futureS);
    if (verdict === 'accepted') this.readings.add(reading);
    return verdict;
  }

  /**
   * The joint positions at a time: as measured up to the newest reading; after it, moved by what was commanded since.
   *
   * @returns a new array `[J]`, rad or m; NaN when there is no reading
   */
  positionAt(timeNs: bigint): Float64Array {
    const { readings, sent } = this;
    const position = readings.positionAt(timeNs, new Float64Array(this.#desired.length));
    const newestNs = readings.newest?.stampNs;
    if (newestNs === undefined || timeNs <= newestNs || !sent.covers(newestNs)) return position;
    sent.desiredAt(newestNs, this.#desired);
    for (const [joint, from] of this.#desired.entries()) position[joint] = f64(position, joint) - from;
    sent.desiredAt(timeNs, this.#desired);
    for (const [joint, to] of this.#desired.entries()) position[joint] = f64(position, joint) + to;
    return position;
  }

  /** The joint velocities at a time. @returns a new array `[J]`, rad/s or m/s; NaN where they are neither measured nor known from positions */
  velocityAt(timeNs: bigint): Float64Array {
    return this.readings.velocityAt(timeNs, new Float64Array(this.#desired.length));
  }

  /** See {@link committedPrefix}. @param restPosition desired positions `[J]` now @returns `[count, A]` */
  committedPrefix(fromNs: bigint, count: number, restPosition: Float64Array): Float32Array {
    const { sent, plans } = this;
    const { semantics, commandPeriodNs, periodMs } = this.#options;
    return committedPrefix(
      { sent, plans, semantics, commandPeriodNs, restPosition },
      fromNs,
      count,
      periodMs,
    );
  }

  /**
   * Whether a frame shows a robot at rest that stays there until the next plan: only rest was commanded since a control period before the frame,
   * and nothing is due.
   */
  isRestFrom(frameStampNs: bigint, nowNs: bigint): boolean {
    const settleNs = msToNs(this.#options.periodMs);
    return this.sent.restsSince(frameStampNs - settleNs) && !this.plans.isDueAfter(nowNs);
  }

  #beginAnew(): void {
    this.frames.clear();
    this.readings.clear();
    this.sent.clear();
    this.plans.reset();
    this.frameStamps.restart();
    this.readingStamps.restart();
  }

  #assertReading({ position }: JointReading): void {
    const joints = this.#desired.length;
    if (position.length !== joints) {
      throw new JepaMpcError('joint-states.wrong-size', {
        subject: 'joint reading',
        found: `${String(position.length)} positions`,
        expected: String(joints),
        remedy: 'Give one position for each joint of the model.',
      });
    }
    if (!position.every(Number.isFinite)) {
      throw new JepaMpcError('joint-states.not-finite', {
        subject: 'joint reading',
        found: `positions ${position.join(', ')}`,
        expected: 'finite numbers',
        remedy: 'Check the driver of this robot.',
      });
    }
  }
}
