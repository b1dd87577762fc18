import { merge } from 'rxjs';
import type { Observable } from 'rxjs';

import type { JepaMpcError } from '../core/errors.js';
import type { FrameSet } from '../core/model-info.js';
import type { JointReading } from '../core/types.js';
import { CommandStream } from '../safety/command-stream.js';
import type { Command } from '../safety/command.js';
import { inWords, type Condition } from '../safety/watchdog.js';
import type { Latency } from '../timeline/latency.js';
import type { Timeline } from '../timeline/timeline.js';
import { capturedGoal } from './captured-goal.js';
import { Anchoring, type ResetOutcome } from './anchoring.js';
import { CommandCycle, type LoopRequests } from './command-cycle.js';
import { LoopInputs } from './loop-inputs.js';
import { timelineOf, type ControlLoopOptions } from './loop-options.js';
import { againstRecovery, strayJoints, type StrayJoint } from './recovery.js';
import { Replanning, type PlanReport } from './replanning.js';

/**
 * The loop that moves the robot: frames, goals and joint readings come in (`LoopInputs`), plans are made in the background, one at a time, always
 * from the newest frame (`Replanning`), and one command leaves per tick (`CommandCycle`). Nothing in here waits: `tick` returns at once with
 * whatever plan there is.
 */
export class ControlLoop {
  readonly #options: ControlLoopOptions;
  readonly #timeline: Timeline;
  readonly #stream: CommandStream;
  readonly #inputs: LoopInputs;
  readonly #anchoring: Anchoring;
  readonly #replanning: Replanning;
  readonly #cycle: CommandCycle;
  #requests: LoopRequests = {
    isActive: false,
    isPaused: false,
    isGoalGivenUp: false,
    brakeReason: null,
    isRecovering: false,
  };
  #lastTickNs: bigint | null = null;

  /** Plans as they take effect, while the loop runs. */
  readonly plans$: Observable<PlanReport>;
  /** Failures that did not stop the loop. */
  readonly problems$: Observable<JepaMpcError>;

  constructor(options: ControlLoopOptions) {
    const timeline = timelineOf(options);
    const stream = new CommandStream({
      ...options,
      timeline,
      speedScale: () => options.operator?.().speedScale ?? 1,
      retreatsFar: options.effortLaw !== undefined,
      softStartS: () => options.values()['command.soft_start_s'],
    });
    const beginAt = (position: Float64Array, nowNs: bigint): void => {
      this.#beginAt(position, nowNs);
    };
    const anchoring = new Anchoring(
      timeline,
      stream,
      beginAt,
      options.outside,
      () => options.jointMessages?.contradiction(options.clock.nowNs) ?? null,
    );
    const mayMove = (): boolean => this.#mayMove;
    const replanning = new Replanning({ ...options, timeline, stream, mayMove });
    this.#options = options;
    this.#timeline = timeline;
    this.#stream = stream;
    const inputs = new LoopInputs(timeline, options);
    this.#inputs = inputs;
    this.#anchoring = anchoring;
    this.#replanning = replanning;
    this.#cycle = new CommandCycle(options, { timeline, stream, inputs, anchoring, replanning });
    this.plans$ = replanning.reports$;
    this.problems$ = merge(this.#cycle.problems$, replanning.problems$);
  }

  // Inputs

  onFrame(set: FrameSet, nowNs: bigint): void {
    const frame = this.#inputs.addFrame(set, nowNs, this.#requests.isActive);
    if (frame !== null) this.#replanning.onFrame(frame);
  }

  /** Null: the robot is to have none, and brakes to rest. */
  onGoal(goal: FrameSet | null): void {
    this.#request({ isGoalGivenUp: goal === null });
    this.#replanning.setGoal(goal);
  }

  /** See {@link LoopInputs.isOfThisClock}. */
  isOfThisClock(stampNs: bigint, nowNs: bigint): boolean {
    return this.#inputs.isOfThisClock(stampNs, nowNs);
  }

  /** @throws JepaMpcError `joint-states.wrong-size`, `joint-states.not-finite` */
  onReading(reading: JointReading, nowNs: bigint): void {
    this.#inputs.addReading(reading, nowNs);
  }

  // Plans

  /** Starts planning and sending commands, from the measured pose on: with the first tick by which the robot is at rest and its readings agree. */
  start(nowNs: bigint): void {
    this.#request({ isActive: true, isRecovering: false, brakeReason: null });
    this.#cycle.start();
    this.#anchoring.request(true, nowNs);
    this.#replanning.start();
  }

  /**
   * Moves joints that are outside their limits slowly back inside, without planning. It ends by itself, see {@link isRecovering}.
   *
   * @returns the joints that move, or why none may: readings that are missing or do not agree
   */
  recover(nowNs: bigint): readonly StrayJoint[] | { readonly refusal: string } {
    const outcome = this.#anchoring.reset(false, nowNs);
    if (outcome.state !== 'anchored') return { refusal: this.#anchoring.disagreement ?? 'the robot moves' };
    const strays = strayJoints(this.#options.limits, outcome.position);
    if (strays.length === 0) {
      this.#stream.release();
      return strays;
    }
    this.#request({ isActive: true, isRecovering: true, brakeReason: null });
    this.#cycle.start();
    this.#stream.recover();
    return strays;
  }

  /** What keeps joints from moving back inside their limits now, in words; null when nothing does. */
  blockerOfRecovery(nowNs: bigint): string | null {
    const against = againstRecovery(this.look(nowNs).reasons);
    return against.length === 0 ? null : inWords({ reasons: against });
  }

  /** Whether `recover` is under way: a joint still moves, or is to. A stop ends it once the robot is at rest. */
  get isRecovering(): boolean {
    if (!this.#requests.isRecovering) return false;
    const isStopped = againstRecovery(this.condition.reasons).some(({ level }) => level === 'stop');
    return !this.isAtRest || (this.#stream.isRecovering && !isStopped);
  }

  setPaused(isPaused: boolean): void {
    this.#request({ isPaused });
    // At once, not with the next tick: a plan that arrives before it would be refused. Any other reason to hold is seen again by then.
    if (!isPaused) this.#stream.resume();
  }

  /**
   * Forgets frames, plan and warm start, clears faults and takes the measured pose as the desired one. Frames stamped up to `nowNs` are refused
   * from now on. A robot that moves comes to rest first; one whose readings contradict each other is refused, as is one that is commanded and
   * outside its limits, and nothing has changed.
   */
  reset(nowNs: bigint): ResetOutcome {
    const outcome = this.#anchoring.reset(this.#requests.isActive, nowNs);
    if (outcome.state === 'braking') this.#replanning.drop();
    return outcome;
  }

  #beginAt(position: Float64Array, nowNs: bigint): void {
    this.#replanning.reset();
    this.#timeline.reset(nowNs);
    // A simulated run that begins anew goes as it would without the runs before it.
    if (this.#options.clock.isSimulated) this.#timeline.forgetLatency();
    this.#inputs.reset();
    this.#stream.resume();
    this.#stream.anchor(position);
    this.#cycle.beginAt(position, nowNs);
  }

  /** Drops the plan: the next ticks brake the robot to rest and keep it there. Planning ends. */
  brake(reason: string): void {
    this.#replanning.drop();
    this.#request({ brakeReason: reason });
  }

  /** Ends planning and sending commands at once. */
  stop(): void {
    this.#request({ isActive: false, isRecovering: false });
    this.#replanning.stop();
    this.#stream.release();
  }

  get #mayMove(): boolean {
    const { isActive, isPaused, isRecovering, brakeReason } = this.#requests;
    const isDryRun = this.#options.operator?.().isDryRun === true;
    const isFree = isActive && !isPaused && !isRecovering && brakeReason === null;
    return isFree && (isDryRun || !this.#anchoring.isPending);
  }

  #request(change: Partial<LoopRequests>): void {
    this.#requests = { ...this.#requests, ...change };
  }

  // Commands

  /**
   * One command period. Returns the command to send, or null if nothing may be sent (not active, or the pose is not known yet).
   *
   * @param periods command periods since the last tick, at least 1, by a clock that is never set. Without it the time on `nowNs` counts
   */
  tick(nowNs: bigint, periods?: number): Command | null {
    this.#lastTickNs = nowNs;
    return this.#cycle.tick(nowNs, this.#requests, periods);
  }

  /** Looks at the inputs, as each tick does; for a loop that does not tick. */
  look(nowNs: bigint): Condition {
    return this.#cycle.look(nowNs, this.#requests);
  }

  // State, for diagnostics

  /** Result of the last look at the inputs. */
  get condition(): Condition {
    return this.#cycle.condition;
  }

  /** See {@link CommandCycle.isAtRest}. */
  get isAtRest(): boolean {
    return this.#cycle.isAtRest;
  }

  /** In the order of commands. */
  get joints(): readonly string[] {
    return this.#options.model.joints;
  }

  get reading(): JointReading | null {
    return this.#timeline.readings.newest;
  }

  /** How late frames and plans are. */
  get latency(): Latency {
    return this.#timeline.latency;
  }

  /** Messages refused for their stamps, repeated ones left out. */
  get refusedStamps(): { readonly frames: number; readonly readings: number } {
    const { frameStamps, readingStamps } = this.#timeline;
    return { frames: frameStamps.refused, readings: readingStamps.refused };
  }

  /** How long the robot needs to brake to rest, s. */
  get brakingTimeS(): number {
    return this.#stream.brakingTimeS;
  }

  /** Why the measured pose cannot be taken: readings that are missing or do not agree. Null if it can. */
  get poseDisagreement(): string | null {
    return this.#anchoring.disagreement;
  }

  get goalStampNs(): bigint | null {
    return this.#replanning.goal?.stampNs ?? null;
  }

  get lastTickNs(): bigint | null {
    return this.#lastTickNs;
  }

  /** Age of the frame behind the newest plan when the first command of that plan was sent, ms. */
  get frameToCommandMs(): number | null {
    return this.#replanning.frameToCommandMs;
  }

  get newestFrame(): FrameSet | null {
    return this.#timeline.frames.newest;
  }

  /** See {@link capturedGoal}. */
  get capturedGoal(): FrameSet | null {
    const { proprioception, values } = this.#options;
    const freshS = values()['watchdog.joint_states_timeout_s'];
    return capturedGoal({ timeline: this.#timeline, joints: this.joints, freshS, proprioception });
  }
}
