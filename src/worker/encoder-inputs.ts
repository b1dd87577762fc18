import { at } from '../core/array-access.js';
import type { Tensor } from '../core/types.js';
import type { ModelManifest } from '../model/manifest-schema.js';

/**
 * The inputs of an encoder for one moment.
 *
 * @param images one `[1, C, H, W]` for each camera
 * @param proprioception raw `[P]`; if it is not known, as for a goal, its mean in the training data takes its place
 */
export function encoderInputs(
  { proprioception: spec }: Pick<ModelManifest, 'proprioception'>,
  images: readonly Tensor[],
  proprioception?: Float64Array,
): readonly Tensor[] {
  if (spec === undefined) return images;
  const { mean, std } = spec;
  const data = Float32Array.from(mean, (of, i) => {
    const raw = proprioception?.[i];
    return raw === undefined ? 0 : (raw - of) / at(std, i);
  });
  return [...images, { data, shape: [1, mean.length] }];
}

/**
 * The inputs of the goal encoder, as the manifest determines them: images, proprioception or both.
 *
 * @param images one `[1, C, H, W]` for each camera
 * @param proprioception raw `[P]`; if it is not known, its mean in the training data takes its place
 */
export function goalEncoderInputs(
  manifest: Pick<ModelManifest, 'goal' | 'proprioception'>,
  images: readonly Tensor[],
  proprioception?: Float64Array,
): readonly Tensor[] {
  const { goal } = manifest;
  if (goal.proprioception === 'from_images') return images;
  return encoderInputs(manifest, goal.kind === 'state' ? [] : images, proprioception);
}
