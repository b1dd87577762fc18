import type { JointLimit } from '../../src/core/types.js';
import type { CommandPoint } from '../ros/demo-messages.js';

/** Slack for rounding in the sender's arithmetic, as a fraction of a limit and, for limits below 1, absolute. */
const TOLERANCE = 1e-6;

/**
 * Checks what goes out to the robot against the limits of its description, apart from the code that is meant to keep them. A command is a
 * trajectory: the next point, and from there a braking ramp that the robot follows for as long as no newer command comes. So each command
 *
 * - keeps every point within the position and velocity limits,
 * - keeps the change from point to point within the acceleration limit, in strictly increasing time,
 * - has a first point that can be reached within those limits from the first point of the command before it or, where the sender missed
 *   periods, from a later one, to which the robot has braked meanwhile.
 *
 * This looks at no time of arrival: a busy machine delays messages, and that breaks no limit.
 */
export class CommandAudit {
  readonly #limits: readonly JointLimit[];
  /** Points of the command before; null at the start, when the robot is at rest at a place not known here. */
  #previous: readonly CommandPoint[] | null = null;
  #violations = 0;
  #largestAcceleration = 0;
  #commands = 0;

  constructor(limits: readonly JointLimit[]) {
    this.#limits = limits;
  }

  /** Commands that broke a limit so far. */
  get violations(): number {
    return this.#violations;
  }

  /**
   * Largest step of the velocity from one command to the next so far, divided by the time between them and by the acceleration limit: at
   * most 1 within the limits. A command that is no state at all (a NaN, no points) counts as a violation only.
   */
  get largestAcceleration(): number {
    return this.#largestAcceleration;
  }

  /** Commands checked so far. */
  get commands(): number {
    return this.#commands;
  }

  /** The robot has been put elsewhere, at rest: the next command follows from no earlier one. */
  restart(): void {
    this.#previous = null;
  }

  /** Checks one command: its points in the joint order of the limits. */
  check(points: readonly CommandPoint[]): void {
    this.#commands++;
    if (!this.#isWithinLimits(points)) this.#violations++;
    this.#largestAcceleration = Math.max(this.#largestAcceleration, this.#accelerationInto(points));
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

  /** Where the robot may be when a command comes whose first point is this. */
  #originsOf(first: CommandPoint): readonly CommandPoint[] {
    const resting = { position: first.position, velocity: first.velocity.map(() => 0), timeFromStartS: 0 };
    return this.#previous ?? [resting];
  }

  /** Of the step into a command, from that origin which makes it smallest in velocity and position together. */
  #accelerationInto([first]: readonly CommandPoint[]): number {
    if (first === undefined) return 0;
    let smallest = { effort: Number.POSITIVE_INFINITY, acceleration: 0 };
    for (const origin of this.#originsOf(first)) {
      const step = this.#stepBetween(origin, first, first.timeFromStartS);
      if (step.effort < smallest.effort) smallest = step;
    }
    return smallest.acceleration;
  }

  /** Accelerations as fractions of the limit, over all joints: of the velocity alone, and of what velocity and position need. */
  #stepBetween(
    from: CommandPoint,
    to: CommandPoint,
    durationS: number,
  ): { effort: number; acceleration: number } {
    const steps = this.#limits.map(({ acceleration: limit }, joint) => {
      const { change, detour } = movement(from, to, joint, durationS);
      return {
        velocity: change / (limit * durationS),
        position: detour / ((limit * durationS * durationS) / 2),
      };
    });
    const acceleration = Math.max(...steps.map(({ velocity }) => velocity));
    return { acceleration, effort: Math.max(acceleration, ...steps.map(({ position }) => position)) };
  }

  #isInside({ position, velocity }: CommandPoint): boolean {
    return this.#limits.every(
      (limit, joint) =>
        isAtMost(position[joint], limit.upper) &&
        isAtMost(-(position[joint] ?? Number.NaN), -limit.lower) &&
        isAtMost(Math.abs(velocity[joint] ?? Number.NaN), limit.velocity),
    );
  }

  /** Whether the robot can go from one state to the other in that time without more than its acceleration. */
  #isReachable(from: CommandPoint, to: CommandPoint, durationS: number): boolean {
    return (
      durationS > 0 &&
      this.#limits.every(({ acceleration }, joint) => {
        const { change, detour } = movement(from, to, joint, durationS);
        return (
          isAtMost(change / durationS, acceleration) &&
          isAtMost(detour, (acceleration * durationS * durationS) / 2)
        );
      })
    );
  }
}

/** How much a joint's velocity changes, and how far it goes beside what the mean of both velocities makes of the time. */
function movement(
  from: CommandPoint,
  to: CommandPoint,
  joint: number,
  durationS: number,
): { change: number; detour: number } {
  const [v0 = Number.NaN, v1 = Number.NaN] = [from.velocity[joint], to.velocity[joint]];
  const travelled = (to.position[joint] ?? Number.NaN) - (from.position[joint] ?? Number.NaN);
  return { change: Math.abs(v1 - v0), detour: Math.abs(travelled - ((v0 + v1) / 2) * durationS) };
}

function elapsedS(from: CommandPoint | undefined, to: CommandPoint): number {
  return to.timeFromStartS - (from?.timeFromStartS ?? Number.NaN);
}

function isAtMost(value: number | undefined, limit: number): boolean {
  return value !== undefined && value <= limit + TOLERANCE * Math.max(1, Math.abs(limit));
}
