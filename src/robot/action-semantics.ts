/**
 * What a model's raw actions mean to the joints. One implementation for each `action.kind` of the manifest; kinds that aim at a position need
 * the desired position and the time left in the action's period, so every kind is given them. A = numbers of an action, J = joints.
 */
export interface ActionSemantics {
  /** A */
  readonly size: number;
  /**
   * The velocities to aim for while an action is in force, before any limit.
   *
   * @param actions raw actions `[K, A]` of a plan.
   * @param index which of them is in force.
   * @param position desired positions `[J]` now, rad or m.
   * @param remainingS time left of the action's period, s.
   * @param out target velocities `[J]`, rad/s or m/s.
   */
  targetVelocity(
    actions: Float32Array,
    index: number,
    position: Float64Array,
    remainingS: number,
    out: Float64Array,
  ): void;
  /** What several actions in one period come to: their mean, or the last, where that says where to be at its end. */
  readonly blend: 'mean' | 'last';
  /** An entry of a raw action as far as the joints can follow it. */
  followed(value: number, entry: number): number;
  /** An entry of the raw action that leaves the joints at these positions `[J]`. */
  atRest(position: Float64Array, entry: number): number;
}
