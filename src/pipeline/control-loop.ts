import { Subject } from 'rxjs';
import type { Observable, SchedulerLike } from 'rxjs';
import { catchError, defer, EMPTY, filter, from, map, TimeoutError, timeout } from 'rxjs';

import type { ActionSemantics } from '../control/action-semantics.js';
import { CommandStream } from '../control/command-stream.js';
import type { Command } from '../control/command-stream.js';
import { CommandValidator } from '../control/command-validator.js';
import type { EffortLaw } from '../control/effort-law.js';
import { positionAt } from '../control/joint-reading.js';
import { takeoverNs } from '../control/plan-queue.js';
import type { Proprioception } from '../control/proprioception.js';
import { assessCondition, ClockGuard } from '../control/watchdog.js';
import type { Condition, WatchdogThresholds } from '../control/watchdog.js';
import { JepaMpcError } from '../core/errors.js';
import type { FrameSet, ModelInfo } from '../core/model-info.js';
import type { JointSituation } from '../core/ports.js';
import type { JointLimit, JointReading, Plan } from '../core/types.js';
import { FrameHistory } from './frame-history.js';
import { newestWins } from './newest-wins.js';
import { NO_EXTRAS } from './planner-port.js';
import type { PlanExtras, PlannerPort, PlannerTuning } from './planner-port.js';

/** What may change from tick to tick and from plan to plan. */
export interface LoopSettings {
  readonly tuning: PlannerTuning;
  readonly thresholds: WatchdogThresholds;
  readonly planTimeoutMs: number;
}

export interface ControlLoopOptions {
  readonly model: ModelInfo;
  readonly planner: PlannerPort;
  readonly limits: readonly JointLimit[];
  readonly semantics: ActionSemantics;
  /** Where efforts are commanded. */
  readonly effortLaw?: EffortLaw;
  /** Where the model is told of the robot. */
  readonly proprioception?: Proprioception;
  readonly commandPeriodNs: bigint;
  readonly trackingTolerance: number;
  readonly committedPeriods: number;
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

/** A plan on its way out, with what its figures need. */
export interface PlanReport {
  readonly plan: Plan;
  /** It arrived after the time at which it should have taken over. */
  readonly late: boolean;
  /** Joint positions `[J]` that it starts from, rad or m: those at the time of its frame. */
  readonly position: Float64Array;
}

/**
 * The loop that moves the robot: frames, goals and joint readings go in, one command a tick comes out. Planning runs behind it, one
 * plan at a time, always from the newest frame. Nothing in here waits: `tick` returns at once with whatever plan there is.
 */
export class ControlLoop {
  readonly #options: ControlLoopOptions;
  readonly #history: FrameHistory;
  readonly #stream: CommandStream;
  readonly #validator: CommandValidator;
  readonly #clock = new ClockGuard();
  readonly #jointLimits: Omit<JointSituation, 'position'>;
  readonly #frames = new Subject<FrameSet>();
  readonly #problems = new Subject<JepaMpcError>();
  #goal: FrameSet | null = null;
  /** There was a goal, and there is to be none any more. */
  #isGivenUp = false;
  #reading: JointReading | null = null;
  #lastImageNs: bigint | null = null;
  #lastTickNs: bigint | null = null;
  #active = false;
  #paused = false;
  #braking: string | null = null;
  #atRest = true;
  #plannerAlive = true;
  #violation: string | null = null;
  #planIndex = 0;
  #epoch = 0;
  #condition: Condition = { level: 'stop', reasons: [] };
  /** Plans that have not taken effect yet: frame stamp and time of taking over. */
  #upcoming: { readonly frameStampNs: bigint; readonly takeoverNs: bigint }[] = [];
  #frameToCommandMs: number | null = null;

  /** Plans as they take effect. Subscribe once: the subscription is what makes the loop plan. */
  readonly plans$: Observable<PlanReport>;
  /** What went wrong without stopping the loop. */
  readonly problems$: Observable<JepaMpcError> = this.#problems;

  constructor(options: ControlLoopOptions) {
    this.#options = options;
    const { model, limits, semantics, commandPeriodNs, trackingTolerance } = options;
    this.#history = new FrameHistory(model.window, model.periodMs * model.block);
    this.#stream = new CommandStream({ limits, semantics, commandPeriodNs, trackingTolerance });
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
    return this.#reading;
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
    return this.#history.newest;
  }

  /** A model that is told of the robot waits with its first frame for the first reading. */
  onFrame(set: FrameSet): void {
    this.#lastImageNs = set.stampNs;
    const seen = this.#withProprioception(set);
    if (seen !== null && this.#history.push(seen)) this.#frames.next(seen);
  }

  #withProprioception(set: FrameSet): FrameSet | null {
    const { proprioception = null } = this.#options;
    if (proprioception === null) return set;
    if (this.#reading === null) return null;
    const position = positionAt(this.#reading, set.stampNs);
    return { ...set, proprioception: proprioception.read(position, this.#reading.velocity) };
  }

  /** Null: the robot is to have none, and brakes to rest. */
  onGoal(goal: FrameSet | null): void {
    this.#isGivenUp = goal === null;
    if (goal === null) this.#epoch += 1;
    this.#goal = goal;
  }

  onReading(reading: JointReading): void {
    this.#stream.setReading(reading);
    this.#reading = reading;
  }

  setPaused(paused: boolean): void {
    this.#paused = paused;
    // At once, not with the next tick: a plan that arrives before it would be refused. Any other reason to hold is seen again by then.
    if (!paused) this.#stream.resume();
  }

  /** Starts sending commands, with the measured pose as its own. */
  start(nowNs: bigint): void {
    this.reset(nowNs);
    this.#active = true;
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
  }

  /**
   * Forgets frames, plan and warm start, clears faults and takes the measured pose as its own, at rest. Frames stamped up to `nowNs` are
   * refused from now on.
   */
  reset(nowNs: bigint): void {
    this.#epoch += 1;
    this.#planIndex = 0;
    this.#violation = null;
    this.#braking = null;
    this.#atRest = true;
    this.#upcoming = [];
    this.#clock.reset();
    this.#history.reset(nowNs);
    this.#stream.resume();
    this.#stream.reanchor(nowNs);
    this.#validator.restart();
  }

  /**
   * One command period. Returns the command to send, or null when nothing may be sent (not active, or the pose is not known yet).
   */
  tick(nowNs: bigint): Command | null {
    this.#lastTickNs = nowNs;
    this.#clock.observe(nowNs);
    this.look(nowNs);
    if (!this.#active) return null;
    const holdReason = this.#holdReason();
    if (holdReason === null) this.#stream.resume();
    else this.#stream.hold(holdReason);
    const moved = this.#stream.tick(nowNs);
    if (moved === null) return null;
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
    this.#condition = assessCondition(
      {
        nowNs,
        lastImageNs: this.#lastImageNs,
        lastJointStatesNs: this.#reading?.stampNs ?? null,
        planEndNs: this.#stream.planEndNs(nowNs),
        paused: this.#paused,
        active: this.#active,
        workerAlive: this.#plannerAlive,
        clockJumped: this.#clock.jumped,
        fault: this.#violation ?? this.#stream.fault,
      },
      thresholds,
    );
    return this.#condition;
  }

  #withEfforts(command: Command): Command {
    const law = this.#options.effortLaw;
    if (law === undefined) return command;
    const isBlind = this.#condition.reasons.some(({ name }) => name === 'joint_states');
    const { positions: position, velocities: velocity } = command;
    const efforts =
      this.#reading === null || isBlind ? law.none() : law.towards({ position, velocity }, this.#reading);
    return { ...command, efforts };
  }

  #hasCaughtUp(): boolean {
    const { effortLaw, limits } = this.#options;
    if (effortLaw?.needsVelocity !== true) return true;
    return limits.every(
      ({ velocity }, joint) => Math.abs(this.#reading?.velocity[joint] ?? 0) <= velocity * REST_FRACTION,
    );
  }

  #holdReason(): string | null {
    if (this.#braking !== null) return this.#braking;
    if (this.#isGivenUp) return 'the goal was given up';
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
    const history = this.#history.select();
    const frame = history?.at(-1);
    const reading = this.#reading;
    const wanted = this.#active && !this.#paused && this.#braking === null && this.#plannerAlive;
    if (!wanted || goal === null || history === null || frame === undefined || reading === null) return EMPTY;
    const { planner, model, committedPeriods, scheduler, settings, extras } = this.#options;
    const { tuning, planTimeoutMs } = settings();
    const epoch = this.#epoch;
    const planIndex = this.#planIndex;
    this.#planIndex += 1;
    const committed = this.#stream.plannedActions(frame.stampNs, committedPeriods, model.periodMs);
    const joints = { ...this.#jointLimits, position: positionAt(reading, frame.stampNs) };
    const request = { planIndex, history, goal, committed, joints, tuning, extras: extras?.() ?? NO_EXTRAS };
    const job = defer(() => from(planner.plan(request)));
    return job.pipe(
      timeout({ first: planTimeoutMs, ...(scheduler === undefined ? {} : { scheduler }) }),
      filter(() => epoch === this.#epoch),
      map((plan) => this.#accept(plan, joints.position)),
      catchError((error: unknown) => {
        this.#onPlanFailure(error, planTimeoutMs);
        return EMPTY;
      }),
    );
  }

  #accept(plan: Plan, position: Float64Array): PlanReport {
    const takeover = takeoverNs(plan);
    if (this.#stream.setPlan(plan) === 'accepted') {
      this.#upcoming.push({ frameStampNs: plan.frameStampNs, takeoverNs: takeover });
    }
    return { plan, late: this.#lastTickNs !== null && this.#lastTickNs > takeover, position };
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
    expected: 'a plan within planning.timeout_s',
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
