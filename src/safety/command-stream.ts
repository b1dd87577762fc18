import { assertLength, at } from '../core/array-access.js';
import { JepaMpcError } from '../core/errors.js';
import type { ActionSemantics } from '../core/ports.js';
import type { JointLimit, Plan } from '../core/types.js';
import { endNs } from '../timeline/plan-log.js';
import type { Timeline } from '../timeline/timeline.js';
import { brakeMotion, brakingTimeS, isStill, restingAt, type JointMotion } from './command-limiter.js';
import type { Command } from './command.js';
import { MotionGuard, type GuardedRules, type Restriction } from './motion-guard.js';
import { assertPlan, PlanFollower } from './plan-follower.js';
import { Retreat, type TickLimit } from './retreat.js';
import { SoftStart } from './soft-start.js';
import { TrackingGuard } from './tracking-guard.js';

/**
 * Whether a plan was accepted. `stale`: its frame is not newer than the last plan's, it ended before it arrived, or the commands sent meanwhile
 * are not the ones it assumed. `holding`: the stream holds, and takes no plans. `restricted`: its first free action would break a rule of the work
 * space.
 */
export type PlanAcceptance = 'accepted' | 'stale' | 'holding' | 'restricted';

/**
 * What a tick may use. `readings`: the joint readings. `blind`: they are too old to use. `rest`: come to rest and stay there, whatever the
 * readings are.
 */
export type Guidance = 'readings' | 'blind' | 'rest';

/** The state of the stream when a plan was requested. */
export interface PlanOrigin {
  /** {@link CommandStream.revision} */
  readonly revision: number;
  /** Whether its frame shows a robot at rest, and nothing was due then: `Timeline.isRestFrom`. */
  readonly fromRest: boolean;
}

export interface CommandStreamOptions {
  readonly limits: readonly JointLimit[];
  readonly semantics: ActionSemantics;
  /** Time between ticks. Each tick advances the desired state by this much, whatever the jitter. */
  readonly commandPeriodNs: bigint;
  /** Maximum difference between desired and measured position `[J]`, rad or m; more is a tracking fault. Infinity switches the guard off. */
  readonly trackingTolerances: ArrayLike<number>;
  /**
   * Whether the desired state goes to the measured pose after a tracking fault however far that is: where efforts are commanded, a desired state
   * far away would be a lasting force. Default false.
   */
  readonly retreatsFar?: boolean;
  /** The source of readings. Sent commands and plans are logged there. */
  readonly timeline: Pick<Timeline, 'sent' | 'plans' | 'readings'>;
  /** Share of the planned velocities that is commanded, 0 to 1, read with each tick. Default 1. */
  readonly speedScale?: () => number;
  /** Rules of the work space; absent: none. */
  readonly motionCheck?: GuardedRules;
  /** Time over which the speed rises after `anchor`, s, read with each tick. Default 0: at once. */
  readonly softStartS?: () => number;
}

/**
 * The command stream: a desired state `(q, v, a)` that follows the running plan within the limits, one tick per command period. It has no timer;
 * its owner calls `tick`. It begins with `anchor`, which takes a measured pose as the desired pose, at rest.
 *
 * It holds (brakes, then keeps its pose) for three kinds of reason:
 * - a **fault**, found here: the robot does not follow, or time went backwards. It lasts until `anchor`. After a tracking fault the desired
 *   state retreats to the measured pose.
 * - a **hold**, requested with `hold`. It lasts until `resume`.
 * - **no plan** in force, or the end of a plan. The next plan ends it.
 * A fault or a hold drops all plans, because they assumed other commands than those that are then sent.
 */
export class CommandStream {
  readonly #limits: readonly JointLimit[];
  readonly #semantics: ActionSemantics;
  readonly #periodNs: bigint;
  readonly #periodS: number;
  readonly #timeline: Pick<Timeline, 'sent' | 'plans' | 'readings'>;
  /** Target velocities `[J]` of the current tick. */
  readonly #target: Float64Array;
  readonly #motion: JointMotion;
  /** Desired positions `[J]` at the start of the current period. */
  readonly #start: Float64Array;
  /** Raw action `[A]` of the current period. */
  readonly #action: Float64Array;
  readonly #follower: PlanFollower;
  readonly #tracking: TrackingGuard;
  readonly #retreat: Retreat;
  readonly #speedScale: () => number;
  readonly #softStart: SoftStart;
  /** The limits `[J]` of the current tick: a retreat narrows their ranges. */
  readonly #tickLimits: readonly TickLimit[];
  readonly #guard: MotionGuard;
  #anchored = false;
  #lastTickNs: bigint | null = null;
  #holdReason: string | null = null;
  #fault: string | null = null;
  #revision = 0;

  /** @throws JepaMpcError `params.invalid` for a period or tolerances that are not above 0, or too many or too few tolerances */
  constructor(options: CommandStreamOptions) {
    const { limits, semantics, commandPeriodNs, trackingTolerances, timeline } = options;
    const { motionCheck, retreatsFar = false, speedScale = () => 1, softStartS = () => 0 } = options;
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
    this.#timeline = timeline;
    this.#target = new Float64Array(limits.length);
    this.#motion = restingAt(new Float64Array(limits.length));
    this.#start = new Float64Array(limits.length);
    this.#action = new Float64Array(semantics.size);
    this.#follower = new PlanFollower(semantics, limits, commandPeriodNs, timeline.plans);
    this.#tracking = new TrackingGuard(limits, trackingTolerances, timeline);
    this.#retreat = new Retreat(limits, trackingTolerances, retreatsFar, timeline.readings);
    this.#speedScale = speedScale;
    this.#softStart = new SoftStart(softStartS, this.#periodS);
    this.#tickLimits = limits.map((limit) => ({ ...limit }));
    this.#guard = new MotionGuard(motionCheck ?? null, limits, semantics, commandPeriodNs);
  }

  /** Why the stream holds until `anchor`; null when there is no fault. */
  get fault(): string | null {
    return this.#fault;
  }

  /** Whether the desired state is at rest. */
  get isAtRest(): boolean {
    return isStill(this.#motion);
  }

  /** Desired positions `[J]` now, rad or m: a view that the next tick overwrites. */
  get position(): Float64Array {
    return this.#motion.position;
  }

  /** Time that the slowest joint takes to brake to rest from here, s. */
  get brakingTimeS(): number {
    return brakingTimeS(this.#motion, this.#limits);
  }

  /** Changes whenever the commands differ from those that pending plans assume. Such plans are then of no use. */
  get revision(): number {
    return this.#revision;
  }

  /** End of the plan in force at that time, for the watchdog; null when there is none. */
  planEndNs(timeNs: bigint): bigint | null {
    const due = this.#timeline.plans.inForceAt(timeNs);
    return due === null ? null : endNs(due);
  }

  /**
   * Queues a plan, see {@link PlanFollower.queue}.
   *
   * @throws JepaMpcError `model.signature-mismatch` (wrong shape), `planner.not-finite`; the running plan then continues
   */
  setPlan(plan: Plan, { revision, fromRest }: PlanOrigin, nowNs: bigint): PlanAcceptance {
    assertPlan(plan, this.#semantics.size);
    if (this.#fault !== null || this.#holdReason !== null) return 'holding';
    if (revision !== this.#revision) return 'stale';
    const due = this.#follower.due(plan, fromRest && this.isAtRest, nowNs);
    if (due === null) return 'stale';
    const kept = this.#guard.kept(due, this.#timeline.plans, {
      motion: this.#motion,
      nextTickNs: this.#lastTickNs === null ? nowNs : this.#lastTickNs + this.#periodNs,
      share: this.#speedScale(),
    });
    if (kept === null) return 'restricted';
    return this.#timeline.plans.add(kept) ? 'accepted' : 'stale';
  }

  /** The rule of the work space that keeps the robot from following its plans, at present or in the newest plan; null when none does. */
  get restriction(): Restriction | null {
    return this.#guard.restriction;
  }

  /** Brakes to rest and stays there until `resume`. If it holds already, the reason is replaced. */
  hold(reason: string): void {
    if (this.#holdReason === null) this.#dropPlans();
    this.#holdReason = reason;
  }

  /** Ends a hold, not a fault. */
  resume(): void {
    this.#holdReason = null;
  }

  /**
   * Takes this pose as the desired pose, at rest, and forgets plans, faults and sent commands. The desired state jumps, so the robot must be
   * at rest there: use the pose of readings that agree (`ReadingLog.settledPose`).
   *
   * @param position `[J]`, rad or m
   * @throws RangeError for another number of positions
   */
  anchor(position: Float64Array): void {
    assertLength('anchor pose', position, this.#limits.length);
    this.#motion.position.set(position);
    this.#comeToRest();
    this.#softStart.begin();
    this.#anchored = true;
    this.#fault = null;
    this.#retreat.cancel();
    this.#tracking.reset();
    this.#lastTickNs = null;
    this.#revision += 1;
    this.#timeline.plans.reset();
    this.#timeline.sent.clear();
  }

  /** Stops sending, because where the robot moves from here is not known. `anchor` begins again. */
  release(): void {
    this.#anchored = false;
    this.#comeToRest();
    this.#dropPlans();
  }

  /** While it holds: moves joints that are outside their limits slowly to the nearest position inside. `anchor` ends that. */
  recover(): void {
    this.#retreat.beginInwards(this.#motion);
  }

  /** Whether `recover` has not arrived yet. */
  get isRecovering(): boolean {
    return this.#fault === null && this.#retreat.isUnderWay && !this.#retreat.hasArrived(this.#motion);
  }

  #comeToRest(): void {
    this.#motion.velocity.fill(0);
    this.#motion.acceleration.fill(0);
  }

  /**
   * Advances by one command period.
   *
   * @param guidance what this tick may use
   * @param periods command periods since the last tick, at least 1; without it the time on `nowNs` counts
   * @returns null while it is not anchored
   */
  tick(nowNs: bigint, guidance: Guidance = 'readings', periods?: number): Command | null {
    if (!this.#anchored) return null;
    this.#catchUp(nowNs, periods);
    this.#checkTracking();
    this.#start.set(this.#motion.position);
    const reason = this.#aim(nowNs, guidance);
    const { points, share } = this.#guard.advance(this.#motion, this.#target, this.#tickLimits);
    this.#shareAction(share);
    this.#log(nowNs);
    return {
      stampNs: nowNs,
      positions: this.#motion.position.slice(),
      velocities: this.#motion.velocity.slice(),
      points,
      mode: reason === '' ? 'plan' : 'hold',
      reason,
    };
  }

  #log(stampNs: bigint): void {
    const { position, velocity } = this.#motion;
    this.#timeline.sent.note({ stampNs, position, velocity, action: this.#action }, this.#start);
  }

  #dropPlans(): void {
    this.#guard.forgetPlan();
    this.#timeline.plans.clear();
    this.#revision += 1;
  }

  #fail(fault: string): void {
    this.#fault ??= fault;
    this.#dropPlans();
  }

  #checkTracking(): void {
    // A tracking fault is being dealt with.
    if (this.#fault !== null && this.#retreat.isUnderWay) return;
    const fault = this.#tracking.check();
    if (fault === null) return;
    this.#fail(fault);
    this.#retreat.begin();
  }

  /**
   * Advances the desired state over missed ticks, in which the robot followed the braking ramp of its last command. A tick that is late by
   * less than a whole period is jitter.
   */
  #catchUp(nowNs: bigint, periods: number | undefined): void {
    const isFirst = this.#lastTickNs === null;
    const lastNs = this.#lastTickNs ?? nowNs - this.#periodNs;
    this.#lastTickNs = nowNs;
    if (nowNs < lastNs) {
      this.#fail(`the clock went back by ${(Number(lastNs - nowNs) / 1e9).toFixed(3)} s`);
      return;
    }
    const passed = periods === undefined || isFirst ? (nowNs - lastNs) / this.#periodNs : BigInt(periods);
    const missed = passed - 1n;
    this.#aimAtRest();
    for (let tick = 1n; tick <= missed && !this.isAtRest; tick++) {
      this.#start.set(this.#motion.position);
      brakeMotion(this.#motion, this.#periodS, this.#limits);
      this.#log(lastNs + tick * this.#periodNs);
    }
  }

  /** Sets the target velocities and the action of this tick. @returns why the stream holds; empty when it follows a plan */
  #aim(nowNs: bigint, guidance: Guidance): string {
    this.#aimAtRest();
    for (const [joint, { lower, upper }] of this.#limits.entries())
      Object.assign(at(this.#tickLimits, joint), { lower, upper });
    const reason = this.#fault ?? this.#holdReason;
    if (reason !== null) {
      if (guidance !== 'rest')
        this.#retreat.aim(this.#motion, guidance === 'blind', this.#target, this.#tickLimits);
      this.#slowDown(this.#speedScale());
      return reason;
    }
    const idle = this.#follower.aim(nowNs, this.#motion.position, this.#target, this.#action);
    if (idle === '') this.#slowDown(this.#speedScale() * this.#softStart.advance());
    return idle;
  }

  /** Commands a share of the planned velocities. The action that is logged as sent is shared likewise, so that the next plan knows. */
  #slowDown(share: number): void {
    if (share === 1) return;
    for (const [joint, velocity] of this.#target.entries()) this.#target[joint] = velocity * share;
    this.#shareAction(share);
  }

  #shareAction(share: number): void {
    if (share === 1) return;
    for (const [entry, action] of this.#action.entries()) {
      const rest = this.#semantics.atRest(this.#motion.position, entry);
      this.#action[entry] = rest + (action - rest) * share;
    }
  }

  #aimAtRest(): void {
    this.#target.fill(0);
    for (const entry of this.#action.keys())
      this.#action[entry] = this.#semantics.atRest(this.#motion.position, entry);
  }
}
