import { at, f32 } from '../core/array-access.js';
import type { Tensor } from '../core/types.js';
import type { CoveredRange, ResamplingPlan } from '../perception/resampling.js';

/** A part of an image tensor, in its pixels; the ends are exclusive. */
interface Patch {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/**
 * Which parts of a picture a number depends on, by occlusion (Zeiler and Fergus 2014, "Visualizing and Understanding Convolutional Networks"):
 * each patch in turn is replaced by its own mean, and the number is computed again.
 */
export class Occlusion {
  readonly #image: Tensor;
  readonly #side: number;
  readonly #columns: number;
  readonly #contributions: Float32Array;

  /**
   * @param image `[1, C, H, W]`; it is changed while a patch is hidden, and as it was afterwards
   * @param patches along the longer side, at least 1; no patch is smaller than a pixel
   */
  constructor(image: Tensor, patches: number) {
    const [height, width] = [at(image.shape, 2), at(image.shape, 3)];
    this.#image = image;
    this.#side = Math.max(1, Math.ceil(Math.max(height, width) / patches));
    this.#columns = Math.ceil(width / this.#side);
    this.#contributions = new Float32Array(this.#columns * Math.ceil(height / this.#side));
  }

  /** Number of patches. */
  get count(): number {
    return this.#contributions.length;
  }

  /** What the patches contribute to the number, row by row; 0 before it is measured. */
  get contributions(): Float32Array {
    return this.#contributions;
  }

  /**
   * Measures what a patch contributes.
   *
   * @param value the number with the whole picture
   * @param measure computes it with the patch hidden
   */
  async measure(patch: number, value: number, measure: () => Promise<number>): Promise<void> {
    const area = this.#patch(patch);
    const hidden = this.#hide(area);
    this.#contributions[patch] = value - (await measure());
    this.#restore(area, hidden);
  }

  /**
   * The contributions as an image as large as the frame, `[height * width]`: each pixel has that of the patch that it is part of, and 0 where the
   * model does not see it.
   */
  asLargeAs({ inputWidth, inputHeight, columns, rows }: ResamplingPlan): Float32Array {
    const [height, width] = [at(this.#image.shape, 2), at(this.#image.shape, 3)];
    const columnOf = this.#patchesAlong(columns.covered, inputWidth, width);
    const rowOf = this.#patchesAlong(rows.covered, inputHeight, height);
    const map = new Float32Array(inputWidth * inputHeight);
    for (let y = 0; y < inputHeight; y++) {
      const row = at(rowOf, y);
      for (let x = 0; x < inputWidth && row >= 0; x++) {
        const column = at(columnOf, x);
        if (column >= 0) map[y * inputWidth + x] = f32(this.#contributions, row * this.#columns + column);
      }
    }
    return map;
  }

  /** For each pixel of the frame along an axis: the row or column of patches that it is in; -1 where the model does not see it. */
  #patchesAlong({ from, to }: CoveredRange, input: number, output: number): Int32Array {
    return Int32Array.from({ length: input }, (_, pixel) => {
      const place = ((pixel + 0.5 - from) / (to - from)) * output;
      return place < 0 || place >= output ? -1 : Math.floor(place / this.#side);
    });
  }

  #patch(index: number): Patch {
    const [height, width] = [at(this.#image.shape, 2), at(this.#image.shape, 3)];
    const left = (index % this.#columns) * this.#side;
    const top = Math.floor(index / this.#columns) * this.#side;
    return {
      left,
      right: Math.min(left + this.#side, width),
      top,
      bottom: Math.min(top + this.#side, height),
    };
  }

  /** Replaces a patch by its mean in each channel. @returns what it was, in the order of `#places` */
  #hide(patch: Patch): Float32Array {
    const { data, shape } = this.#image;
    const channels = at(shape, 1);
    const places = this.#places(patch);
    const before = Float32Array.from(places, (place) => f32(data, place));
    const size = before.length / channels;
    for (let channel = 0; channel < channels; channel++) {
      const own = before.subarray(channel * size, (channel + 1) * size);
      const mean = own.reduce((sum, value) => sum + value, 0) / size;
      for (const place of places.subarray(channel * size, (channel + 1) * size)) data[place] = mean;
    }
    return before;
  }

  #restore(patch: Patch, before: Float32Array): void {
    for (const [i, place] of this.#places(patch).entries()) this.#image.data[place] = f32(before, i);
  }

  /** Indices of a patch in the tensor, channel by channel. */
  #places({ left, right, top, bottom }: Patch): Uint32Array {
    const [, channels = 0, height = 0, width = 0] = this.#image.shape;
    const places = new Uint32Array(channels * (bottom - top) * (right - left));
    let next = 0;
    for (let channel = 0; channel < channels; channel++)
      for (let y = top; y < bottom; y++)
        for (let x = left; x < right; x++) places[next++] = (channel * height + y) * width + x;
    return places;
  }
}
