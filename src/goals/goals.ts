import type { GoalCriteria, GoalValues } from './goal-progress.js';
import { holdsRobot, inWords } from '../safety/watchdog.js';
import type { Condition } from '../safety/watchdog.js';
import type { FrameSet } from '../core/model-info.js';
import type { Status, StatusLevel } from '../core/status.js';
import { secondsToNs } from '../core/time.js';
import type { Logger, Plan } from '../core/types.js';
import { GoalPursuit } from './goal-pursuit.js';
import type { GoalOutcome } from './goal-pursuit.js';

/** How long the safety layer may hold the robot before its goal counts as blocked: a lost frame does not end a goal. */
const HOLD_GRACE_NS = 1_000_000_000n;

const LEVELS: Readonly<Record<GoalOutcome, StatusLevel>> = {
  reached: 'ok',
  preempted: 'ok',
  canceled: 'ok',
  timed_out: 'warn',
  unreachable: 'warn',
  stopped: 'warn',
};

/** Status of the goal in force. */
export type GoalReport = Omit<Status, 'name'>;

export interface GoalsOptions {
  readonly clock: { readonly nowNs: bigint };
  readonly parameters: () => GoalValues;
  readonly log: Logger;
  /** Called with each change. */
  readonly onStatus: (report: GoalReport) => void;
  /** Gets each new goal, and null when the robot is to have none. */
  readonly onGoal: (goal: FrameSet | null) => void;
  /** Newest verdict of the watchdog; null while the node is not active. */
  readonly condition: () => Condition | null;
}

/**
 * The goal in force, whatever its source, and its status, which `~/goal_status` reports with every change. A goal is kept for a session that
 * starts later; time counts while the node is active.
 */
export class Goals {
  readonly #options: GoalsOptions;
  #pursuit: GoalPursuit | null = null;
  #current: FrameSet | null = null;
  #lastStampNs = 0n;
  #lastRequest = 0;
  /** That of the goal in force, or of the last one. */
  #requestInForce = 0;
  #holdingSinceNs: bigint | null = null;
  #lastLookNs = 0n;

  constructor(options: GoalsOptions) {
    this.#options = options;
  }

  get current(): FrameSet | null {
    return this.#current;
  }

  /** Null before the first goal; one that was given up is still reported, as a warning. */
  get report(): GoalReport | null {
    if (this.#pursuit === null) return null;
    const report = reportOf(this.#pursuit);
    return this.#current === null
      ? { ...report, level: 'warn', message: `none any more: ${report.message}` }
      : report;
  }

  /** Whether goals are pursued: one that is set before is kept until the node is active. */
  get isActive(): boolean {
    return this.#options.condition() !== null;
  }

  /**
   * A number for a goal that is asked for now and set later, once it is read. The goal asked for last is in force, whichever is read first.
   */
  newRequest(): number {
    this.#lastRequest += 1;
    return this.#lastRequest;
  }

  /**
   * As `set`, for a goal without a stamp of its own. It gets a later stamp than all before it: the planner caches the latent of a goal by its
   * stamp.
   */
  setUnstamped(
    goal: FrameSet,
    origin: string,
    criteria: Partial<GoalCriteria> = {},
    request = this.newRequest(),
  ): GoalPursuit {
    const { nowNs } = this.#options.clock;
    const stampNs = nowNs > this.#lastStampNs ? nowNs : this.#lastStampNs + 1n;
    const frames = goal.frames.map((frame) => ({ ...frame, stampNs }));
    return this.set({ ...goal, stampNs, frames }, origin, criteria, request);
  }

  /**
   * Pursues a goal; the one before is preempted.
   *
   * @param origin for people
   * @param criteria overrides the parameters `goal.*`
   * @param request of {@link newRequest}, where the goal was asked for earlier
   * @returns a pursuit that has ended as preempted, if a goal that was asked for later was set meanwhile
   */
  set(
    goal: FrameSet,
    origin: string,
    criteria: Partial<GoalCriteria> = {},
    request = this.newRequest(),
  ): GoalPursuit {
    const { clock, log, onGoal } = this.#options;
    const pursuit = new GoalPursuit(goal, origin, clock.nowNs, { ...this.#criteria(), ...criteria });
    if (request < this.#requestInForce) {
      pursuit.end(
        'preempted',
        `another goal was asked for later, from ${this.#pursuit?.origin ?? 'elsewhere'}`,
      );
      log.info(`the goal from ${origin} is not pursued: ${pursuit.ending?.reason ?? ''}`);
      return pursuit;
    }
    this.#requestInForce = request;
    this.#pursuit?.end('preempted', `another goal took over, from ${origin}`);
    this.#pursuit = pursuit;
    this.#current = goal;
    if (goal.stampNs > this.#lastStampNs) this.#lastStampNs = goal.stampNs;
    onGoal(goal);
    log.info(`new goal from ${origin}, stamp ${String(goal.stampNs)} ns`);
    this.#publish(pursuit);
    pursuit.ended.then(
      ({ outcome }) => {
        this.#onEnd(pursuit, outcome);
      },
      () => undefined,
    );
    return pursuit;
  }

  /** Gives this goal up: the robot brakes to rest, unless another goal is in force by now. */
  giveUp(pursuit: GoalPursuit, outcome: GoalOutcome, reason: string): void {
    pursuit.end(outcome, reason);
    if (this.#pursuit !== pursuit || this.#current === null) return;
    this.#current = null;
    this.#options.onGoal(null);
  }

  /** The node has become active. */
  onActivation(): void {
    this.#holdingSinceNs = null;
    this.#pursuit?.restart(this.#options.clock.nowNs);
  }

  onPlan({ goalStampNs, frameStampNs, statistics }: Plan): void {
    if (goalStampNs !== this.#pursuit?.goal.stampNs) return;
    const { nowNs } = this.#options.clock;
    this.#pursuit.note({ stampNs: frameStampNs, nowNs, distance: statistics.goalDistance });
  }

  /** Checks the clock and the watchdog; call it a few times a second. */
  look(): void {
    const { clock, condition } = this.#options;
    const { nowNs } = clock;
    const wasSetBack = nowNs < this.#lastLookNs;
    this.#lastLookNs = nowNs;
    if (wasSetBack) {
      this.#holdingSinceNs = null;
      this.#pursuit?.restart(nowNs);
    }
    const found = condition();
    if (found === null) return;
    const isHeld = holdsRobot(found);
    this.#holdingSinceNs = isHeld ? (this.#holdingSinceNs ?? nowNs) : null;
    this.#pursuit?.look(nowNs);
  }

  /** Why a goal cannot be pursued now: the robot may not move. Null while it may. */
  get blocker(): string | null {
    const { clock, condition } = this.#options;
    const found = condition();
    if (found === null) return 'the node is not active: activate it, then send the goal again';
    if (this.#holdingSinceNs === null || clock.nowNs - this.#holdingSinceNs < HOLD_GRACE_NS) return null;
    return `the robot is held (${inWords(found)})`;
  }

  #criteria(): GoalCriteria {
    const values = this.#options.parameters();
    return {
      tolerance: values['goal.tolerance'],
      settleNs: secondsToNs(values['goal.settle_s']),
      timeoutNs: secondsToNs(values['goal.timeout_s']),
      stallNs: secondsToNs(values['goal.stall_s']),
    };
  }

  #onEnd(pursuit: GoalPursuit, outcome: GoalOutcome): void {
    const { log } = this.#options;
    const { level, message } = reportOf(pursuit);
    if (level === 'ok') log.info(`goal ${message}`);
    else log.warn(`goal ${message}`);
    // The goal that took over is published already, and late subscribers get the last message.
    if (outcome !== 'preempted') this.#publish(pursuit);
  }

  #publish(pursuit: GoalPursuit): void {
    this.#options.onStatus(reportOf(pursuit));
  }
}

function reportOf({ ending, goal, origin, distance, tolerance, elapsedNs }: GoalPursuit): GoalReport {
  return {
    level: ending === null ? 'ok' : LEVELS[ending.outcome],
    message: ending === null ? '' : `${ending.outcome.replace('_', ' ')}: ${ending.reason}`,
    values: {
      state: ending?.outcome ?? 'underway',
      origin,
      goal_stamp_ns: goal.stampNs,
      distance,
      tolerance,
      elapsed_s: (Number(elapsedNs) / 1e9).toFixed(3),
    },
  };
}
