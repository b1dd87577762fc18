import { JepaMpcError } from '../core/errors.js';
import type { JointLimit, JointReading, Plan } from '../core/types.js';
import type { ActionSemantics } from './action-semantics.js';
import { advanceMotion, brakeMotion, limitedVelocity, type JointMotion } from './command-limiter.js';
import { actionIndexAt, actionPeriodNs, PlanQueue } from './plan-queue.js';
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

/** What became of a plan. `stale`: from a frame not newer than the last plan's, or from before the last hold or re-anchoring ended. */
export type PlanAcceptance = 'accepted' | 'stale' | 'holding';

/** One action of a plan. */
interface ActionInForce {
  readonly plan: Plan;
  readonly index: number;
}

export interface CommandStreamOptions {
  readonly limits: readonly JointLimit[];
  readonly semantics: ActionSemantics;
  /** Time between ticks. The desired state advances by this much a tick, whatever the jitter of the ticks. */
  readonly commandPeriodNs: bigint;
  /** Largest difference between desired and measured position, rad or m: more is a tracking fault. Infinity switches the guard off. */
  readonly trackingTolerance: number;
}

/**
 * The command stream: a desired state `(q, v)` that follows the running plan within the limits, one tick a command period. It has no timer;
 * whoever owns it calls `tick`. The first tick with a reading takes the measured pose as the desired one, at rest.
 *
 * It holds (brakes, then keeps its pose) for three kinds of reason:
 * - a **fault**, found here: the robot does not follow, or time went backwards. It stays until `reanchor`. After a tracking fault the desired
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
  readonly #tolerance: number;
  readonly #plans = new PlanQueue();
  readonly #target: Float64Array;
  readonly #motion: JointMotion;
  #anchored = false;
  #reading: JointReading | null = null;
  #lastTickNs: bigint | null = null;
  #holdReason: string | null = null;
  #fault: string | null = null;
  /** Where to go back to after a tracking fault, once at rest. */
  #retreat: 'none' | 'brake first' | Float64Array = 'none';
  /** Plans from earlier frames are refused. */
  #earliestFrameNs: bigint | null = null;

  constructor(options: CommandStreamOptions) {
    const { limits, commandPeriodNs, trackingTolerance } = options;
    if (commandPeriodNs <= 0n || !(trackingTolerance > 0)) {
      throw new JepaMpcError('params.invalid', {
        subject: 'command stream',
        found: `period ${String(commandPeriodNs)} ns, tracking tolerance ${String(trackingTolerance)}`,
        expected: 'both above 0',
        remedy: 'Correct the command parameters.',
      });
    }
    this.#limits = limits;
    this.#semantics = options.semantics;
    this.#periodNs = commandPeriodNs;
    this.#periodS = Number(commandPeriodNs) / 1e9;
    this.#tolerance = trackingTolerance;
    this.#target = new Float64Array(limits.length);
    this.#motion = { position: new Float64Array(limits.length), velocity: new Float64Array(limits.length) };
  }

  /** Why the stream holds until `reanchor`; null when there is no fault. */
  get fault(): string | null {
    return this.#fault;
  }

  /** The end of the plan in force at that time, for the watchdog; null when there is none. */
  planEndNs(timeNs: bigint): bigint | null {
    const plan = this.#plans.inForceAt(timeNs);
    return plan === null
      ? null
      : plan.frameStampNs + BigInt(plan.actions.length / plan.actionSize) * actionPeriodNs(plan);
  }

  /** The newest measured state. @throws JepaMpcError `joint-states.wrong-size`, `joint-states.not-finite`. */
  setReading(reading: JointReading): void {
    const { position } = reading;
    if (position.length !== this.#limits.length) {
      throw new JepaMpcError('joint-states.wrong-size', {
        subject: 'joint reading',
        found: `${String(position.length)} positions`,
        expected: String(this.#limits.length),
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
    this.#reading = reading;
  }

  /**
   * Queues a plan; it takes over at `frameStampNs + committed * periodMs`, or with the next tick if that is over.
   * @throws JepaMpcError `model.signature-mismatch` (wrong shape), `planner.not-finite`; the running plan then goes on.
   */
  setPlan(plan: Plan): PlanAcceptance {
    this.#assertPlan(plan);
    if (this.#fault !== null || this.#holdReason !== null) return 'holding';
    if (this.#earliestFrameNs !== null && plan.frameStampNs < this.#earliestFrameNs) return 'stale';
    return this.#plans.add(plan) ? 'accepted' : 'stale';
  }

  /** Brakes to rest and stays there until `resume`. Holding already: the reason is replaced. */
  hold(reason: string): void {
    this.#holdReason = reason;
    this.#plans.clear();
  }

  /** Ends a hold, not a fault. Plans made from frames before the last tick stay refused. */
  resume(): void {
    if (this.#holdReason === null) return;
    this.#holdReason = null;
    this.#earliestFrameNs = this.#lastTickNs ?? this.#earliestFrameNs;
  }

  /**
   * Takes the measured pose as the desired one, at rest, with the next tick; drops plans and faults, and refuses plans from frames before
   * `nowNs`. The desired state jumps: call it for a robot at rest, and `restart` the validator with it.
   */
  reanchor(nowNs: bigint): void {
    this.#anchored = false;
    this.#fault = null;
    this.#retreat = 'none';
    this.#lastTickNs = null;
    this.#plans.clear();
    this.#earliestFrameNs = nowNs;
  }

  /** Advances by one command period; null as long as there is no reading to start from. */
  tick(nowNs: bigint): Command | null {
    if (!this.#anchored && !this.#anchor()) return null;
    this.#catchUp(nowNs);
    this.#guardTracking();
    const reason = this.#aim(nowNs);
    advanceMotion(this.#motion, this.#target, this.#periodS, this.#limits);
    const points = brakingTrajectory(this.#motion, this.#periodNs, this.#limits);
    return {
      stampNs: nowNs,
      positions: this.#motion.position.slice(),
      velocities: this.#motion.velocity.slice(),
      points,
      mode: reason === '' ? 'plan' : 'hold',
      reason,
    };
  }

  /**
   * What will be done if no further plan comes: the raw actions in force, as far as they can be followed, blended over each of the periods
   * `[fromNs + k*periodMs, fromNs + (k+1)*periodMs)`; rest where nothing is in force. This is a new plan's committed prefix.
   *
   * @returns `[count, A]`
   */
  plannedActions(fromNs: bigint, count: number, periodMs: number): Float32Array {
    const { size, blend } = this.#semantics;
    const planned = new Float32Array(count * size);
    const periodNs = BigInt(Math.round(periodMs * 1e6));
    const ticks = Math.max(1, Math.ceil(Number(periodNs) / Number(this.#periodNs)));
    const first = blend === 'mean' ? 0 : ticks - 1;
    const sums = new Float64Array(size);
    for (let period = 0; period < count; period++) {
      sums.fill(0);
      for (let tick = first; tick < ticks; tick++) {
        const action = this.#actionAt(fromNs + BigInt(period) * periodNs + BigInt(tick) * this.#periodNs);
        for (let entry = 0; entry < size; entry++)
          sums[entry] = (sums[entry] ?? 0) + this.#followed(action, entry);
      }
      for (let entry = 0; entry < size; entry++)
        planned[period * size + entry] = (sums[entry] ?? 0) / (ticks - first);
    }
    return planned;
  }

  /** An entry of the raw action in force, or of rest, as far as the joints can follow it. */
  #followed(action: ActionInForce | string, entry: number): number {
    const { size } = this.#semantics;
    if (typeof action === 'string') return this.#semantics.atRest(this.#motion.position, entry);
    return this.#semantics.followed(action.plan.actions[action.index * size + entry] ?? 0, entry);
  }

  #assertPlan(plan: Plan): void {
    const { size } = this.#semantics;
    const count = plan.actions.length / size;
    const shapely =
      plan.actionSize === size &&
      Number.isInteger(count) &&
      count > 0 &&
      plan.periodMs > 0 &&
      Number.isFinite(plan.periodMs) &&
      Number.isInteger(plan.committed) &&
      plan.committed >= 0 &&
      plan.committed <= count;
    if (!shapely) {
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

  #anchor(): boolean {
    if (this.#reading === null) return false;
    this.#motion.position.set(this.#reading.position);
    this.#motion.velocity.fill(0);
    this.#anchored = true;
    return true;
  }

  /**
   * Keeps the desired state with the robot over missed ticks: the robot has gone on along the braking ramp it was sent. A tick that is less
   * than a whole period late is jitter.
   */
  #catchUp(nowNs: bigint): void {
    const elapsedNs = nowNs - (this.#lastTickNs ?? nowNs);
    this.#lastTickNs = nowNs;
    if (elapsedNs < 0n) {
      this.#plans.clear();
      this.#fault ??= `the clock went back by ${(Number(-elapsedNs) / 1e9).toFixed(3)} s`;
      return;
    }
    const missed = elapsedNs / this.#periodNs - 1n;
    for (let tick = 0n; tick < missed; tick++) {
      if (brakeMotion(this.#motion, this.#periodS, this.#limits)) break;
    }
  }

  #guardTracking(): void {
    if (this.#retreat !== 'none' || this.#reading === null) return;
    for (const [joint, limit] of this.#limits.entries()) {
      const error = Math.abs(this.#trackingError(joint, limit));
      if (error > this.#tolerance) {
        this.#fault =
          `joint '${limit.name}' is ${error.toFixed(3)} from where it should be ` +
          `(tolerance ${String(this.#tolerance)})`;
        this.#retreat = 'brake first';
        this.#plans.clear();
        return;
      }
    }
  }

  #trackingError(joint: number, limit: JointLimit): number {
    return positionError(this.#reading?.position[joint] ?? 0, this.#motion.position[joint] ?? 0, limit);
  }

  /** Sets the target velocities of this tick; returns why the stream holds, or '' when it follows a plan. */
  #aim(nowNs: bigint): string {
    const reason = this.#fault ?? this.#holdReason;
    if (reason !== null) {
      this.#target.fill(0);
      this.#aimRetreat();
      return reason;
    }
    this.#plans.advanceTo(nowNs);
    return this.#targetAt(nowNs, this.#target);
  }

  /** Writes the target velocities that the plans have for a time; returns why they are 0, or '' when they are a plan's. */
  #targetAt(timeNs: bigint, out: Float64Array): string {
    out.fill(0);
    const action = this.#actionAt(timeNs);
    if (typeof action === 'string') return action;
    const { plan, index } = action;
    const endNs = plan.frameStampNs + BigInt(index + 1) * actionPeriodNs(plan);
    this.#semantics.targetVelocity(
      plan.actions,
      index,
      this.#motion.position,
      Number(endNs - timeNs) / 1e9,
      out,
    );
    return '';
  }

  /** The action that the plans have for a time, or why there is none. */
  #actionAt(timeNs: bigint): ActionInForce | string {
    const plan = this.#plans.inForceAt(timeNs);
    if (plan === null) return 'no plan';
    const index = actionIndexAt(plan, timeNs);
    return index < plan.actions.length / plan.actionSize ? { plan, index } : 'plan exhausted';
  }

  /** After a tracking fault: brake, then go back to where the robot was measured when the desired state came to rest. */
  #aimRetreat(): void {
    if (this.#retreat === 'brake first' && this.#motion.velocity.every((velocity) => velocity === 0)) {
      this.#retreat = this.#motion.position.map((desired, joint) => {
        const limit = this.#limits[joint];
        if (limit === undefined) return desired;
        return Math.min(Math.max(desired + this.#trackingError(joint, limit), limit.lower), limit.upper);
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
