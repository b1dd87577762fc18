import type rclnodejs from 'rclnodejs';

import { joinedByNameAlone, JointStateReader } from '../../timeline/joint-state-reader.js';
import { JepaMpcError } from '../../core/errors.js';
import type { FrameSet, ModelInfo } from '../../core/model-info.js';
import type { RobotModel } from '../node/robot-model.js';
import { stampToNs } from '../topics/stamp.js';

/** @throws JepaMpcError `planner.wrong-shape`, `planner.not-finite` */
export function latentGoal(latent: Float32Array, { latent: { tokens, dim } }: ModelInfo): FrameSet {
  if (latent.length !== tokens * dim) {
    throw new JepaMpcError('planner.wrong-shape', {
      subject: 'goal_latent',
      found: `${String(latent.length)} numbers`,
      expected: `${String(tokens * dim)}: ${String(tokens)} tokens of ${String(dim)}, token by token`,
      remedy: "Publish a latent of this model's own encoder.",
    });
  }
  if (!latent.every((value) => Number.isFinite(value))) {
    throw new JepaMpcError('planner.not-finite', {
      subject: 'goal_latent',
      found: 'numbers that are not finite',
      expected: 'finite numbers',
      remedy: 'Check the input that the latent was computed from.',
    });
  }
  return { stampNs: 0n, frames: [], latent };
}

/**
 * @param robot with proprioception, which a model whose goals are states has
 * @throws JepaMpcError `model.unsupported`, or what joint states are refused for
 */
export function stateGoal(
  message: rclnodejs.sensor_msgs.msg.JointState,
  { goalKind, joints }: ModelInfo,
  { proprioception }: Pick<RobotModel, 'proprioception'>,
): FrameSet {
  if (goalKind !== 'state' || proprioception === undefined) {
    throw new JepaMpcError('model.unsupported', {
      subject: 'goal_state',
      found: `a model whose goals are given as ${goalKind}`,
      expected: 'a model with goal.kind state',
      remedy: 'Publish an image of the goal on goal_image.',
    });
  }
  const reader = new JointStateReader(joinedByNameAlone(joints));
  const reading = reader.read(message, stampToNs(message.header.stamp));
  if (reading === null) throw reader.missingError();
  const atRest = new Float64Array(joints.length);
  return { stampNs: 0n, frames: [], proprioception: proprioception.read(reading.position, atRest) };
}
