import { assertRoom, at, f32, i32 } from '../core/array-access.js';
import { JepaMpcError } from '../core/errors.js';
import { wantedImage } from '../core/model-spec.js';
import type { CameraSpec } from '../core/model-spec.js';
import type { ImageFrame } from '../core/types.js';
import { checkFrame } from './encodings.js';
import { PixelGridReader } from './pixel-grid.js';
import type { PixelGrid } from './pixel-grid.js';
import { planResampling, type ResamplingPlan } from './resampling.js';

/** One term of a tensor channel: `weight` times the sample at `offset` of the pixel. */
interface ChannelTerm {
  readonly offset: number;
  readonly weight: number;
}

/** For each channel of the tensor, the terms of its sum. */
type ChannelMap = readonly (readonly ChannelTerm[])[];

/** Weights of red, green and blue in grey, by ITU-R BT.601. */
const GREY_WEIGHTS = { red: 0.299, green: 0.587, blue: 0.114 } as const;

function channelMap({ colorOrder }: CameraSpec, grid: PixelGrid): ChannelMap {
  const { samplesPerPixel, red, green, blue } = grid;
  const single = (offset: number): ChannelTerm[] => [{ offset, weight: 1 }];
  if (colorOrder === 'rgb') return [single(red), single(green), single(blue)];
  if (colorOrder === 'bgr') return [single(blue), single(green), single(red)];
  if (samplesPerPixel === 1) return [single(0)];
  return [
    [
      { offset: red, weight: GREY_WEIGHTS.red },
      { offset: green, weight: GREY_WEIGHTS.green },
      { offset: blue, weight: GREY_WEIGHTS.blue },
    ],
  ];
}

/**
 * Converts the frames of one camera to the tensor that its model was trained on: crop, resize, channel order, normalisation.
 * Weights and buffers are reused while frames keep their size.
 */
export class ImageToTensor {
  readonly spec: CameraSpec;
  /** `[1, C, H, W]` */
  readonly shape: readonly [number, number, number, number];
  /** Number of values in a tensor: C * H * W. */
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
   * @param frame of any size; rgb, bgr, rgba, bgra (alpha is ignored) or mono with 8 or 16 bits, an 8-bit Bayer mosaic, or YUV 4:2:2
   * @param out written: C * H * W values from `offset` on, one channel after the other
   * @param subject name of the frame's source, for errors
   * @throws JepaMpcError `image.encoding`, also for grey where the tensor has colours; `image.size` when the frame's sizes contradict each
   *   other or `out` is too small
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

    // The loops below rely on this and on the taps of the plan lying inside the frame, so that no index is out of range.
    assertRoom(subject, grid.samples, (frame.height - 1) * grid.rowSamples + rowLength);
    // Rows first: they are contiguous, and only the few rows of the tensor are then resized along x.
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

  /** Resizes the mixed row along x into each channel. @param offset of the row in the first channel */
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
      const channelStd = at(std, channel);
      const gain = (scale * grid.gain) / channelStd;
      const bias = -at(mean, channel) / channelStd;
      const plane = offset + channel * width * height;
      for (let x = 0; x < width; x++) {
        const pixel = i32(start, x) * samplesPerPixel;
        const from = i32(first, x);
        const count = i32(first, x + 1) - from;
        let value = 0;
        for (const term of terms) {
          let sum = 0;
          let source = pixel + term.offset;
          for (let tap = 0; tap < count; tap++) {
            sum += (weights[from + tap] as number) * (row[source] as number);
            source += samplesPerPixel;
          }
          value += term.weight * sum;
        }
        out[plane + x] = value * gain + bias;
      }
    }
  }
}

/** Writes the weighted sum of the input rows that make up output row `y`. */
function mixRows(grid: PixelGrid, plan: ResamplingPlan, y: number, row: Float32Array): void {
  const { start, first, weights } = plan.rows;
  const { samples, rowSamples } = grid;
  const length = row.length;
  const top = i32(start, y);
  const from = i32(first, y);
  const count = i32(first, y + 1) - from;
  for (let tap = 0; tap < count; tap++) {
    const weight = f32(weights, from + tap);
    const source = (top + tap) * rowSamples;
    if (tap === 0) for (let i = 0; i < length; i++) row[i] = weight * (samples[source + i] as number);
    else
      for (let i = 0; i < length; i++) row[i] = (row[i] as number) + weight * (samples[source + i] as number);
  }
}
