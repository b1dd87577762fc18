import { JepaMpcError } from '../core/errors.js';
import type { JointLimit, JointReading, Plan } from '../core/types.js';
import { actionIndexAt, actionPeriodNs, endNs, firstFreeNs, type DuePlan } from '../timeline/plan-log.js';
import type { Timeline } from '../timeline/timeline.js';
import type { ActionSemantics } from '../robot/action-semantics.js';
import { advanceMotion, brakeMotion, limitedVelocity, type JointMotion } from './command-limiter.js';
import { positionError } from './position-error.js';
import { brakingTrajectory, type TrajectoryPoint } from './trajectory.js';

/** What is sent in one command period. The arrays are the receiver's: later ticks do not change them. */
export interface Command {
  /** Time of the tick. The positions and velocities are to be reached one command period later. */
  readonly stampNs: bigint;
  readonly positions: Float64Array;
  readonly velocities: Float64Array;
  /** N·m or N, where efforts are commanded. */
  readonly efforts?: Float64Array;
  /** The first point repeats positions and velocities; the others brake to rest from there. */
  readonly points: readonly TrajectoryPoint[];
  /** `plan`: following a plan. `hold`: braking, or at rest. */
  readonly mode: 'plan' | 'hold';
  /** Why it holds; empty while following a plan. */
  readonly reason: string;
}

/**
 * What became of a plan. `stale`: its frame is not newer than the last plan's, it ended before it came, or something else was sent meanwhile
 * than what it foresaw.
 */
export type PlanAcceptance = 'accepted' | 'stale' | 'holding';

/**
 * What a tick may go by: `readings`, unless the newest is too old (`blind`); `rest`: it is to come to rest and stay there, whatever they say.
 */
export type Guidance = 'readings' | 'blind' | 'rest';

/** How things stood when a plan was asked for. */
export interface PlanOrigin {
  /** {@link CommandStream.revision} */
  readonly revision: number;
  /** Its frame shows a robot at rest, and nothing was due then: `Timeline.isRestFrom`. */
  readonly fromRest: boolean;
}

export interface CommandStreamOptions {
  readonly limits: readonly JointLimit[];
  readonly semantics: ActionSemantics;
  /** Time between ticks. The desired state advances by this much a tick, whatever the jitter of the ticks. */
  readonly commandPeriodNs: bigint;
  /** Largest difference between desired and measured position `[J]`, rad or m: more is a tracking fault. Infinity switches the guard off. */
  readonly trackingTolerances: ArrayLike<number>;
  /** Its readings are read, what is sent and planned is logged there. */
  readonly timeline: Pick<Timeline, 'sent' | 'plans' | 'readings'>;
}

/**
 * Suspicion at which the robot counts as not following. A reading that is off adds 1, one that is not takes half of that away: one message is
 * not believed, two in a row or every other one are.
 */
const SUSPICION_LIMIT = 2;

/**
 * The command stream: a desired state `(q, v)` that follows the running plan within the limits, one tick a command period. It has no timer;
 * whoever owns it calls `tick`. It begins with `anchor`, which takes a measured pose as the desired one, at rest.
 *
 * It holds (brakes, then keeps its pose) for three kinds of reason:
 * - a **fault**, found here: the robot does not follow, or time went backwards. It stays until `anchor`. After a tracking fault the desired
 *   pose brakes and then goes back to the measured one within the limits, so a blocked robot is not pushed on.
 * - a **hold**, asked for with `hold`: it stays until `resume`.
 * - **no plan** in force, or its end: the next plan ends it.
 * A fault or a hold drops all plans, since what they foresaw to be sent meanwhile is not what is sent.
 */
export class CommandStream {
  readonly #limits: readonly JointLimit[];
  readonly #semantics: ActionSemantics;
  readonly #periodNs: bigint;
  readonly #periodS: number;
  readonly #tolerances: ArrayLike<number>;
  readonly #timeline: Pick<Timeline, 'sent' | 'plans' | 'readings'>;
  readonly #target: Float64Array;
  readonly #motion: JointMotion;
  /** Desired positions when the period under way begins. */
  readonly #start: Float64Array;
  readonly #desired: Float64Array;
  readonly #action: Float64Array;
  #anchored = false;
  #lastTickNs: bigint | null = null;
  /** Stamp of the last reading that was compared with what was desired. */
  #comparedNs: bigint | null = null;
  #suspicion = 0;
  #holdReason: string | null = null;
  #fault: string | null = null;
  #revision = 0;
  /** Where to go back to after a tracking fault, once at rest. */
  #retreat: 'none' | 'brake first' | Float64Array = 'none';

  constructor(options: CommandStreamOptions) {
    const { limits, semantics, commandPeriodNs, trackingTolerances } = options;
    const areTolerancesValid = Array.from(trackingTolerances).every((tolerance) => tolerance > 0);
    if (commandPeriodNs <= 0n || trackingTolerances.length !== limits.length || !areTolerancesValid) {
      throw new JepaMpcError('params.invalid', {
        subject: 'command stream',
        found: `period ${String(commandPeriodNs)} ns, tracking tolerances ${Array.from(trackingTolerances).join(', ')}`,
        expected: `a period above 0, and ${String(limits.length)} tolerances above 0`,
        remedy: 'Correct the command parameters.',
      });
    }
    this.#limits = limits;
    this.#semantics = semantics;
    this.#periodNs = commandPeriodNs;
    this.#periodS = Number(commandPeriodNs) / 1e9;
    this.#tolerances = trackingTolerances;
    this.#timeline = options.timeline;
    this.#target = new Float64Array(limits.length);
    this.#motion = { position: new Float64Array(limits.length), velocity: new Float64Array(limits.length) };
    this.#start = new Float64Array(limits.length);
    this.#desired = new Float64Array(limits.length);
    this.#action = new Float64Array(semantics.size);
  }

  /** Why the stream holds until `anchor`; null when there is no fault. */
  get fault(): string | null {
    return this.#fault;
  }

  /** Whether it knows where the robot is; without that nothing is sent. */
  get isAnchored(): boolean {
    return this.#anchored;
  }

  /** Whether the desired state is at rest. */
  get isAtRest(): boolean {
    return this.#motion.velocity.every((velocity) => velocity === 0);
  }

  /** Desired positions `[J]` now, rad or m. */
  get position(): Float64Array {
    return this.#motion.position;
  }

  /** How long braking to rest takes from here, s. */
  get brakingS(): number {
    return this.#limits.reduce((longest, { acceleration }, joint) => {
      return Math.max(longest, Math.abs(this.#motion.velocity[joint] ?? 0) / acceleration);
    }, 0);
  }

  /** Changes whenever something else is sent than plans that are being made foresee: they are of no use then. */
  get revision(): number {
    return this.#revision;
  }

  /** The end of the plan in force at that time, for the watchdog; null when there is none. */
  planEndNs(timeNs: bigint): bigint | null {
    const due = this.#timeline.plans.inForceAt(timeNs);
    return due === null ? null : endNs(due);
  }

  /**
   * Queues a plan. It takes over with its first free action, or as soon as it is there, if that is over; then with the action that is due by
   * now. One from rest loses nothing by coming late, since nothing has moved: all of it is done, from now on.
   *
   * @throws JepaMpcError `model.signature-mismatch` (wrong shape), `planner.not-finite`; the running plan then goes on.
   */
  setPlan(plan: Plan, { revision, fromRest }: PlanOrigin, nowNs: bigint): PlanAcceptance {
    this.#assertPlan(plan);
    if (this.#fault !== null || this.#holdReason !== null) return 'holding';
    if (revision !== this.#revision) return 'stale';
    const { plans } = this.#timeline;
    const isLate = firstFreeNs(plan, plan.frameStampNs) <= nowNs;
    const isStillAtRest = fromRest && this.isAtRest && !plans.isDueAfter(nowNs);
    const startNs =
      isLate && isStillAtRest
        ? nowNs + this.#periodNs - BigInt(plan.committed) * actionPeriodNs(plan)
        : plan.frameStampNs;
    const freeNs = firstFreeNs(plan, startNs);
    // After now: whether a tick of this very moment comes before or after a plan must not matter.
    const due: DuePlan = { plan, startNs, takeoverNs: freeNs > nowNs ? freeNs : nowNs + 1n };
    if (endNs(due) <= nowNs) return 'stale';
    return plans.add(due) ? 'accepted' : 'stale';
  }

  /** Brakes to rest and stays there until `resume`. Holding already: the reason is replaced. */
  hold(reason: string): void {
    if (this.#holdReason === null) this.#dropPlans();
    this.#holdReason = reason;
  }

  /** Ends a hold, not a fault. */
  resume(): void {
    this.#holdReason = null;
  }

  /**
   * Takes this pose as the desired one, at rest, and drops plans, faults and the memory of what was sent. The desired state jumps: only for a
   * robot that is at rest there, as readings that agree say (`ReadingLog.settledPose`).
   *
   * @param position `[J]`, rad or m
   */
  anchor(position: Float64Array): void {
    this.#motion.position.set(position);
    this.#motion.velocity.fill(0);
    this.#anchored = true;
    this.#fault = null;
    this.#retreat = 'none';
    this.#suspicion = 0;
    this.#lastTickNs = null;
    this.#revision += 1;
    this.#timeline.plans.reset();
    this.#timeline.sent.clear();
  }

  /** Nothing more is sent: where the robot goes from here is not known. It needs `anchor` to begin again. */
  release(): void {
    this.#anchored = false;
    this.#motion.velocity.fill(0);
    this.#dropPlans();
  }

  /**
   * Advances by one command period; null as long as it is not anchored.
   *
   * @param guidance what the robot may go by
   */
  tick(nowNs: bigint, guidance: Guidance = 'readings'): Command | null {
    if (!this.#anchored) return null;
    this.#catchUp(nowNs);
    this.#guardTracking();
    this.#start.set(this.#motion.position);
    const reason = this.#aim(nowNs, guidance);
    advanceMotion(this.#motion, this.#target, this.#periodS, this.#limits);
    this.#log(nowNs);
    return {
      stampNs: nowNs,
      positions: this.#motion.position.slice(),
      velocities: this.#motion.velocity.slice(),
      points: brakingTrajectory(this.#motion, this.#periodNs, this.#limits),
      mode: reason === '' ? 'plan' : 'hold',
      reason,
    };
  }

  #log(stampNs: bigint): void {
    const { position, velocity } = this.#motion;
    this.#timeline.sent.note({ stampNs, position, velocity, action: this.#action }, this.#start);
  }

  #dropPlans(): void {
    this.#timeline.plans.clear();
    this.#revision += 1;
  }

  #fail(fault: string): void {
    this.#fault ??= fault;
    this.#dropPlans();
  }

  #assertPlan(plan: Plan): void {
    const { size } = this.#semantics;
    const count = plan.actions.length / size;
    const isWellFormed =
      plan.actionSize === size &&
      Number.isInteger(count) &&
      count > 0 &&
      plan.periodMs > 0 &&
      Number.isFinite(plan.periodMs) &&
      Number.isInteger(plan.committed) &&
      plan.committed >= 0 &&
      plan.committed <= count;
    if (!isWellFormed) {
      throw new JepaMpcError('model.signature-mismatch', {
        subject: 'plan',
        found:
          `${String(plan.actions.length)} numbers in actions of ${String(plan.actionSize)}, ` +
          `${String(plan.committed)} committed, period ${String(plan.periodMs)} ms`,
        expected: `actions [K, ${String(size)}], committed from 0 to K, a period above 0`,
        remedy: 'Use a model for the joints of this robot.',
      });
    }
    if (!plan.actions.every(Number.isFinite)) {
      throw new JepaMpcError('planner.not-finite', {
        subject: `plan ${String(plan.statistics.planIndex)}`,
        found: 'actions that are not finite',
        expected: 'finite numbers',
        remedy: 'Check the model with its golden vectors, and the planner parameters.',
      });
    }
  }

  /**
   * Keeps the desired state with the robot over missed ticks: the robot has gone on along the braking ramp it was sent. A tick that is less
   * than a whole period late is jitter.
   */
  #catchUp(nowNs: bigint): void {
    const lastNs = this.#lastTickNs ?? nowNs - this.#periodNs;
    this.#lastTickNs = nowNs;
    if (nowNs < lastNs) {
      this.#fail(`the clock went back by ${(Number(lastNs - nowNs) / 1e9).toFixed(3)} s`);
      return;
    }
    const missed = (nowNs - lastNs) / this.#periodNs - 1n;
    this.#aimAtRest();
    for (let tick = 1n; tick <= missed && !this.isAtRest; tick++) {
      this.#start.set(this.#motion.position);
      brakeMotion(this.#motion, this.#periodS, this.#limits);
      this.#log(lastNs + tick * this.#periodNs);
    }
  }

  /** Compares the newest reading with what was desired at its stamp, once. */
  #guardTracking(): void {
    const { readings, sent } = this.#timeline;
    const { newest } = readings;
    if (this.#retreat !== 'none' || newest === null || newest.stampNs === this.#comparedNs) return;
    this.#comparedNs = newest.stampNs;
    if (!sent.covers(newest.stampNs)) return;
    sent.desiredAt(newest.stampNs, this.#desired);
    for (const [joint, limit] of this.#limits.entries()) {
      const error = Math.abs(this.#trackingError(newest, this.#desired, joint, limit));
      const tolerance = this.#tolerances[joint] ?? NaN;
      if (error <= tolerance) continue;
      this.#suspicion += 1;
      if (this.#suspicion < SUSPICION_LIMIT) return;
      this.#fail(
        `joint '${limit.name}' is ${error.toFixed(3)} from where it should be (tolerance ${String(tolerance)})`,
      );
      this.#retreat = 'brake first';
      return;
    }
    this.#suspicion = Math.max(0, this.#suspicion - 0.5);
  }

  #trackingError(
    { position }: Pick<JointReading, 'position'>,
    desired: Float64Array,
    joint: number,
    limit: JointLimit,
  ): number {
    return positionError(position[joint] ?? NaN, desired[joint] ?? NaN, limit);
  }

  /** Sets the target velocities of this tick and the action that they are of; returns why the stream holds, or '' when it follows a plan. */
  #aim(nowNs: bigint, guidance: Guidance): string {
    this.#aimAtRest();
    const reason = this.#fault ?? this.#holdReason;
    if (reason !== null) {
      if (guidance !== 'rest') this.#aimRetreat(guidance === 'blind');
      return reason;
    }
    // The middle of the period decides: ticks do not fall together with actions, and so are neither early nor late on average.
    const middleNs = nowNs + this.#periodNs / 2n;
    const due = this.#timeline.plans.advanceTo(middleNs);
    if (due === null) return 'no plan';
    const { plan } = due;
    const { size } = this.#semantics;
    const index = actionIndexAt(due, middleNs);
    if (index < 0 || index >= plan.actions.length / plan.actionSize) return 'plan exhausted';
    const actionEndNs = due.startNs + BigInt(index + 1) * actionPeriodNs(plan);
    const remainingS = Number(actionEndNs - nowNs) / 1e9;
    this.#semantics.targetVelocity(plan.actions, index, this.#motion.position, remainingS, this.#target);
    for (const entry of this.#action.keys())
      this.#action[entry] = this.#semantics.followed(plan.actions[index * size + entry] ?? NaN, entry);
    return '';
  }

  #aimAtRest(): void {
    this.#target.fill(0);
    for (const entry of this.#action.keys())
      this.#action[entry] = this.#semantics.atRest(this.#motion.position, entry);
  }

  /**
   * After a tracking fault: brake, then go to where the robot was measured when the desired state came to rest. Never by readings that are old
   * or contradict each other.
   */
  #aimRetreat(isBlind: boolean): void {
    if (this.#retreat === 'none') return;
    if (isBlind) {
      this.#retreat = 'brake first';
      return;
    }
    const { readings } = this.#timeline;
    const { newest } = readings;
    if (this.#retreat === 'brake first' && this.isAtRest && newest !== null) {
      const settled = readings.settledPose();
      if ('disagreement' in settled && settled.disagreement !== 'moving') return;
      this.#retreat = this.#motion.position.map((desired, joint) => {
        const limit = this.#limits[joint];
        if (limit === undefined) return desired;
        const error = this.#trackingError(newest, this.#motion.position, joint, limit);
        return Math.min(Math.max(desired + error, limit.lower), limit.upper);
      });
    }
    if (!(this.#retreat instanceof Float64Array)) return;
    for (const [joint, limit] of this.#limits.entries()) {
      const q = this.#motion.position[joint] ?? 0;
      const goal = this.#retreat[joint] ?? q;
      const v = this.#motion.velocity[joint] ?? 0;
      // A position limit at the goal makes the braking law stop exactly there.
      const stopAtGoal = goal > q ? { ...limit, upper: goal } : { ...limit, lower: goal };
      this.#target[joint] = limitedVelocity(
        q,
        v,
        Math.sign(goal - q) * limit.velocity,
        this.#periodS,
        stopAtGoal,
      );
    }
  }
}
