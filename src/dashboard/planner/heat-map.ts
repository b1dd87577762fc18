import { JepaMpcError } from '../../core/errors.js';
import type { ImageFrame } from '../../core/types.js';

type Colour = readonly [red: number, green: number, blue: number];

/** Above 0, from nothing to the largest: black, purple, orange, pale yellow. Their lightness grows, so that the map also reads without colours. */
const ABOVE: readonly Colour[] = [
  [0, 0, 4],
  [87, 16, 110],
  [188, 55, 84],
  [249, 142, 9],
  [252, 255, 164],
];
/** Below 0: black, blue, pale blue. */
const BELOW: readonly Colour[] = [
  [0, 0, 4],
  [20, 70, 160],
  [130, 210, 250],
];

/**
 * A map of numbers as a picture: the larger the magnitude, the lighter; warm above 0, blue below.
 *
 * @param subject the topic, for errors
 * @param frame encoded as 32FC1 or mono8
 * @returns the same size, rgb8
 * @throws JepaMpcError `image.encoding`, `image.size`
 */
export function heatMap(subject: string, frame: ImageFrame): ImageFrame {
  const { width, height } = frame;
  const values = valuesOf(subject, frame);
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const data = new Uint8Array(3 * width * height);
  values.forEach((value, index) => {
    data.set(colourAt(largest > 0 ? value / largest : 0), 3 * index);
  });
  return { stampNs: frame.stampNs, width, height, encoding: 'rgb8', step: 3 * width, data };
}

/** `[height, width]`; what is not finite counts as 0. */
function valuesOf(subject: string, frame: ImageFrame): Float32Array {
  const { width, height, step, encoding, data, isBigEndian = false } = frame;
  const bytes = { '32FC1': 4, mono8: 1 }[encoding];
  if (bytes === undefined) {
    throw new JepaMpcError('image.encoding', {
      subject,
      found: `encoding "${encoding}"`,
      expected: '32FC1 or mono8',
      remedy: 'Check which node publishes it: the planner node of this version has one of these.',
    });
  }
  if (step < width * bytes || data.length < step * height) {
    throw new JepaMpcError('image.size', {
      subject,
      found: `${String(data.length)} bytes in rows of ${String(step)}`,
      expected: `${String(height)} rows of ${String(width * bytes)} at least`,
      remedy: 'Its publisher fills width, height, step or data wrongly.',
    });
  }
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const values = new Float32Array(width * height);
  for (let index = 0; index < values.length; index++) {
    const at = Math.floor(index / width) * step + (index % width) * bytes;
    const value = bytes === 1 ? view.getUint8(at) : view.getFloat32(at, !isBigEndian);
    values[index] = Number.isFinite(value) ? value : 0;
  }
  return values;
}

/** @param share -1 to 1 */
function colourAt(share: number): Colour {
  const ramp = share < 0 ? BELOW : ABOVE;
  const place = Math.abs(share) * (ramp.length - 1);
  const from = ramp[Math.floor(place)] ?? ([0, 0, 0] as const);
  const to = ramp[Math.ceil(place)] ?? from;
  const between = place - Math.floor(place);
  const mix = (channel: 0 | 1 | 2): number =>
    Math.round(from[channel] + between * (to[channel] - from[channel]));
  return [mix(0), mix(1), mix(2)];
}
