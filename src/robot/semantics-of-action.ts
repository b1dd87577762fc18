import type { ActionSpec } from '../core/model-spec.js';
import type { JointLimit } from '../core/types.js';
import type { ActionSemantics } from './action-semantics.js';
import { EndEffectorSemantics } from './end-effector-semantics.js';
import { jointDelta, jointPosition, jointVelocity } from './joint-semantics.js';
import type { Urdf } from './urdf.js';

/**
 * The meaning of a model's actions to this robot.
 *
 * @param limits of the joints that are acted on, in their order
 * @throws JepaMpcError `urdf.invalid`, `urdf.unknown-joint` for an end effector that these joints do not move
 */
export function semanticsOfAction(
  action: ActionSpec,
  limits: readonly JointLimit[],
  urdf: Urdf,
): ActionSemantics {
  switch (action.kind) {
    case 'joint_velocity':
      return jointVelocity(action, limits);
    case 'joint_delta':
      return jointDelta(action);
    case 'joint_position':
      return jointPosition(action);
    case 'end_effector_delta':
      return new EndEffectorSemantics(action, limits, urdf);
  }
}
