import { Subject } from 'rxjs';
import type { Observable, SchedulerLike } from 'rxjs';
import { catchError, defer, EMPTY, filter, from, map, TimeoutError, timeout } from 'rxjs';

import { CommandStream } from '../safety/command-stream.js';
import type { Command, PlanOrigin } from '../safety/command-stream.js';
import { CommandValidator } from '../safety/command-validator.js';
import type { EffortLaw } from '../safety/effort-law.js';
import type { Proprioception } from '../robot/proprioception.js';
import { assessCondition } from '../safety/watchdog.js';
import type { Condition, WatchdogThresholds } from '../safety/watchdog.js';
import { JepaMpcError } from '../core/errors.js';
import type { FrameSet, ModelInfo } from '../core/model-info.js';
import type { ActionSemantics, JointSituation } from '../core/ports.js';
import type { JointLimit, JointReading, Plan } from '../core/types.js';
import type { Latency } from '../timeline/latency.js';
import { firstFreeNs } from '../timeline/plan-log.js';
import { Timeline } from '../timeline/timeline.js';
import { newestWins } from '../perception/newest-wins.js';
import { asOneMove, extraSearchMs, iterationsOf } from './one-move.js';
import { NO_EXTRAS } from '../planning/planner-port.js';
import type { PlanExtras, PlannerPort, PlannerTuning } from '../planning/planner-port.js';

/** What may change from tick to tick and from plan to plan. */
export interface LoopSettings {
  readonly tuning: PlannerTuning;
  readonly thresholds: WatchdogThresholds;
  readonly planTimeoutMs: number;
  /** How much longer a plan may take for which something has to be compiled first. */
  readonly compileTimeoutMs: number;
  /** Where the number of control periods that a plan cannot change any more comes from: what was measured, or `committedPeriods`. */
  readonly latency: 'measured' | 'fixed';
  /** Until something has been measured, too. */
  readonly committedPeriods: number;
  /** How often a plan is made; `auto`: from every frame while no more than one period is committed, else once a control period. */
  readonly replan: 'auto' | 'frame' | 'period';
}

export interface ControlLoopOptions {
  readonly model: ModelInfo;
  readonly planner: PlannerPort;
  readonly limits: readonly JointLimit[];
  readonly semantics: ActionSemantics;
  /** Where efforts are commanded. */
  readonly effortLaw?: EffortLaw;
  /** If the model takes proprioception. */
  readonly proprioception?: Proprioception;
  readonly commandPeriodNs: bigint;
  /** `[J]`, rad or m: see `CommandStreamOptions`. */
  readonly trackingTolerances: ArrayLike<number>;
  /**
   * The clock of stamps and ticks: for what comes by itself, such as a plan. `stepS`: time between two readings of it, s; stamps may lie this
   * much further ahead of it.
   */
  readonly clock: { readonly nowNs: bigint; readonly stepS: number };
  /** Read before each use, so that live parameters take effect with the next tick or plan. */
  readonly settings: () => LoopSettings;
  /** Starts the planner again after it died or hung; resolves when it can plan. */
  readonly restartPlanner: () => Promise<unknown>;
  /** What plans are to bring along, read before each. */
  readonly extras?: () => PlanExtras;
  readonly scheduler?: SchedulerLike;
}

/** A joint slower than this fraction of its velocity limit counts as at rest, where efforts are commanded. */
const REST_FRACTION = 0.01;

/** A joint that stays within this for 0.1 s is at rest when its pose is to be taken: by unit of its position. */
const REST_TOLERANCE = { rad: 0.01, m: 0.001 } as const;

/** The share of a plan that may be decided already. A planner slower than that plans from rest, one move after the other. */
const MOST_COMMITTED = 0.5;

/** The share of a control period after which a frame counts as a period later: frames seldom come exactly then. */
const REPLAN_EARLIEST = 0.75;

/** What became of a request to take the measured pose. */
export type ResetOutcome =
  | { readonly state: 'anchored'; readonly position: Float64Array }
  /** The robot comes to rest first; then its pose is taken. */
  | { readonly state: 'braking' }
  | { readonly state: 'refused'; readonly reason: string };

/** A plan that is being made. */
interface AskedPlan {
  readonly origin: PlanOrigin;
  readonly askedNs: bigint;
  /** Iterations of a plan on the move: fewer than those of this one, if it is made with a wide search. */
  readonly iterations: number;
  /** See {@link PlanReport}. */
  readonly position: Float64Array;
}

/** A plan on its way out, with what its figures need. */
export interface PlanReport {
  readonly plan: Plan;
  /** It arrived after the time at which it should have taken over. */
  readonly late: boolean;
  /** Control periods that it could not change any more. */
  readonly committed: number;
  /** Joint positions `[J]` that it starts from, rad or m: those at the time of its frame. */
  readonly position: Float64Array;
}

/**
 * The loop that moves the robot: frames, goals and joint readings go in, one command a tick comes out. Planning runs behind it, one
 * plan at a time, always from the newest frame. Nothing in here waits: `tick` returns at once with whatever plan there is.
 */
export class ControlLoop {
  readonly #options: ControlLoopOptions;
  readonly #timeline: Timeline;
  readonly #stream: CommandStream;
  readonly #validator: CommandValidator;
  readonly #jointLimits: Omit<JointSituation, 'position' | 'commanded'>;
  readonly #frames = new Subject<FrameSet>();
  readonly #problems = new Subject<JepaMpcError>();
  #goal: FrameSet | null = null;
  /** There was a goal, and there is to be none any more. */
  #isGivenUp = false;
  #lastTickNs: bigint | null = null;
  #active = false;
  #paused = false;
  #braking: string | null = null;
  #atRest = true;
  #plannerAlive = true;
  #violation: string | null = null;
  /** The measured pose is to be taken as soon as the robot is at rest and its readings agree; why that has to wait. */
  #anchoring: { waitsFor: string | null } | null = null;
  #planIndex = 0;
  #epoch = 0;
  #condition: Condition = { level: 'stop', reasons: [] };
  /** Plans that have not taken effect yet: frame stamp and time of taking over. */
  #upcoming: { readonly frameStampNs: bigint; readonly takeoverNs: bigint }[] = [];
  #frameToCommandMs: number | null = null;
  /** Stamp of the frame of the newest plan that was asked for. */
  #lastPlannedNs: bigint | null = null;
  /** When the newest plan arrived, until the next tick. */
  #planArrivedNs: bigint | null = null;

  /** Plans as they take effect. Subscribe once: the subscription is what makes the loop plan. */
  readonly plans$: Observable<PlanReport>;
  /** What went wrong without stopping the loop. */
  readonly problems$: Observable<JepaMpcError> = this.#problems;

  constructor(options: ControlLoopOptions) {
    this.#options = options;
    const { model, limits, semantics, commandPeriodNs, trackingTolerances } = options;
    this.#timeline = new Timeline({
      joints: limits.map(({ name, continuous, unit, velocity }) => ({
        name,
        wraps: continuous,
        restTolerance: REST_TOLERANCE[unit],
        velocity,
      })),
      semantics,
      commandPeriodNs,
      periodMs: model.periodMs,
      window: model.window,
      stepMs: model.periodMs * model.block,
    });
    this.#stream = new CommandStream({
      limits,
      semantics,
      commandPeriodNs,
      trackingTolerances,
      timeline: this.#timeline,
    });
    this.#validator = new CommandValidator(limits, commandPeriodNs);
    this.#jointLimits = {
      lower: Float64Array.from(limits, ({ lower }) => lower),
      upper: Float64Array.from(limits, ({ upper }) => upper),
      units: limits.map(({ unit }) => unit),
    };
    this.plans$ = this.#frames.pipe(newestWins(() => this.#planFromNewest()));
  }

  /** Result of the last look at the inputs. */
  get condition(): Condition {
    return this.#condition;
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

  /** Why the measured pose cannot be taken: readings that are missing or do not agree. Null when it can. */
  get poseDisagreement(): string | null {
    const settled = this.#timeline.readings.settledPose();
    return 'disagreement' in settled ? settled.found : null;
  }

  get goalStampNs(): bigint | null {
    return this.#goal?.stampNs ?? null;
  }

  get lastTickNs(): bigint | null {
    return this.#lastTickNs;
  }

  /** Age of the frame behind the newest plan when the first command of that plan went out, ms. */
  get frameToCommandMs(): number | null {
    return this.#frameToCommandMs;
  }

  get newestFrame(): FrameSet | null {
    return this.#timeline.frames.newest;
  }

  /** If the model takes proprioception, frames from before the first reading are left out. */
  onFrame(set: FrameSet, nowNs: bigint): void {
    if (this.#timeline.judgeFrame(set, nowNs, this.#futureS) !== 'accepted') return;
    const seen = this.#withProprioception(set);
    if (seen === null) return;
    this.#timeline.frames.add(seen);
    this.#frames.next(seen);
  }

  get #futureS(): number {
    const { settings, clock } = this.#options;
    return settings().thresholds.futureS + clock.stepS;
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
    this.#isGivenUp = goal === null;
    if (goal === null) this.#epoch += 1;
    this.#goal = goal;
  }

  /** Whether a message about joints is stamped by this clock. One that is not must not be mixed with others into a reading. */
  isOfThisClock(stampNs: bigint, nowNs: bigint): boolean {
    return this.#timeline.readingStamps.isOfThisClock(stampNs, nowNs, this.#futureS);
  }

  /** @throws JepaMpcError `joint-states.wrong-size`, `joint-states.not-finite` */
  onReading(reading: JointReading, nowNs: bigint): void {
    this.#timeline.addReading(reading, nowNs, this.#futureS);
  }

  setPaused(paused: boolean): void {
    this.#paused = paused;
    // At once, not with the next tick: a plan that arrives before it would be refused. Any other reason to hold is seen again by then.
    if (!paused) this.#stream.resume();
  }

  /** Starts sending commands, from the measured pose on: with the first tick by which the robot is at rest and its readings agree. */
  start(nowNs: bigint): void {
    this.#active = true;
    this.#atRest = true;
    this.#braking = null;
    if (this.reset(nowNs).state !== 'anchored') this.#anchoring = { waitsFor: this.poseDisagreement };
  }

  /** Drops the plan: the next ticks brake the robot to rest and keep it there. Planning ends. */
  brake(reason: string): void {
    this.#epoch += 1;
    this.#braking = reason;
  }

  /** Whether the last command was one of rest. Where efforts are commanded the robot itself has to have come to it too. */
  get isAtRest(): boolean {
    return this.#atRest;
  }

  /** Ends sending commands at once. */
  stop(): void {
    this.#active = false;
    this.#stream.release();
  }

  /**
   * Forgets frames, plan and warm start, clears faults and takes the measured pose as its own. Frames stamped up to `nowNs` are refused from
   * now on. A robot that moves comes to rest first; one whose readings contradict each other is refused, and nothing has changed.
   */
  reset(nowNs: bigint): ResetOutcome {
    const settled = this.#timeline.readings.settledPose();
    const isMoving =
      !this.#stream.isAtRest || ('disagreement' in settled && settled.disagreement === 'moving');
    if (this.#active && isMoving) {
      this.#epoch += 1;
      this.#anchoring ??= { waitsFor: null };
      return { state: 'braking' };
    }
    if ('disagreement' in settled) return { state: 'refused', reason: settled.found };
    this.#beginAt(settled.position, nowNs);
    return { state: 'anchored', position: settled.position };
  }

  #beginAt(position: Float64Array, nowNs: bigint): void {
    this.#epoch += 1;
    this.#planIndex = 0;
    this.#violation = null;
    this.#anchoring = null;
    this.#upcoming = [];
    this.#planArrivedNs = null;
    this.#lastPlannedNs = null;
    this.#timeline.reset(nowNs);
    this.#stream.resume();
    this.#stream.anchor(position);
    this.#validator.restart(position, nowNs);
  }

  /** Takes the measured pose if it is to be taken and can be by now. */
  #anchorIfDue(nowNs: bigint): void {
    if (this.#anchoring === null || !this.#stream.isAtRest || this.#isBlind) return;
    const settled = this.#timeline.readings.settledPose();
    if ('disagreement' in settled) this.#anchoring.waitsFor = settled.found;
    else this.#beginAt(settled.position, nowNs);
  }

  /**
   * One command period. Returns the command to send, or null when nothing may be sent (not active, or the pose is not known yet).
   */
  tick(nowNs: bigint): Command | null {
    this.#lastTickNs = nowNs;
    this.look(nowNs);
    if (!this.#active) return null;
    this.#anchorIfDue(nowNs);
    const holdReason = this.#holdReason();
    if (holdReason === null) this.#stream.resume();
    else this.#stream.hold(holdReason);
    const moved = this.#stream.tick(
      nowNs,
      this.#anchoring !== null ? 'rest' : this.#isBlind ? 'blind' : 'readings',
    );
    if (moved === null) return null;
    if (this.#planArrivedNs !== null) {
      this.#timeline.latency.noteTick(Number(nowNs - this.#planArrivedNs) / 1e6);
      this.#planArrivedNs = null;
    }
    const command = this.#withEfforts(moved);
    const violation = this.#validator.check(command);
    if (violation === null) {
      this.#atRest = command.velocities.every((velocity) => velocity === 0) && this.#hasCaughtUp();
      if (command.mode === 'plan') this.#noteTakeover(nowNs);
      return command;
    }
    // This one must not go out. What does instead is for the caller to know: it depends on what the robot was sent last.
    this.#violation ??= violation.message;
    this.#problems.next(
      new JepaMpcError('command.outside-limits', {
        subject: `command for joint ${violation.joint}`,
        found: `${violation.kind} ${String(violation.found)}`,
        expected: `at most ${String(violation.limit)}`,
        remedy:
          'The command was not sent and the robot holds. This is a defect: please report it; ~/reset clears it.',
      }),
    );
    return null;
  }

  /** Looks at the inputs, as each tick does; for a loop that does not tick. */
  look(nowNs: bigint): Condition {
    const { thresholds } = this.#options.settings();
    const { frameStamps, readingStamps } = this.#timeline;
    this.#timeline.observe(nowNs);
    this.#condition = assessCondition(
      {
        nowNs,
        image: frameStamps,
        jointStates: readingStamps,
        planEndNs: this.#stream.planEndNs(nowNs),
        paused: this.#paused,
        active: this.#active,
        workerAlive: this.#plannerAlive,
        clockJumped: this.#timeline.clockWentBack,
        fault: this.#violation ?? this.#stream.fault,
        unsettled: this.#anchoring?.waitsFor ?? null,
      },
      thresholds,
    );
    return this.#condition;
  }

  /** The newest reading is too old to go by. */
  get #isBlind(): boolean {
    return this.#condition.reasons.some(({ name }) => name === 'joint_states');
  }

  #withEfforts(command: Command): Command {
    const law = this.#options.effortLaw;
    if (law === undefined) return command;
    const { positions: position, velocities: velocity } = command;
    const { reading } = this;
    const efforts =
      reading === null || this.#isBlind ? law.none() : law.towards({ position, velocity }, reading);
    return { ...command, efforts };
  }

  #hasCaughtUp(): boolean {
    const { effortLaw, limits } = this.#options;
    const { reading } = this;
    if (effortLaw?.needsVelocity !== true || reading === null) return true;
    const speed = this.#timeline.velocityAt(reading.stampNs);
    return limits.every(({ velocity }, joint) => Math.abs(speed[joint] ?? NaN) <= velocity * REST_FRACTION);
  }

  #holdReason(): string | null {
    if (this.#braking !== null) return this.#braking;
    if (this.#isGivenUp) return 'the goal was given up';
    if (this.#anchoring !== null)
      return `the measured pose is to be taken${this.#anchoring.waitsFor === null ? ': braking first' : `, but ${this.#anchoring.waitsFor}`}`;
    const holding = this.#condition.reasons.filter((reason) => reason.level === 'hold');
    return holding.length === 0
      ? null
      : holding.map((reason) => `${reason.name}: ${reason.found}`).join('; ');
  }

  #noteTakeover(nowNs: bigint): void {
    for (
      let next = this.#upcoming[0];
      next !== undefined && next.takeoverNs <= nowNs;
      next = this.#upcoming[0]
    ) {
      this.#upcoming.shift();
      this.#frameToCommandMs = Number(nowNs - next.frameStampNs) / 1e6;
    }
  }

  #planFromNewest(): Observable<PlanReport> {
    const goal = this.#goal;
    const history = this.#timeline.frames.select();
    const frame = history?.at(-1);
    const mayMove = this.#active && !this.#paused && this.#braking === null && this.#anchoring === null;
    if (!mayMove || !this.#plannerAlive || goal === null || this.reading === null) return EMPTY;
    if (history === null || frame === undefined) return EMPTY;
    const { model, planner, scheduler, settings, extras, clock } = this.#options;
    const { tuning: wanted, planTimeoutMs, compileTimeoutMs } = settings();
    const origin = {
      revision: this.#stream.revision,
      fromRest: this.#timeline.isRestFrom(frame.stampNs, clock.nowNs),
    };
    const committedPeriods = this.#committedPeriods(wanted);
    if (committedPeriods === null ? !origin.fromRest : !this.#isDue(frame, committedPeriods)) return EMPTY;
    const tuning = committedPeriods === null ? asOneMove(wanted, model.planning) : wanted;
    this.#lastPlannedNs = frame.stampNs;
    const epoch = this.#epoch;
    const planIndex = this.#planIndex;
    this.#planIndex += 1;
    const committed = this.#timeline.committedPrefix(
      frame.stampNs,
      committedPeriods ?? 0,
      this.#stream.position,
    );
    const joints = {
      ...this.#jointLimits,
      position: this.#timeline.positionAt(frame.stampNs),
      commanded: this.#stream.position.slice(),
    };
    const request = { planIndex, history, goal, committed, joints, tuning, extras: extras?.() ?? NO_EXTRAS };
    const askedNs = clock.nowNs;
    const iterations = iterationsOf(wanted, model.planning);
    const limitMs =
      (planTimeoutMs * iterationsOf(tuning, model.planning)) / iterations +
      (planner.mayCompile(tuning) ? compileTimeoutMs : 0);
    const job = defer(() => from(planner.plan(request)));
    return job.pipe(
      timeout({ first: limitMs, ...(scheduler === undefined ? {} : { scheduler }) }),
      filter(() => epoch === this.#epoch),
      map((plan) => this.#accept(plan, { origin, askedNs, iterations, position: joints.position })),
      catchError((error: unknown) => {
        this.#onPlanFailure(error, limitMs);
        return EMPTY;
      }),
    );
  }

  /**
   * Control periods at the front of a plan that are over before it can be there. Null where too little of the plan would be left: then it is
   * made from rest, none of it is decided, and it may come as late as it likes.
   */
  #committedPeriods(tuning: PlannerTuning): number | null {
    const { model, settings, commandPeriodNs } = this.#options;
    const { latency, committedPeriods } = settings();
    const measured =
      latency === 'measured'
        ? this.#timeline.latency.committedPeriods(model.periodMs, Number(commandPeriodNs) / 1e6)
        : null;
    const periods = measured ?? committedPeriods;
    const horizon = tuning.horizon > 0 ? tuning.horizon : model.planning.plannerDefaults.horizon;
    return periods > horizon * model.block * MOST_COMMITTED ? null : periods;
  }

  /**
   * Whether a plan from this frame is wanted. A model is trained on actions that last a whole control period. One that is replaced by the next
   * plan before its period is over is something else, and where several of these lie between a frame and its plan, the difference
   * adds up: the robot swings about its goal. Then the next plan is made from the frame nearest to a period later.
   */
  #isDue({ stampNs }: FrameSet, committedPeriods: number): boolean {
    const { replan } = this.#options.settings();
    if (replan === 'frame' || (replan === 'auto' && committedPeriods <= 1)) return true;
    const { periodMs } = this.#options.model;
    return (
      this.#lastPlannedNs === null ||
      Number(stampNs - this.#lastPlannedNs) / 1e6 >= periodMs * REPLAN_EARLIEST
    );
  }

  #accept(plan: Plan, { origin, askedNs, iterations, position }: AskedPlan): PlanReport {
    const { nowNs } = this.#options.clock;
    const { encodeMs, warmUp } = plan.statistics;
    const totalMs = Number(nowNs - plan.frameStampNs) / 1e6;
    // The search is timed by the wall clock. On the clock of the node it took no longer than passed there: nothing, in lockstep.
    const passedMs = Number(nowNs - askedNs) / 1e6;
    const extraMs = Math.min(extraSearchMs(plan.statistics, iterations), Math.max(0, passedMs));
    this.#timeline.latency.notePlan({ arrivalNs: nowNs, encodeMs, totalMs, extraMs, warmUp });
    this.#planArrivedNs = nowNs;
    const dueNs = firstFreeNs(plan, plan.frameStampNs);
    const late = dueNs < nowNs && !origin.fromRest;
    if (this.#stream.setPlan(plan, origin, nowNs) === 'accepted') {
      this.#upcoming.push({ frameStampNs: plan.frameStampNs, takeoverNs: dueNs > nowNs ? dueNs : nowNs });
    }
    return { plan, late, committed: plan.committed, position };
  }

  /** A failed plan leaves the running one in force: it ends in a brake by itself. A dead or hanging planner is started again. */
  #onPlanFailure(error: unknown, planTimeoutMs: number): void {
    const hung = error instanceof TimeoutError;
    const problem = hung ? hungPlanner(planTimeoutMs, error) : asProblem(error);
    this.#problems.next(problem);
    if (!hung && problem.code !== 'planner.worker-died') return;
    this.#plannerAlive = false;
    this.#options.restartPlanner().then(
      () => {
        this.#plannerAlive = true;
      },
      (reason: unknown) => {
        this.#problems.next(asProblem(reason));
      },
    );
  }
}

function hungPlanner(planTimeoutMs: number, cause: Error): JepaMpcError {
  return new JepaMpcError('planner.worker-died', {
    subject: 'planner worker',
    found: `no plan within ${String(planTimeoutMs)} ms`,
    expected:
      'a plan within planning.timeout_s, more in proportion where it is searched for from rest or compiled for',
    remedy: 'It is started again; lower cem.samples or cem.iterations, or raise planning.timeout_s.',
    cause,
  });
}

function asProblem(error: unknown): JepaMpcError {
  if (error instanceof JepaMpcError) return error;
  return new JepaMpcError('planner.worker-died', {
    subject: 'planner',
    found: error instanceof Error ? error.message : String(error),
    expected: 'a plan',
    remedy: 'Look at the log; if it happens again, please report it.',
    cause: error,
  });
}
