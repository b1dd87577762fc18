import { JepaMpcError } from '../core/errors.js';
import type { FrameSet } from '../core/model-info.js';
import type { Tensor } from '../core/types.js';
import type { LoadedModel } from '../model/load-model.js';
import { ImageToTensor } from '../perception/image-to-tensor.js';
import { encoderInputs, goalEncoderInputs } from './encoder-inputs.js';

/** Frames and goals to latents `[1, N, D]`, in memory of their own. */
export class FrameEncoder {
  readonly #model: Pick<LoadedModel, 'manifest' | 'encoder' | 'goalEncoder'>;
  readonly #images: readonly ImageToTensor[];

  constructor(model: Pick<LoadedModel, 'manifest' | 'encoder' | 'goalEncoder'>) {
    this.#model = model;
    this.#images = model.manifest.cameras.map((camera) => new ImageToTensor(camera));
  }

  /** @throws JepaMpcError `image.*` */
  async encode(set: FrameSet): Promise<Tensor> {
    const { manifest, encoder } = this.#model;
    return copyOf(
      await encoder.encode(encoderInputs(manifest, this.tensors(set, 'camera'), set.proprioception)),
    );
  }

  /** The latent of black images. */
  async encodeBlack(): Promise<Tensor> {
    const { manifest, encoder } = this.#model;
    const black = this.#images.map(({ length, shape }) => ({ data: new Float32Array(length), shape }));
    return copyOf(await encoder.encode(encoderInputs(manifest, black)));
  }

  /**
   * Given directly, or encoded from an image or a state, as the model requires. Images whose proprioception is known are encoded by the encoder
   * if the goal encoder takes images alone: what was measured is better than what is read from them.
   *
   * @throws JepaMpcError `image.*`, `model.unsupported`
   */
  async encodeGoal(set: FrameSet): Promise<Tensor> {
    const { manifest, encoder, goalEncoder } = this.#model;
    const { tokens, dim } = manifest.latent;
    if (set.latent !== undefined) return { data: set.latent, shape: [1, tokens, dim] };
    const isState = manifest.goal.kind === 'state';
    if (isState && set.proprioception === undefined) {
      throw new JepaMpcError('model.unsupported', {
        subject: 'goal',
        found: 'an image',
        expected: 'a state of the robot, which the goals of this model are (goal.kind state)',
        remedy: 'Publish it on goal_state.',
      });
    }
    const images = isState ? [] : this.tensors(set, 'goal of camera');
    const isMeasured = manifest.goal.proprioception === 'from_images' && set.proprioception !== undefined;
    return copyOf(
      isMeasured
        ? await encoder.encode(encoderInputs(manifest, images, set.proprioception))
        : await goalEncoder.encode(goalEncoderInputs(manifest, images, set.proprioception)),
    );
  }

  /**
   * The images as the encoder gets them, `[1, C, H, W]` for each camera.
   *
   * @param what for errors: `camera` or `goal of camera`
   * @throws JepaMpcError `image.*`
   */
  tensors(set: FrameSet, what: string): Tensor[] {
    return this.#images.map((converter, index) => {
      const frame = set.frames[index];
      if (frame === undefined) {
        throw new JepaMpcError('image.size', {
          subject: `images for camera ${converter.spec.name}`,
          found: `${String(set.frames.length)} images`,
          expected: `${String(this.#images.length)}, one for each camera of the model`,
          remedy: 'Give a goal image for each camera: goal_image/CAMERA, ~/capture_goal or the action.',
        });
      }
      const data = new Float32Array(converter.length);
      converter.write(frame, data, 0, `${what} ${converter.spec.name}`);
      return { data, shape: converter.shape };
    });
  }
}

/** A copy that the next run of the encoder does not overwrite. */
function copyOf({ data, shape }: Tensor): Tensor {
  return { data: data.slice(), shape };
}
