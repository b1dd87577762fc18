import { merge, Subject } from 'rxjs';
import type { Observable } from 'rxjs';

import { JepaMpcError } from '../core/errors.js';
import type { FrameSet } from '../core/model-info.js';
import type { JointReading } from '../core/types.js';
import { CommandStream } from '../safety/command-stream.js';
import type { Command } from '../safety/command-stream.js';
import { CommandValidator } from '../safety/command-validator.js';
import type { CommandViolation } from '../safety/command-validator.js';
import { assessCondition, MAX_FUTURE_S } from '../safety/watchdog.js';
import type { Condition } from '../safety/watchdog.js';
import type { Latency } from '../timeline/latency.js';
import type { Timeline } from '../timeline/timeline.js';
import { Anchoring, type ResetOutcome } from './anchoring.js';
import { EffortCommands } from './effort-commands.js';
import { timelineOf, type ControlLoopOptions } from './loop-options.js';
import { Replanning, type PlanReport } from './replanning.js';

/**
 * The loop that moves the robot: frames, goals and joint readings come in, one command leaves per tick. Planning runs in the background, one
 * plan at a time, always from the newest frame. Nothing in here waits: `tick` returns at once with whatever plan there is.
 */
export class ControlLoop {
  readonly #options: ControlLoopOptions;
  readonly #timeline: Timeline;
  readonly #stream: CommandStream;
  readonly #validator: CommandValidator;
  readonly #anchoring: Anchoring;
  readonly #replanning: Replanning;
  readonly #efforts: EffortCommands | null;
  readonly #problems = new Subject<JepaMpcError>();
  #lastTickNs: bigint | null = null;
  #isActive = false;
  #isPaused = false;
  /** There was a goal, and the robot is to have none any more. */
  #isGoalGivenUp = false;
  #brakeReason: string | null = null;
  #isAtRest = true;
  #violation: string | null = null;
  #condition: Condition = { level: 'stop', reasons: [] };

  /** Plans as they take effect, while the loop runs. */
  readonly plans$: Observable<PlanReport>;
  /** Failures that did not stop the loop. */
  readonly problems$: Observable<JepaMpcError>;

  constructor(options: ControlLoopOptions) {
    this.#options = options;
    const { limits, semantics, commandPeriodNs, trackingTolerances, effortLaw } = options;
    const timeline = timelineOf(options);
    const stream = new CommandStream({ limits, semantics, commandPeriodNs, trackingTolerances, timeline });
    this.#timeline = timeline;
    this.#stream = stream;
    this.#validator = new CommandValidator(limits, commandPeriodNs);
    this.#anchoring = new Anchoring(timeline, stream, (position, nowNs) => {
      this.#beginAt(position, nowNs);
    });
    this.#replanning = new Replanning({
      ...options,
      extras: options.extras,
      scheduler: options.scheduler,
      limits: {
        lower: Float64Array.from(limits, ({ lower }) => lower),
        upper: Float64Array.from(limits, ({ upper }) => upper),
        units: limits.map(({ unit }) => unit),
      },
      timeline,
      stream,
      mayMove: () => this.#mayMove,
    });
    this.#efforts = effortLaw === undefined ? null : new EffortCommands(effortLaw, limits, timeline);
    this.plans$ = this.#replanning.reports$;
    this.problems$ = merge(this.#problems, this.#replanning.problems$);
  }

  // Inputs

  /** If the model takes proprioception, frames from before the first reading are left out. */
  onFrame(set: FrameSet, nowNs: bigint): void {
    if (this.#timeline.judgeFrame(set, nowNs, this.#maxFutureS) !== 'accepted') return;
    const frame = this.#withProprioception(set);
    if (frame === null) return;
    this.#timeline.frames.add(frame);
    this.#replanning.onFrame(frame);
  }

  #withProprioception(set: FrameSet): FrameSet | null {
    const { proprioception = null } = this.#options;
    if (proprioception === null) return set;
    const position = this.#timeline.positionAt(set.stampNs);
    const values = proprioception.read(position, this.#timeline.velocityAt(set.stampNs));
    return values.every(Number.isFinite) ? { ...set, proprioception: values } : null;
  }

  /** Null: the robot is to have none, and brakes to rest. */
  onGoal(goal: FrameSet | null): void {
    this.#isGoalGivenUp = goal === null;
    this.#replanning.setGoal(goal);
  }

  /** Whether a message about joints is stamped by this clock. One that is not must not be mixed with others into a reading. */
  isOfThisClock(stampNs: bigint, nowNs: bigint): boolean {
    return this.#timeline.readingStamps.isOfThisClock(stampNs, nowNs, this.#maxFutureS);
  }

  /** @throws JepaMpcError `joint-states.wrong-size`, `joint-states.not-finite` */
  onReading(reading: JointReading, nowNs: bigint): void {
    this.#timeline.addReading(reading, nowNs, this.#maxFutureS);
  }

  get #maxFutureS(): number {
    return MAX_FUTURE_S + this.#options.clock.stepS;
  }

  // Requests

  /** Starts planning and sending commands, from the measured pose on: with the first tick by which the robot is at rest and its readings agree. */
  start(nowNs: bigint): void {
    this.#isActive = true;
    this.#isAtRest = true;
    this.#brakeReason = null;
    this.#anchoring.request(this.#isActive, nowNs);
    this.#replanning.start();
  }

  setPaused(paused: boolean): void {
    this.#isPaused = paused;
    // At once, not with the next tick: a plan that arrives before it would be refused. Any other reason to hold is seen again by then.
    if (!paused) this.#stream.resume();
  }

  /**
   * Forgets frames, plan and warm start, clears faults and takes the measured pose as the desired one. Frames stamped up to `nowNs` are refused
   * from now on. A robot that moves comes to rest first; one whose readings contradict each other is refused, and nothing has changed.
   */
  reset(nowNs: bigint): ResetOutcome {
    const outcome = this.#anchoring.reset(this.#isActive, nowNs);
    if (outcome.state === 'braking') this.#replanning.drop();
    return outcome;
  }

  #beginAt(position: Float64Array, nowNs: bigint): void {
    this.#violation = null;
    this.#replanning.reset();
    this.#timeline.reset(nowNs);
    this.#stream.resume();
    this.#stream.anchor(position);
    this.#validator.restart(position, nowNs);
  }

  /** Drops the plan: the next ticks brake the robot to rest and keep it there. Planning ends. */
  brake(reason: string): void {
    this.#replanning.drop();
    this.#brakeReason = reason;
  }

  /** Ends planning and sending commands at once. */
  stop(): void {
    this.#isActive = false;
    this.#replanning.stop();
    this.#stream.release();
  }

  get #mayMove(): boolean {
    return this.#isActive && !this.#isPaused && this.#brakeReason === null && !this.#anchoring.isPending;
  }

  // Commands

  /** One command period. Returns the command to send, or null if nothing may be sent (not active, or the pose is not known yet). */
  tick(nowNs: bigint): Command | null {
    this.#lastTickNs = nowNs;
    this.look(nowNs);
    if (!this.#isActive) return null;
    this.#anchoring.takeIfDue(this.#isBlind, nowNs);
    const holdReason = this.#holdReason();
    if (holdReason === null) this.#stream.resume();
    else this.#stream.hold(holdReason);
    const guidance = this.#anchoring.isPending ? 'rest' : this.#isBlind ? 'blind' : 'readings';
    const moved = this.#stream.tick(nowNs, guidance);
    if (moved === null) return null;
    this.#replanning.noteTick(nowNs);
    const command = this.#efforts?.add(moved, this.#isBlind ? null : this.reading) ?? moved;
    const violation = this.#validator.check(command);
    if (violation !== null) {
      // This one must not be sent. What is sent instead is for the caller to decide: it depends on what the robot was sent last.
      this.#violation ??= violation.message;
      this.#problems.next(outsideLimits(violation));
      return null;
    }
    const isStill = command.velocities.every((velocity) => velocity === 0);
    this.#isAtRest = isStill && (this.#efforts?.hasComeToRest(this.reading) ?? true);
    if (command.mode === 'plan') this.#replanning.noteCommand(nowNs);
    return command;
  }

  /** Looks at the inputs, as each tick does; for a loop that does not tick. */
  look(nowNs: bigint): Condition {
    const { frameStamps, readingStamps } = this.#timeline;
    this.#timeline.observe(nowNs);
    this.#condition = assessCondition(
      {
        nowNs,
        image: frameStamps,
        jointStates: readingStamps,
        planEndNs: this.#stream.planEndNs(nowNs),
        paused: this.#isPaused,
        active: this.#isActive,
        workerAlive: this.#replanning.isPlannerAlive,
        clockJumped: this.#timeline.clockWentBack,
        fault: this.#violation ?? this.#stream.fault,
        unsettled: this.#anchoring.waitsFor,
      },
      this.#options.values(),
    );
    return this.#condition;
  }

  /** The newest reading is too old to rely on. */
  get #isBlind(): boolean {
    return this.#condition.reasons.some(({ name }) => name === 'joint_states');
  }

  #holdReason(): string | null {
    if (this.#brakeReason !== null) return this.#brakeReason;
    if (this.#isGoalGivenUp) return 'the goal was given up';
    if (this.#anchoring.isPending) {
      const { waitsFor } = this.#anchoring;
      return `the measured pose is to be taken${waitsFor === null ? ': braking first' : `, but ${waitsFor}`}`;
    }
    const holding = this.#condition.reasons.filter((reason) => reason.level === 'hold');
    return holding.length === 0
      ? null
      : holding.map((reason) => `${reason.name}: ${reason.found}`).join('; ');
  }

  // State, for diagnostics

  /** Result of the last look at the inputs. */
  get condition(): Condition {
    return this.#condition;
  }

  /** Whether the last command was one of rest. If efforts are commanded, the robot itself has to have come to rest, too. */
  get isAtRest(): boolean {
    return this.#isAtRest;
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
}

function outsideLimits({ joint, kind, found, limit }: CommandViolation): JepaMpcError {
  return new JepaMpcError('command.outside-limits', {
    subject: `command for joint ${joint}`,
    found: `${kind} ${String(found)}`,
    expected: `at most ${String(limit)}`,
    remedy:
      'The command was not sent and the robot holds. This is a defect: please report it; ~/reset clears it.',
  });
}
