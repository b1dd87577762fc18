import { assertLength, at, f64 } from '../core/array-access.js';
import { displacement } from '../core/joint-positions.js';
import { dynamic, fixed, integer, numberPerJoint } from '../core/parameter.js';
import type { JointLimit, JointReading } from '../core/types.js';
import type { JointMotion } from './command-limiter.js';

export const effortParameters = {
  'command.effort_kp': fixed(
    numberPerJoint({ min: 0.000001, max: 1000000 }),
    'N·m/rad or N/m',
    'Effort per unit of position error of a joint; one number for all joints or one for each. Empty: efforts are refused.',
  ),
  'command.effort_kd': fixed(
    numberPerJoint({ min: 0, max: 1000000 }),
    'N·m·s/rad or N·s/m',
    'Effort per unit of velocity error of a joint; as command.effort_kp. Above 0 it needs velocities in joint_states.',
  ),
  'command.effort_timeout_ms': dynamic(
    integer({ min: 1, max: 1000, default: 100 }),
    'ms',
    'Age of the newest joint state at which efforts become 0 and the robot holds, if efforts are commanded; watchdog.joint_states_timeout_s applies too if it is shorter.',
  ),
};

/** Gains of one joint. */
export interface EffortGains {
  /** N·m/rad or N/m, above 0. */
  readonly kp: number;
  /** N·m·s/rad or N·s/m, at least 0. */
  readonly kd: number;
}

/**
 * A PD law: `kp (q desired - q) + kd (v desired - v)` for each joint, within its effort limit. It has no model of the robot, so a joint that
 * carries weight deviates from its desired position by `weight / kp`.
 *
 * Feedback needs a fresh measured state. Without one, only effort 0 cannot drive a joint away: the law on an old state is a constant force, and
 * damping needs the velocity.
 */
export class EffortLaw {
  readonly #limits: readonly JointLimit[];
  readonly #gains: readonly EffortGains[];

  /**
   * @param limits `[J]`, each with a finite effort limit
   * @param gains `[J]`, in the same order
   * @throws RangeError when the lengths differ
   */
  constructor(limits: readonly JointLimit[], gains: readonly EffortGains[]) {
    assertLength('effort gains', gains, limits.length);
    this.#limits = limits;
    this.#gains = gains;
  }

  /** Whether it uses measured velocities. */
  get needsVelocity(): boolean {
    return this.#gains.some(({ kd }) => kd > 0);
  }

  /** Whether the reading has every velocity that the law uses. */
  canUse({ velocity }: JointReading): boolean {
    return this.#gains.every(({ kd }, joint) => kd === 0 || !Number.isNaN(f64(velocity, joint)));
  }

  /**
   * Efforts that make the joints follow the desired state.
   *
   * @param reading a fresh one; for a stale reading use {@link none}
   * @returns `[J]`, N·m or N; all 0 for a reading that it cannot use
   */
  towards(desired: Pick<JointMotion, 'position' | 'velocity'>, reading: JointReading): Float64Array {
    if (!this.canUse(reading)) return this.none();
    return Float64Array.from(this.#limits, (limit, joint) => {
      const { kp, kd } = at(this.#gains, joint);
      const lag = -displacement(f64(desired.position, joint), f64(reading.position, joint), limit.continuous);
      const velocityError = f64(desired.velocity, joint) - f64(reading.velocity, joint);
      const damping = kd === 0 ? 0 : kd * velocityError;
      return Math.min(Math.max(kp * lag + damping, -limit.effort), limit.effort);
    });
  }

  /** Effort 0 for every joint `[J]`. */
  none(): Float64Array {
    return new Float64Array(this.#limits.length);
  }
}
