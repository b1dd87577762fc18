import { dynamic, fixed, integer, perJoint } from '../core/parameter.js';
import type { JointLimit, JointReading } from '../core/types.js';
import type { JointMotion } from './command-limiter.js';
import { positionError } from './position-error.js';

export const effortParameters = {
  'command.effort_kp': fixed(
    perJoint({ min: 0.000001, max: 1000000 }),
    'N·m/rad or N/m',
    'Effort per unit of position error of a joint; one number for all joints or one for each. Empty: efforts are refused.',
  ),
  'command.effort_kd': fixed(
    perJoint({ min: 0, max: 1000000 }),
    'N·m·s/rad or N·s/m',
    'Effort per unit of velocity error of a joint; as command.effort_kp. Above 0 it needs velocities in joint_states.',
  ),
  'command.effort_timeout_ms': dynamic(
    integer({ min: 1, max: 1000, default: 100 }),
    'ms',
    'Age of the newest joint state at which efforts become 0 and the robot holds, if efforts are commanded; watchdog.joint_states_timeout_s applies too if it is shorter.',
  ),
};

/** Of one joint. */
export interface EffortGains {
  /** N·m/rad or N/m, above 0. */
  readonly kp: number;
  /** N·m·s/rad or N·s/m, at least 0. */
  readonly kd: number;
}

/**
 * Efforts that make each joint follow its desired state: `kp (q desired - q) + kd (v desired - v)`, within its effort limit. There is no model
 * of the robot in it: a joint that carries weight stands off from its desired position by `weight / kp`.
 *
 * Regulating needs a measured state that is fresh. Without one, effort 0 is the only one that cannot drive a joint away: the law on an
 * old state is a constant force, and damping needs the velocity.
 */
export class EffortLaw {
  readonly #limits: readonly JointLimit[];
  readonly #gains: readonly EffortGains[];

  /** @param limits with a finite effort limit each @param gains in the same order */
  constructor(limits: readonly JointLimit[], gains: readonly EffortGains[]) {
    this.#limits = limits;
    this.#gains = gains;
  }

  /** Whether measured velocities have a part in it. */
  get needsVelocity(): boolean {
    return this.#gains.some(({ kd }) => kd > 0);
  }

  /** Whether every velocity that has a part in it is measured. */
  canUse({ velocity }: JointReading): boolean {
    return this.#gains.every(({ kd }, joint) => kd === 0 || !Number.isNaN(velocity[joint] ?? NaN));
  }

  /**
   * Efforts `[J]`, N·m or N; none for a reading that it cannot use.
   *
   * @param reading fresh; for stale ones there is `none`
   */
  towards(desired: JointMotion, reading: JointReading): Float64Array {
    if (!this.canUse(reading)) return this.none();
    return Float64Array.from(this.#limits, (limit, joint) => {
      const { kp, kd } = this.#gains[joint] ?? { kp: NaN, kd: NaN };
      const lag = -positionError(reading.position[joint] ?? NaN, desired.position[joint] ?? NaN, limit);
      const slowness = (desired.velocity[joint] ?? NaN) - (reading.velocity[joint] ?? NaN);
      const damping = kd === 0 ? 0 : kd * slowness;
      return Math.min(Math.max(kp * lag + damping, -limit.effort), limit.effort);
    });
  }

  /** No effort at all `[J]`. */
  none(): Float64Array {
    return new Float64Array(this.#limits.length);
  }
}
