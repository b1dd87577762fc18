import type { JointLimit } from '../../src/core/types.js';
import type { CommandPoint } from '../ros/demo-messages.js';

/** Tolerance for rounding in the sender's arithmetic: relative to the limit, absolute for limits below 1. */
const TOLERANCE = 1e-6;

/**
 * Checks the commands to the robot against the limits of its description, independently of the code that enforces them. A command is a
 * trajectory: the next point, then a braking ramp that the robot follows until a newer command arrives. So for each command
 *
 * - every point lies within the position and velocity limits,
 * - the steps between points keep the acceleration limit, in strictly increasing time,
 * - the first point is reachable within those limits from the first point of the previous command or, if the sender missed periods, from a
 *   later point of it, to which the robot has braked meanwhile.
 *
 * The audit ignores arrival times: a busy machine delays messages, which breaks no limit.
 */
export class CommandAudit {
  readonly #limits: readonly JointLimit[];
  /** Points of the previous command; null at the start, when the robot rests at a pose that is not known here. */
  #previous: readonly CommandPoint[] | null = null;
  #violations = 0;
  #maxAcceleration = 0;
  #commands = 0;

  constructor(limits: readonly JointLimit[]) {
    this.#limits = limits;
  }

  /** Number of commands so far that broke a limit. */
  get violations(): number {
    return this.#violations;
  }

  /**
   * Largest change of the velocity between consecutive commands so far, divided by the time between them and by the acceleration limit: at
   * most 1 within the limits. A command without a valid state (a NaN, no points) counts as a violation only.
   */
  get largestAcceleration(): number {
    return this.#maxAcceleration;
  }

  /** Number of commands checked so far. */
  get commands(): number {
    return this.#commands;
  }

  /** Call after a teleport: the next command does not continue an earlier one. */
  restart(): void {
    this.#previous = null;
  }

  /** Checks one command. @param points in the joint order of the limits */
  check(points: readonly CommandPoint[]): void {
    this.#commands++;
    if (!this.#isWithinLimits(points)) this.#violations++;
    this.#maxAcceleration = Math.max(this.#maxAcceleration, this.#accelerationInto(points));
    this.#previous = points;
  }

  #isWithinLimits(points: readonly CommandPoint[]): boolean {
    const [first] = points;
    if (first === undefined) return false;
    const statesInside = points.every((point) => this.#isInside(point));
    const rampReachable = points
      .slice(1)
      .every((point, index) =>
        this.#isReachable(points[index] ?? point, point, elapsedS(points[index], point)),
      );
    return (
      statesInside &&
      rampReachable &&
      this.#originsOf(first).some((origin) => this.#isReachable(origin, first, first.timeFromStartS))
    );
  }

  /** States that the robot may be in when a command with this first point arrives. */
  #originsOf(first: CommandPoint): readonly CommandPoint[] {
    const resting = { position: first.position, velocity: first.velocity.map(() => 0), timeFromStartS: 0 };
    return this.#previous ?? [resting];
  }

  /** Acceleration of the step into a command, from the origin that makes the step in velocity and position smallest. */
  #accelerationInto([first]: readonly CommandPoint[]): number {
    if (first === undefined) return 0;
    let smallest = { demand: Number.POSITIVE_INFINITY, acceleration: 0 };
    for (const origin of this.#originsOf(first)) {
      const step = this.#stepBetween(origin, first, first.timeFromStartS);
      if (step.demand < smallest.demand) smallest = step;
    }
    return smallest.acceleration;
  }

  /** Largest fraction of the acceleration limit over all joints: for the change of velocity, and for that of velocity and position. */
  #stepBetween(
    from: CommandPoint,
    to: CommandPoint,
    durationS: number,
  ): { demand: number; acceleration: number } {
    const steps = this.#limits.map(({ acceleration: limit }, joint) => {
      const { change, excess } = movement(from, to, joint, durationS);
      return {
        velocity: change / (limit * durationS),
        position: excess / ((limit * durationS * durationS) / 2),
      };
    });
    const acceleration = Math.max(...steps.map(({ velocity }) => velocity));
    return { acceleration, demand: Math.max(acceleration, ...steps.map(({ position }) => position)) };
  }

  #isInside({ position, velocity }: CommandPoint): boolean {
    return this.#limits.every(
      (limit, joint) =>
        isAtMost(position[joint], limit.upper) &&
        isAtMost(-(position[joint] ?? Number.NaN), -limit.lower) &&
        isAtMost(Math.abs(velocity[joint] ?? Number.NaN), limit.velocity),
    );
  }

  /** Whether the robot can get from one state to the other in that time within its acceleration limit. */
  #isReachable(from: CommandPoint, to: CommandPoint, durationS: number): boolean {
    return (
      durationS > 0 &&
      this.#limits.every(({ acceleration }, joint) => {
        const { change, excess } = movement(from, to, joint, durationS);
        return (
          isAtMost(change / durationS, acceleration) &&
          isAtMost(excess, (acceleration * durationS * durationS) / 2)
        );
      })
    );
  }
}

/** Change of a joint's velocity, and how far its displacement differs from the mean velocity times the duration. */
function movement(
  from: CommandPoint,
  to: CommandPoint,
  joint: number,
  durationS: number,
): { change: number; excess: number } {
  const [v0 = Number.NaN, v1 = Number.NaN] = [from.velocity[joint], to.velocity[joint]];
  const displacement = (to.position[joint] ?? Number.NaN) - (from.position[joint] ?? Number.NaN);
  return { change: Math.abs(v1 - v0), excess: Math.abs(displacement - ((v0 + v1) / 2) * durationS) };
}

function elapsedS(from: CommandPoint | undefined, to: CommandPoint): number {
  return to.timeFromStartS - (from?.timeFromStartS ?? Number.NaN);
}

function isAtMost(value: number | undefined, limit: number): boolean {
  return value !== undefined && value <= limit + TOLERANCE * Math.max(1, Math.abs(limit));
}
