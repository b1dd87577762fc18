import type { ActionSpec } from '../core/model-spec.js';
import type { JointLimit } from '../core/types.js';
import type { ActionSemantics } from '../core/ports.js';
import { EndEffectorSemantics } from './end-effector-semantics.js';
import { jointDelta, jointPosition, jointVelocity } from './joint-semantics.js';
import type { Urdf } from './urdf.js';

/**
 * The semantics of a model's actions on this robot. Lists every kind of action.
 *
 * @param limits of the joints of the action, in their order
 * @param urdf of the robot, for kinds that need its kinematics
 * @throws JepaMpcError `urdf.invalid`, `urdf.unknown-joint` for an end effector that these joints do not move
 */
export function createActionSemantics(
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
