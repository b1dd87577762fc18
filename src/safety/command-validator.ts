import { at, f64 } from '../core/array-access.js';
import type { JointLimit } from '../core/types.js';
import type { Command } from './command.js';

/** A limit that a command violates, or a defect of its form. */
export interface CommandViolation {
  /** Joint name, or `all` where the command as a whole is malformed. */
  readonly joint: string;
  readonly kind:
    | 'size'
    | 'not finite'
    | 'position'
    | 'velocity'
    | 'acceleration'
    | 'jerk'
    | 'effort'
    | 'jump'
    | 'time'
    | 'no stop';
  readonly found: number;
  readonly limit: number;
  readonly message: string;
}

/** Relative and absolute tolerance for rounding. */
const SLACK = 1e-9;

function exceeds(value: number, limit: number): boolean {
  return !(value <= limit + SLACK * Math.max(1, Math.abs(limit)));
}

function violation(
  joint: string,
  kind: CommandViolation['kind'],
  found: number,
  limit: number,
): CommandViolation {
  return {
    joint,
    kind,
    found,
    limit,
    message: `joint '${joint}': ${kind} ${String(found)}, limit ${String(limit)}`,
  };
}

/**
 * The last check of a command before it is sent. It knows the limits and the commands that passed, and shares no code with the command stream.
 * A violation means a defect upstream: the caller holds and reports it.
 */
export class CommandValidator {
  readonly #limits: readonly JointLimit[];
  readonly #periodNs: bigint;
  #previous: Pick<Command, 'stampNs' | 'positions' | 'velocities'> | null = null;
  /** Mean accelerations `[J]` of the step to the previous command, and how long it took, s. */
  #acceleration: Float64Array;
  #stepS: number;
  /** Command periods of commands that did not pass, since the last that did. */
  #withheld = 0;

  constructor(limits: readonly JointLimit[], commandPeriodNs: bigint) {
    this.#limits = limits;
    this.#periodNs = commandPeriodNs;
    this.#acceleration = new Float64Array(limits.length);
    this.#stepS = Number(commandPeriodNs) / 1e9;
  }

  /** The next command is checked against a robot at rest at these positions `[J]`, rad or m. */
  restart(position: Float64Array, stampNs: bigint): void {
    this.#previous = { stampNs, positions: position.slice(), velocities: new Float64Array(position.length) };
    this.#withheld = 0;
    this.#acceleration.fill(0);
    this.#stepS = Number(this.#periodNs) / 1e9;
  }

  /**
   * Checks a command. One that passes is what the next command is checked against.
   *
   * A position outside the limits passes only if it is not further out than that of the previous command, or, for the first command, does not
   * move outwards. So a robot that starts outside can come back.
   *
   * @param periods command periods since the command before, at least 1; without it their stamps count
   * @returns the first violation, or null
   */
  check(command: Command, periods?: number): CommandViolation | null {
    const dtS = this.#stepInto(command, periods);
    const found =
      this.#checkTimes(command) ??
      this.#checkPoints(command) ??
      this.#checkSuccession(command, dtS) ??
      this.#checkEfforts(command);
    if (found === null) this.#remember(command, dtS);
    else this.#withheld += periods ?? 0;
    return found;
  }

  #checkTimes({ points }: Command): CommandViolation | null {
    let lastNs = 0n;
    for (const { timeFromStartNs } of points) {
      if (timeFromStartNs <= lastNs) return violation('all', 'time', Number(timeFromStartNs), Number(lastNs));
      lastNs = timeFromStartNs;
    }
    return points.length > 0 ? null : violation('all', 'size', 0, 1);
  }

  #checkPoints(command: Command): CommandViolation | null {
    for (const point of command.points) {
      const wrong = this.#checkState(command, point.positions, point.velocities);
      if (wrong !== null) return wrong;
    }
    const last = command.points.at(-1);
    for (const [joint, { name }] of this.#limits.entries()) {
      const finalVelocity = last?.velocities[joint] ?? NaN;
      if (finalVelocity !== 0) return violation(name, 'no stop', finalVelocity, 0);
    }
    return this.#checkState(command, command.positions, command.velocities);
  }

  #checkState(command: Command, positions: Float64Array, velocities: Float64Array): CommandViolation | null {
    const joints = this.#limits.length;
    if (positions.length !== joints) return violation('all', 'size', positions.length, joints);
    if (velocities.length !== joints) return violation('all', 'size', velocities.length, joints);
    for (const [joint, limit] of this.#limits.entries()) {
      const q = f64(positions, joint);
      const v = f64(velocities, joint);
      if (!Number.isFinite(q)) return violation(limit.name, 'not finite', q, limit.upper);
      if (!Number.isFinite(v)) return violation(limit.name, 'not finite', v, limit.velocity);
      if (exceeds(Math.abs(v), limit.velocity)) return violation(limit.name, 'velocity', v, limit.velocity);
      const before = f64((this.#previous ?? command).positions, joint);
      if (exceeds(q, Math.max(limit.upper, before))) return violation(limit.name, 'position', q, limit.upper);
      if (exceeds(-q, Math.max(-limit.lower, -before)))
        return violation(limit.name, 'position', q, limit.lower);
      const outwards = (q > limit.upper && v > SLACK) || (q < limit.lower && v < -SLACK);
      if (outwards) return violation(limit.name, 'position', q, q > limit.upper ? limit.upper : limit.lower);
    }
    return null;
  }

  #checkEfforts({ efforts }: Command): CommandViolation | null {
    if (efforts === undefined) return null;
    const joints = this.#limits.length;
    if (efforts.length !== joints) return violation('all', 'size', efforts.length, joints);
    for (const [joint, { name, effort: limit }] of this.#limits.entries()) {
      const effort = f64(efforts, joint);
      if (!Number.isFinite(effort)) return violation(name, 'not finite', effort, limit);
      if (exceeds(Math.abs(effort), limit)) return violation(name, 'effort', effort, limit);
    }
    return null;
  }

  /** Time that the step into a command stands for, s: whole command periods, since jitter of the ticks does not change the step. */
  #stepInto({ stampNs }: Command, periods: number | undefined): number {
    const elapsedNs = this.#previous === null ? 0n : stampNs - this.#previous.stampNs;
    const passed = periods === undefined ? Number(elapsedNs / this.#periodNs) : this.#withheld + periods;
    return (Math.max(passed, 1) * Number(this.#periodNs)) / 1e9;
  }

  #checkSuccession(command: Command, dtS: number): CommandViolation | null {
    const previous = this.#previous;
    for (const [joint, limit] of this.#limits.entries()) {
      const velocity = f64(command.velocities, joint);
      const velocityBefore = previous === null ? 0 : f64(previous.velocities, joint);
      const acceleration = (velocity - velocityBefore) / dtS;
      const wrong =
        this.#checkChange(joint, acceleration, f64(this.#acceleration, joint), dtS, this.#stepS) ??
        this.#checkRamp(command.points, joint, acceleration, dtS);
      if (wrong !== null) return wrong;
      if (previous === null) continue;
      const step = Math.abs(f64(command.positions, joint) - f64(previous.positions, joint));
      if (exceeds(step, limit.velocity * dtS))
        return violation(limit.name, 'jump', step, limit.velocity * dtS);
    }
    return null;
  }

  /** Checks the steps between the points of a trajectory. @param acceleration mean of the step to its first point, which takes `dtS` */
  #checkRamp(
    points: Command['points'],
    joint: number,
    acceleration: number,
    dtS: number,
  ): CommandViolation | null {
    let [before] = points;
    let accelerationBefore = acceleration;
    let stepBeforeS = dtS;
    for (const point of points.slice(1)) {
      if (before === undefined) break;
      const stepS = Number(point.timeFromStartNs - before.timeFromStartNs) / 1e9;
      const change = f64(point.velocities, joint) - f64(before.velocities, joint);
      const wrong = this.#checkChange(joint, change / stepS, accelerationBefore, stepS, stepBeforeS);
      if (wrong !== null) return wrong;
      before = point;
      accelerationBefore = change / stepS;
      stepBeforeS = stepS;
    }
    return null;
  }

  /**
   * Checks the mean acceleration of a step, and how far it is from that of the step before. Where the jerk keeps its limit J, the mean
   * accelerations of two adjacent steps differ by at most J times the time between their middles.
   */
  #checkChange(
    joint: number,
    acceleration: number,
    accelerationBefore: number,
    stepS: number,
    stepBeforeS: number,
  ): CommandViolation | null {
    const limit = at(this.#limits, joint);
    if (exceeds(Math.abs(acceleration), limit.acceleration))
      return violation(limit.name, 'acceleration', Math.abs(acceleration), limit.acceleration);
    const jerk = Math.abs(acceleration - accelerationBefore) / ((stepS + stepBeforeS) / 2);
    return exceeds(jerk, limit.jerk) ? violation(limit.name, 'jerk', jerk, limit.jerk) : null;
  }

  #remember(command: Command, dtS: number): void {
    this.#stepS = dtS;
    this.#withheld = 0;
    for (const joint of this.#limits.keys()) {
      const before = this.#previous === null ? 0 : f64(this.#previous.velocities, joint);
      this.#acceleration[joint] = (f64(command.velocities, joint) - before) / this.#stepS;
    }
    this.#previous = command;
  }
}
