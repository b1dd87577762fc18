import { JepaMpcError } from '../core/errors.js';

/**
 * What a model's raw actions mean to the joints. One implementation for each `action.kind` of the manifest; kinds that aim at a position
 * (joint_position, joint_delta) need the desired position and the time left in the action's period, so every kind is given them.
 */
export interface ActionSemantics {
  readonly kind: string;
  /**
   * The velocities to aim for while an action is in force, before any limit.
   *
   * @param actions raw actions `[K, J]` of a plan.
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
}

const jointVelocity: ActionSemantics = {
  kind: 'joint_velocity',
  targetVelocity(actions, index, _position, _remainingS, out) {
    for (let joint = 0; joint < out.length; joint++) out[joint] = actions[index * out.length + joint] ?? 0;
  },
};

/** @throws JepaMpcError `model.unsupported` for a kind that there is no implementation of. */
export function actionSemantics(kind: string): ActionSemantics {
  if (kind !== jointVelocity.kind) {
    throw new JepaMpcError('model.unsupported', {
      subject: 'manifest.json, action.kind',
      found: `'${kind}'`,
      expected: jointVelocity.kind,
      remedy: 'Use a model whose actions are joint velocities.',
    });
  }
  return jointVelocity;
}
