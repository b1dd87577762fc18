import type { ActionSpec, HistorySpec } from '../core/model-spec.js';
import { contextFrames } from '../core/model-spec.js';
import type { PlanContext } from '../core/ports.js';
import type { Tensor } from '../core/types.js';

/**
 * What a plan starts from when nothing has moved: the same latent in every frame, joints at 0 without limits, nothing decided yet.
 *
 * @param latent `[1, N, D]`
 * @param goal `[1, N, D]`
 */
export function stillContext(
  { history, action }: { readonly history: HistorySpec; readonly action: ActionSpec },
  latent: Tensor,
  goal: Tensor,
): PlanContext {
  const frames = contextFrames(history);
  const data = new Float32Array(frames * latent.data.length);
  for (let frame = 0; frame < frames; frame++) data.set(latent.data, frame * latent.data.length);
  const joints = action.joints.length;
  return {
    history: { data, shape: [1, frames, ...latent.shape.slice(1)] },
    goal,
    committed: new Float32Array(0),
    joints: {
      position: new Float64Array(joints),
      lower: new Float64Array(joints).fill(-Infinity),
      upper: new Float64Array(joints).fill(Infinity),
    },
  };
}
