import type { TrajectoryPoint } from './trajectory.js';

/** What is sent in one command period. Its arrays belong to the receiver: later ticks do not change them. */
export interface Command {
  /** Time of the tick. The robot is to reach the positions and velocities one command period later. */
  readonly stampNs: bigint;
  /** `[J]`, rad or m. */
  readonly positions: Float64Array;
  /** `[J]`, rad/s or m/s. */
  readonly velocities: Float64Array;
  /** `[J]`, N·m or N, where efforts are commanded. */
  readonly efforts?: Float64Array;
  /** The first point repeats positions and velocities; the others brake to rest from there. */
  readonly points: readonly TrajectoryPoint[];
  /** `plan`: following a plan. `hold`: braking, or at rest. */
  readonly mode: 'plan' | 'hold';
  /** Why it holds; empty while following a plan. */
  readonly reason: string;
}
