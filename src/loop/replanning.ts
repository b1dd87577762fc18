import { Subject, Subscription, TimeoutError } from 'rxjs';
import type { Observable, SchedulerLike } from 'rxjs';
import { catchError, defer, EMPTY, filter, from, map, timeout } from 'rxjs';

import type { JepaMpcError } from '../core/errors.js';
import type { FrameSet, ModelInfo } from '../core/model-info.js';
import { choice, double, dynamic, integer, valuesOf, type ValuesOf } from '../core/parameter.js';
import type { JointSituation } from '../core/ports.js';
import type { JointLimit, Plan } from '../core/types.js';
import { newestWins } from '../perception/newest-wins.js';
import { planningParameters, type PlanningValues } from '../planning/planning-parameters.js';
import type { CommandStream, PlanOrigin } from '../safety/command-stream.js';
import { firstFreeNs } from '../timeline/plan-log.js';
import type { Timeline } from '../timeline/timeline.js';
import { NO_EXTRAS, type loadParameters, type PlanExtras, type PlannerPort } from '../worker/planner-port.js';
import { asOneMove, extraSearchMs, iterationsOf } from './one-move.js';
import { asPlannerError, hungPlanner } from './planner-failure.js';

export const replanningParameters = {
  'planning.latency': dynamic(
    choice(['measured', 'fixed'], 'measured'),
    '',
    'Where the number of control periods between a frame and the first command that its plan can change comes from. measured: as many periods as half of the recent plans took from the stamp of their frame (at most 100 plans, none older than 10 s, but at least 5), and so many that 95 % of the plans are late by half a period at most. fixed: planning.committed_periods.',
  ),
  'planning.replan': dynamic(
    choice(['auto', 'frame', 'period'], 'auto'),
    '',
    'When the next plan is made: from every frame, or once every control period of the model, which lets each action last as long as in training. auto: from every frame while at most one control period is committed.',
  ),
  'planning.committed_periods': dynamic(
    integer({ min: 0, max: 20, default: 1 }),
    '1',
    'Control periods at the front of a plan that are already decided when it arrives, if planning.latency is fixed, and until the first plan has been measured. If it is more than half of a plan, plans are made at rest, one move after the other.',
  ),
  'planning.timeout_s': dynamic(
    double({ min: 0.01, max: 120, default: 5 }),
    's',
    'A plan that takes longer counts as a hung planner: the robot holds and the planner is restarted. The limit grows in proportion for plans from rest that take more iterations (sampling.iterations).',
  ),
};

export type ReplanningValues = PlanningValues &
  ValuesOf<typeof replanningParameters> &
  Pick<ValuesOf<typeof loadParameters>, 'planning.load_timeout_s'>;

/** Maximum share of a plan that may be committed. A slower planner plans from rest, one move after the other. */
const MAX_COMMITTED_SHARE = 0.5;

/** Share of a control period after which a frame counts as a period later: frames seldom arrive exactly then. */
const MIN_PERIOD_SHARE = 0.75;

/** A plan that is being made. */
interface RequestedPlan {
  readonly origin: PlanOrigin;
  readonly requestedNs: bigint;
  /** Iterations of a plan while the robot moves: fewer than those of this plan if it is made with a wide search. */
  readonly iterations: number;
  /** See {@link PlanReport}. */
  readonly position: Float64Array;
}

/** A plan on its way out, with what its figures need. */
export interface PlanReport {
  readonly plan: Plan;
  /** Whether it arrived after the time at which it should have taken over. */
  readonly late: boolean;
  /** Control periods that it could not change any more. */
  readonly committed: number;
  /** Joint positions `[J]` that it starts from, rad or m: those at the time of its frame. */
  readonly position: Float64Array;
}

export interface ReplanningOptions {
  readonly model: ModelInfo;
  readonly planner: PlannerPort;
  readonly limits: readonly JointLimit[];
  readonly commandPeriodNs: bigint;
  readonly clock: { readonly nowNs: bigint };
  /** Read before each plan, so that live parameters take effect with the next one. */
  readonly values: () => ReplanningValues;
  /** Starts the planner again after it died or hung; resolves when it can plan. */
  readonly restartPlanner: () => Promise<unknown>;
  /** What plans are to bring along, read before each. */
  readonly extras?: () => PlanExtras;
  readonly scheduler?: SchedulerLike;
  readonly timeline: Timeline;
  readonly stream: CommandStream;
  /** Whether the robot may move at all. */
  readonly mayMove: () => boolean;
}

/**
 * Plans from the newest frame, one plan at a time, while it runs, and hands each plan to the command stream. The request says what is committed
 * by the time that the plan arrives; a plan that was requested before the last `forget` is dropped.
 */
export class Replanning {
  readonly #options: ReplanningOptions;
  readonly #limits: Omit<JointSituation, 'position' | 'commanded'>;
  readonly #frames = new Subject<FrameSet>();
  readonly #reports = new Subject<PlanReport>();
  readonly #problems = new Subject<JepaMpcError>();
  #running = new Subscription();
  #goal: FrameSet | null = null;
  #isPlannerAlive = true;
  #planIndex = 0;
  #epoch = 0;
  /** Plans that have not taken effect yet: frame stamp and time of taking over. */
  #upcoming: { readonly frameStampNs: bigint; readonly takeoverNs: bigint }[] = [];
  #frameToCommandMs: number | null = null;
  /** Stamp of the frame of the newest requested plan. */
  #lastPlannedNs: bigint | null = null;
  /** When the newest plan arrived, until the next tick. */
  #planArrivedNs: bigint | null = null;

  /** Plans as they take effect. */
  readonly reports$: Observable<PlanReport> = this.#reports;
  /** Failures that did not stop the loop. */
  readonly problems$: Observable<JepaMpcError> = this.#problems;

  constructor(options: ReplanningOptions) {
    const { limits } = options;
    this.#options = options;
    this.#limits = {
      lower: Float64Array.from(limits, ({ lower }) => lower),
      upper: Float64Array.from(limits, ({ upper }) => upper),
      units: limits.map(({ unit }) => unit),
    };
  }

  get isPlannerAlive(): boolean {
    return this.#isPlannerAlive;
  }

  get goal(): FrameSet | null {
    return this.#goal;
  }

  /** Age of the frame behind the newest plan when the first command of that plan was sent, ms. */
  get frameToCommandMs(): number | null {
    return this.#frameToCommandMs;
  }

  /** Plans from every frame from now on. */
  start(): void {
    this.stop();
    this.#running = this.#frames.pipe(newestWins(() => this.#planFromNewest())).subscribe((report) => {
      this.#reports.next(report);
    });
  }

  /** Ends planning; a plan that is being made is dropped. */
  stop(): void {
    this.#running.unsubscribe();
  }

  /** Null: there is nothing to plan for, and a plan that is being made is dropped. */
  setGoal(goal: FrameSet | null): void {
    if (goal === null) this.drop();
    this.#goal = goal;
  }

  /** A frame that is in the timeline. */
  onFrame(frame: FrameSet): void {
    this.#frames.next(frame);
  }

  /** Drops the plan that is being made. */
  drop(): void {
    this.#epoch += 1;
  }

  /** Begins anew: the next plan is the first, without a warm start. */
  reset(): void {
    this.drop();
    this.#planIndex = 0;
    this.#upcoming = [];
    this.#planArrivedNs = null;
    this.#lastPlannedNs = null;
  }

  /** Notes the first tick after a plan arrived. */
  noteTick(nowNs: bigint): void {
    if (this.#planArrivedNs === null) return;
    this.#options.timeline.latency.noteTick(Number(nowNs - this.#planArrivedNs) / 1e6);
    this.#planArrivedNs = null;
  }

  /** Notes that a command of the newest plan in force is sent. */
  noteCommand(nowNs: bigint): void {
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
    const { model, planner, scheduler, values, extras, clock, timeline, stream, mayMove } = this.#options;
    const goal = this.#goal;
    const history = timeline.frames.select();
    const frame = history?.at(-1);
    if (!mayMove() || !this.#isPlannerAlive || goal === null || timeline.readings.newest === null)
      return EMPTY;
    if (history === null || frame === undefined) return EMPTY;
    const inForce = values();
    const origin = {
      revision: stream.revision,
      fromRest: timeline.isRestFrom(frame.stampNs, clock.nowNs),
    };
    const committedPeriods = this.#committedPeriods(inForce);
    if (committedPeriods === null ? !origin.fromRest : !this.#isDue(frame, committedPeriods)) return EMPTY;
    const planning = valuesOf(planningParameters, inForce);
    const requested = committedPeriods === null ? asOneMove(planning, model.planning) : planning;
    this.#lastPlannedNs = frame.stampNs;
    const epoch = this.#epoch;
    const planIndex = this.#planIndex;
    this.#planIndex += 1;
    const committed = timeline.committedPrefix(frame.stampNs, committedPeriods ?? 0, stream.position);
    const joints = {
      ...this.#limits,
      position: timeline.positionAt(frame.stampNs),
      commanded: stream.position.slice(),
    };
    const request = {
      planIndex,
      history,
      goal,
      committed,
      joints,
      values: requested,
      extras: extras?.() ?? NO_EXTRAS,
    };
    const requestedNs = clock.nowNs;
    const iterations = iterationsOf(planning, model.planning);
    const limitMs =
      (inForce['planning.timeout_s'] * 1000 * iterationsOf(requested, model.planning)) / iterations +
      (planner.mayCompile(requested) ? inForce['planning.load_timeout_s'] * 1000 : 0);
    const job = defer(() => from(planner.plan(request)));
    return job.pipe(
      timeout({ first: limitMs, ...(scheduler === undefined ? {} : { scheduler }) }),
      filter(() => epoch === this.#epoch),
      map((plan) => this.#accept(plan, { origin, requestedNs, iterations, position: joints.position })),
      catchError((error: unknown) => {
        this.#onFailure(error, limitMs);
        return EMPTY;
      }),
    );
  }

  /**
   * Control periods at the front of a plan that are over before it can arrive. Null if too little of the plan would be left: then it is made from
   * rest, none of it is committed, and it may be as late as it likes.
   */
  #committedPeriods(values: ReplanningValues): number | null {
    const { model, commandPeriodNs, timeline } = this.#options;
    const measured =
      values['planning.latency'] === 'measured'
        ? timeline.latency.committedPeriods(model.periodMs, Number(commandPeriodNs) / 1e6)
        : null;
    const periods = measured ?? values['planning.committed_periods'];
    const horizon = values['sampling.horizon'] || model.planning.plannerDefaults.horizon;
    return periods > horizon * model.block * MAX_COMMITTED_SHARE ? null : periods;
  }

  /**
   * Whether a plan from this frame is due. A model is trained on actions that last a whole control period. An action that the next plan replaces
   * before its period is over has another effect, and if several of these lie between a frame and its plan, the errors add up: the robot
   * oscillates around its goal. Then the next plan is made from the frame nearest to a period later.
   */
  #isDue({ stampNs }: FrameSet, committedPeriods: number): boolean {
    const { model, values } = this.#options;
    const replan = values()['planning.replan'];
    if (replan === 'frame' || (replan === 'auto' && committedPeriods <= 1)) return true;
    return (
      this.#lastPlannedNs === null ||
      Number(stampNs - this.#lastPlannedNs) / 1e6 >= model.periodMs * MIN_PERIOD_SHARE
    );
  }

  #accept(plan: Plan, { origin, requestedNs, iterations, position }: RequestedPlan): PlanReport {
    const { clock, timeline, stream } = this.#options;
    const { nowNs } = clock;
    const { encodeMs, warmUp } = plan.statistics;
    const totalMs = Number(nowNs - plan.frameStampNs) / 1e6;
    // The search is timed by the wall clock. On the clock of the node it took no longer than passed there: nothing, in lockstep.
    const passedMs = Number(nowNs - requestedNs) / 1e6;
    const extraMs = Math.min(extraSearchMs(plan.statistics, iterations), Math.max(0, passedMs));
    // What was loaded or compiled for the plan while the clock of a simulation stood still has not delayed it.
    const isDelayed = warmUp && passedMs > 0;
    timeline.latency.notePlan({ arrivalNs: nowNs, encodeMs, totalMs, extraMs, warmUp: isDelayed });
    this.#planArrivedNs = nowNs;
    const dueNs = firstFreeNs(plan, plan.frameStampNs);
    const late = dueNs < nowNs && !origin.fromRest;
    if (stream.setPlan(plan, origin, nowNs) === 'accepted') {
      this.#upcoming.push({ frameStampNs: plan.frameStampNs, takeoverNs: dueNs > nowNs ? dueNs : nowNs });
    }
    return { plan, late, committed: plan.committed, position };
  }

  /** A failed plan leaves the running one in force: it ends in a brake by itself. A planner that died or hangs is started again. */
  #onFailure(error: unknown, limitMs: number): void {
    const hung = error instanceof TimeoutError;
    const problem = hung ? hungPlanner(limitMs, error) : asPlannerError(error);
    this.#problems.next(problem);
    if (!hung && problem.code !== 'planner.worker-died') return;
    this.#isPlannerAlive = false;
    this.#options.restartPlanner().then(
      () => {
        this.#isPlannerAlive = true;
      },
      (reason: unknown) => {
        this.#problems.next(asPlannerError(reason));
      },
    );
  }
}
