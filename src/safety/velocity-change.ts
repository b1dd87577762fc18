import type { JointLimit } from '../core/types.js';

/** The limits of a change of velocity. */
export type ChangeLimit = Pick<JointLimit, 'acceleration' | 'jerk'>;

/** A jerk limit that is switched off reaches the acceleration limit in this time, s: short enough to make no difference, and finite. */
const IMMEDIATE_S = 1e-12;

/**
 * The fastest change of one joint's velocity within its acceleration and jerk limits: three phases of constant jerk, from a velocity and an
 * acceleration to a target velocity at acceleration 0. This is the velocity interface of online trajectory generators: Berscheid and
 * Kröger, "Jerk-limited Real-time Trajectory Generation with Arbitrary Target States", RSS 2021.
 *
 * A change is planned once and sampled at any time. The object is reused, so that the command stream makes none in its loop. Units are rad and s,
 * or m and s.
 */
export class VelocityChange {
  /** After {@link at}: displacement since the start. */
  displacement = 0;
  /** After {@link at}. */
  velocity = 0;
  /** After {@link at}. */
  acceleration = 0;
  /** Velocity and acceleration at the start, mirrored so that the velocity has to rise. */
  #v0 = 0;
  #a0 = 0;
  #sign: 1 | -1 = 1;
  #jerk = 0;
  #peak = 0;
  #target = 0;
  /** Durations of the phases, s: acceleration rises to its peak, stays there, falls to 0. */
  #riseS = 0;
  #stayS = 0;
  #fallS = 0;

  /** Duration of the whole change, s. */
  get durationS(): number {
    return this.#riseS + this.#stayS + this.#fallS;
  }

  /** Plans the change from a velocity and an acceleration to a target velocity. */
  plan(velocity: number, acceleration: number, target: number, limit: ChangeLimit): this {
    const jerk = Math.min(limit.jerk, limit.acceleration / IMMEDIATE_S);
    // Where the velocity ends if the acceleration only returns to 0.
    const settled = velocity + (acceleration * Math.abs(acceleration)) / (2 * jerk);
    const sign = settled <= target ? 1 : -1;
    const v0 = sign * velocity;
    const a0 = sign * acceleration;
    // What the velocity rises by, beyond what it does anyway while the acceleration returns to 0.
    const rise = Math.max(0, sign * (target - settled));
    // The highest acceleration of a change without a phase at the limit: the areas of its two ramps add up to the change.
    const unlimited = Math.sqrt(jerk * (rise + (a0 > 0 ? (a0 * a0) / jerk : 0)));
    const peak = Math.min(unlimited, Math.max(limit.acceleration, a0));
    const ramps = (peak * peak - (a0 > 0 ? a0 * a0 : 0)) / jerk;
    this.#v0 = v0;
    this.#a0 = a0;
    this.#sign = sign;
    this.#jerk = jerk;
    this.#peak = peak;
    this.#target = target;
    this.#riseS = Math.max(0, (peak - a0) / jerk);
    this.#stayS = peak > 0 ? Math.max(0, (rise - ramps) / peak) : 0;
    this.#fallS = peak / jerk;
    return this;
  }

  /** Sets displacement, velocity and acceleration to those at a time since the start. @param timeS at least 0 */
  at(timeS: number): this {
    if (timeS >= this.durationS) {
      this.#sample(this.durationS);
      this.displacement += this.#target * (timeS - this.durationS);
      // Exactly: what is at rest has no velocity, and no sign.
      this.velocity = this.#target + 0;
      this.acceleration = 0;
    } else {
      this.#sample(timeS);
    }
    return this;
  }

  /** Of a change to rest: the displacement at the time at which the velocity passes through 0, if it does before the end; else 0. */
  get turningPoint(): number {
    // In mirrored coordinates the velocity can only fall in the first phase, while the acceleration is still below 0.
    if (!(this.#v0 > 0 && this.#a0 < 0)) return 0;
    const discriminant = this.#a0 * this.#a0 - 2 * this.#jerk * this.#v0;
    if (discriminant <= 0) return 0;
    const timeS = (-this.#a0 - Math.sqrt(discriminant)) / this.#jerk;
    return this.#sign * timeS * (this.#v0 + timeS * (this.#a0 / 2 + (timeS * this.#jerk) / 6));
  }

  #sample(timeS: number): void {
    const riseS = Math.min(timeS, this.#riseS);
    const stayS = Math.min(Math.max(timeS - this.#riseS, 0), this.#stayS);
    const fallS = Math.min(Math.max(timeS - this.#riseS - this.#stayS, 0), this.#fallS);
    let q = riseS * (this.#v0 + riseS * (this.#a0 / 2 + (riseS * this.#jerk) / 6));
    let v = this.#v0 + riseS * (this.#a0 + (riseS * this.#jerk) / 2);
    let a = this.#a0 + riseS * this.#jerk;
    if (stayS > 0) {
      q += stayS * (v + (stayS * this.#peak) / 2);
      v += stayS * this.#peak;
      a = this.#peak;
    }
    if (fallS > 0) {
      q += fallS * (v + fallS * (this.#peak / 2 - (fallS * this.#jerk) / 6));
      v += fallS * (this.#peak - (fallS * this.#jerk) / 2);
      a = this.#peak - fallS * this.#jerk;
    }
    this.displacement = this.#sign * q;
    this.velocity = this.#sign * v + 0;
    this.acceleration = this.#sign * a + 0;
  }
}
