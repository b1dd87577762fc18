import type { FrameSet, JointPositions } from '../core/model-info.js';
import type { Proprioception } from './proprioception.js';

/** A goal with joint positions, and with the proprioception of a robot that rests there, if it follows from them. */
export function withJoints(
  goal: FrameSet,
  joints: JointPositions,
  proprioception: Proprioception | undefined,
): FrameSet {
  const atRest = proprioception?.atRest(joints) ?? null;
  return { ...goal, joints, ...(atRest !== null && { proprioception: atRest }) };
}
