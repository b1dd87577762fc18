import type { CameraSpec } from '../core/model-spec.js';

/** A range of an axis of the input, in pixels from its start; it need not begin or end with a whole one. */
export interface CoveredRange {
  readonly from: number;
  readonly to: number;
}

/**
 * One axis of a separable resize: output `o` is the sum over t of `weights[first[o] + t] * input[start[o] + t]`, with t from 0 to
 * `first[o + 1] - first[o] - 1`. All taps lie inside the input.
 */
export interface AxisWeights {
  /** `[output]` */
  readonly start: Int32Array;
  /** `[output + 1]` */
  readonly first: Int32Array;
  readonly weights: Float32Array;
  /** What all outputs together cover: the rest of the input is cropped away. */
  readonly covered: CoveredRange;
}

/** Weights of both axes for one input size. */
export interface ResamplingPlan {
  readonly inputWidth: number;
  readonly inputHeight: number;
  readonly columns: AxisWeights;
  readonly rows: AxisWeights;
}

/** The input range `[offset, offset + length)` is scaled to `resized` samples; `kept` of them are used, from index `skipped` on. */
interface AxisGeometry {
  readonly offset: number;
  readonly length: number;
  readonly resized: number;
  readonly skipped: number;
  readonly kept: number;
}

/** Input and output length of an axis. */
interface Axis {
  readonly input: number;
  readonly output: number;
}

function axisGeometry({ input, output }: Axis, other: Axis, resize: CameraSpec['resize']): AxisGeometry {
  switch (resize) {
    case 'squash':
      return { offset: 0, length: input, resized: output, skipped: 0, kept: output };
    case 'largest-square-crop': {
      const side = Math.min(input, other.input);
      return {
        offset: Math.floor((input - side) / 2),
        length: side,
        resized: output,
        skipped: 0,
        kept: output,
      };
    }
    case 'shortest-edge-crop': {
      // Matches torchvision's Resize(shortest edge) and CenterCrop to the pixel: the long edge is truncated, half a pixel is rounded to even.
      const isShort = output * other.input >= other.output * input;
      const resized = isShort ? output : Math.trunc((other.output * input) / other.input);
      return { offset: 0, length: input, resized, skipped: halfToEven(resized - output), kept: output };
    }
  }
}

/** Half of an integer, rounded half to even, like Python's `round`. */
function halfToEven(count: number): number {
  const below = Math.floor(count / 2);
  return below + (count % 2) * (below % 2);
}

/** Taps of output sample `index`: input index of the first, and the weights. */
function taps(
  { offset, length, resized }: AxisGeometry,
  index: number,
  interpolation: CameraSpec['interpolation'],
): { start: number; weights: number[] } {
  const ratio = length / resized;
  const last = length - 1;
  switch (interpolation) {
    case 'nearest':
      return { start: offset + Math.min(last, Math.floor((index + 0.5) * ratio)), weights: [1] };
    case 'bilinear': {
      const centre = Math.min(last, Math.max(0, (index + 0.5) * ratio - 0.5));
      const start = Math.min(Math.floor(centre), Math.max(0, last - 1));
      const weight = centre - start;
      return { start: offset + start, weights: weight === 0 ? [1] : [1 - weight, weight] };
    }
    case 'bilinear-antialias':
      return filterTaps({ offset, length, resized }, index, 1, triangle);
    case 'bicubic-antialias':
      return filterTaps({ offset, length, resized }, index, 2, cubic);
    case 'area': {
      const from = index * ratio;
      const to = Math.min(length, (index + 1) * ratio);
      const start = Math.min(last, Math.floor(from));
      const end = Math.max(start + 1, Math.min(length, Math.ceil(to - 1e-9)));
      const weights = Array.from({ length: end - start }, (_, tap) => {
        const pixel = start + tap;
        return Math.min(to, pixel + 1) - Math.max(from, pixel);
      });
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      return { start: offset + start, weights: weights.map((weight) => weight / total) };
    }
  }
}

/**
 * Taps of a filter that is widened by the factor by which the image shrinks.
 *
 * @param support half-width of the filter, in samples of the smaller image
 */
function filterTaps(
  { offset, length, resized }: Pick<AxisGeometry, 'offset' | 'length' | 'resized'>,
  index: number,
  support: number,
  filter: (distance: number) => number,
): { start: number; weights: number[] } {
  const ratio = length / resized;
  const width = Math.max(ratio, 1);
  const centre = (index + 0.5) * ratio;
  const start = Math.max(0, Math.floor(centre - support * width + 0.5));
  const end = Math.min(length, Math.floor(centre + support * width + 0.5));
  const weights = Array.from({ length: end - start }, (_, tap) =>
    filter(Math.abs(start + tap + 0.5 - centre) / width),
  );
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return { start: offset + start, weights: weights.map((weight) => weight / total) };
}

function triangle(distance: number): number {
  return Math.max(0, 1 - distance);
}

/** Keys' cubic with a = -1/2, as in Pillow and torchvision. */
function cubic(distance: number): number {
  if (distance < 1) return (1.5 * distance - 2.5) * distance * distance + 1;
  return distance < 2 ? ((-0.5 * distance + 2.5) * distance - 4) * distance + 2 : 0;
}

function axisWeights(geometry: AxisGeometry, interpolation: CameraSpec['interpolation']): AxisWeights {
  const start = new Int32Array(geometry.kept);
  const first = new Int32Array(geometry.kept + 1);
  const weights: number[] = [];
  for (let output = 0; output < geometry.kept; output++) {
    const tap = taps(geometry, geometry.skipped + output, interpolation);
    start[output] = tap.start;
    weights.push(...tap.weights);
    first[output + 1] = weights.length;
  }
  const { offset, length, resized, skipped, kept } = geometry;
  const covered = {
    from: offset + (skipped / resized) * length,
    to: offset + ((skipped + kept) / resized) * length,
  };
  return { start, first, weights: Float32Array.from(weights), covered };
}

/**
 * The weights that resize an image of the given size to the camera's tensor.
 *
 * - `area`: every output pixel is the mean of the input area that it covers (OpenCV INTER_AREA when shrinking).
 * - `bilinear`: two taps per axis at half-pixel centres, no low-pass filter when shrinking (OpenCV INTER_LINEAR).
 * - `bilinear-antialias`, `bicubic-antialias`: the filter is widened when shrinking (Pillow, torchvision with antialias).
 * - `nearest`: the input pixel under the output pixel's centre.
 *
 * @param inputWidth pixels, at least 1
 * @param inputHeight pixels, at least 1
 */
export function planResampling(spec: CameraSpec, inputWidth: number, inputHeight: number): ResamplingPlan {
  const [across, down] = [
    { input: inputWidth, output: spec.width },
    { input: inputHeight, output: spec.height },
  ];
  const columns = axisGeometry(across, down, spec.resize);
  const rows = axisGeometry(down, across, spec.resize);
  return {
    inputWidth,
    inputHeight,
    columns: axisWeights(columns, spec.interpolation),
    rows: axisWeights(rows, spec.interpolation),
  };
}
