import type { JointLimit } from '../../core/types.js';
import type { CommandPoint } from '../../ros/demo-messages.js';

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
  #commands = 0;

  constructor(limits: readonly JointLimit[]) {
    this.#limits = limits;
  }

  /** Commands that broke a limit so far. */
  get violations(): number {
    return this.#violations;
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
    const resting = { position: first.position, velocity: first.velocity.map(() => 0), timeFromStartS: 0 };
    const origins = this.#previous ?? [resting];
    return (
      statesInside &&
      rampReachable &&
      origins.some((origin) => this.#isReachable(origin, first, first.timeFromStartS))
    );
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
        const [v0 = Number.NaN, v1 = Number.NaN] = [from.velocity[joint], to.velocity[joint]];
        const travelled = (to.position[joint] ?? Number.NaN) - (from.position[joint] ?? Number.NaN);
        const detour = Math.abs(travelled - ((v0 + v1) / 2) * durationS);
        return (
          isAtMost(Math.abs(v1 - v0) / durationS, acceleration) &&
          isAtMost(detour, (acceleration * durationS * durationS) / 2)
        );
      })
    );
  }
}

function elapsedS(from: CommandPoint | undefined, to: CommandPoint): number {
  return to.timeFromStartS - (from?.timeFromStartS ?? Number.NaN);
}

function isAtMost(value: number | undefined, limit: number): boolean {
  return value !== undefined && value <= limit + TOLERANCE * Math.max(1, Math.abs(limit));
}
