import { JepaMpcError } from '../core/errors.js';
import { wantedImage } from '../core/model-spec.js';
import type { CameraSpec } from '../core/model-spec.js';
import type { ImageFrame } from '../core/types.js';
import { channelMap, type ChannelMap } from './channel-map.js';
import { checkFrame } from './encodings.js';
import { PixelGridReader } from './pixel-grid.js';
import type { PixelGrid } from './pixel-grid.js';
import { planResampling, type ResamplingPlan } from './resampling.js';

/**
 * Turns the frames of one camera into the tensor its model was trained on: crop and resize, channel order, normalisation.
 * Weights and buffers are kept from frame to frame, so a stream of frames of one size allocates nothing.
 */
export class ImageToTensor {
  readonly spec: CameraSpec;
  /** `[1, C, H, W]` */
  readonly shape: readonly [number, number, number, number];
  /** Values in one tensor: C * H * W. */
  readonly length: number;
  readonly #pixels = new PixelGridReader();
  #plan: ResamplingPlan | null = null;
  #row = new Float32Array(0);

  constructor(spec: CameraSpec) {
    this.spec = spec;
    this.shape = [1, spec.channels, spec.height, spec.width];
    this.length = spec.channels * spec.height * spec.width;
  }

  /**
   * @param frame any size; encoding rgb, bgr, rgba, bgra (alpha is ignored) or mono of 8 or 16 bits, an 8-bit Bayer mosaic, or YUV 4:2:2
   * @param out receives C * H * W values, channel by channel, from `offset` on
   * @param subject what the frame is of, for errors
   * @throws JepaMpcError `image.encoding`, also for grey where the tensor has colours, or `image.size` when the frame's sizes contradict each other or `out` is too small
   */
  write(frame: ImageFrame, out: Float32Array, offset = 0, subject = `camera ${this.spec.name}`): void {
    const encoding = checkFrame(subject, frame, wantedImage(this.spec));
    if (out.length < offset + this.length) {
      throw new JepaMpcError('image.size', {
        subject: `tensor of ${subject}`,
        found: `room for ${String(out.length - offset)} values`,
        expected: `${String(this.length)} (${this.shape.join(' x ')})`,
        remedy: 'Give a larger array.',
      });
    }
    const plan = this.#planFor(frame);
    const grid = this.#pixels.read(frame, encoding);
    const channels = channelMap(this.spec, grid);
    const rowLength = frame.width * grid.samplesPerPixel;
    if (this.#row.length !== rowLength) this.#row = new Float32Array(rowLength);

    // Rows first: they are contiguous, and columns are then resized on the few rows that are left.
    for (let y = 0; y < this.spec.height; y++) {
      mixRows(grid, plan, y, this.#row);
      this.#writeRow(plan, grid, channels, out, offset + y * this.spec.width);
    }
  }

  #planFor(frame: ImageFrame): ResamplingPlan {
    const kept = this.#plan;
    if (kept?.inputWidth === frame.width && kept.inputHeight === frame.height) return kept;
    const plan = planResampling(this.spec, frame.width, frame.height);
    this.#plan = plan;
    return plan;
  }

  /** Resizes the mixed row along x into each channel plane; `offset` is the place of the row in the first plane. */
  #writeRow(
    plan: ResamplingPlan,
    grid: PixelGrid,
    channels: ChannelMap,
    out: Float32Array,
    offset: number,
  ): void {
    const { start, first, weights } = plan.columns;
    const { width, height, scale, mean, std } = this.spec;
    const { samplesPerPixel } = grid;
    const row = this.#row;
    for (const [channel, terms] of channels.entries()) {
      const deviation = std[channel] ?? 1;
      const gain = (scale * grid.gain) / deviation;
      const bias = -(mean[channel] ?? 0) / deviation;
      const plane = offset + channel * width * height;
      for (let x = 0; x < width; x++) {
        const pixel = (start[x] ?? 0) * samplesPerPixel;
        const from = first[x] ?? 0;
        const count = (first[x + 1] ?? 0) - from;
        let value = 0;
        for (const term of terms) {
          let sum = 0;
          let source = pixel + term.offset;
          for (let tap = 0; tap < count; tap++) {
            sum += (weights[from + tap] ?? 0) * (row[source] ?? 0);
            source += samplesPerPixel;
          }
          value += term.weight * sum;
        }
        out[plane + x] = value * gain + bias;
      }
    }
  }
}

/** Weighted sum of the input rows that output row `y` is made of. */
function mixRows(grid: PixelGrid, plan: ResamplingPlan, y: number, row: Float32Array): void {
  const { start, first, weights } = plan.rows;
  const { samples, rowSamples } = grid;
  const length = row.length;
  const top = start[y] ?? 0;
  const from = first[y] ?? 0;
  const count = (first[y + 1] ?? 0) - from;
  for (let tap = 0; tap < count; tap++) {
    const weight = weights[from + tap] ?? 0;
    const source = (top + tap) * rowSamples;
    if (tap === 0) for (let i = 0; i < length; i++) row[i] = weight * (samples[source + i] ?? 0);
    else for (let i = 0; i < length; i++) row[i] = (row[i] ?? 0) + weight * (samples[source + i] ?? 0);
  }
}
