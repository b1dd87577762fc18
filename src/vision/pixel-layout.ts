import { JepaMpcError } from '../core/errors.js';
import type { CameraSpec } from '../core/model-spec.js';
import type { ImageFrame } from '../core/types.js';

/** Where red, green and blue are in one pixel of an encoding. */
interface PixelLayout {
  readonly bytesPerPixel: number;
  readonly red: number;
  readonly green: number;
  readonly blue: number;
}

const LAYOUTS: ReadonlyMap<string, PixelLayout> = new Map([
  ['rgb8', { bytesPerPixel: 3, red: 0, green: 1, blue: 2 }],
  ['bgr8', { bytesPerPixel: 3, red: 2, green: 1, blue: 0 }],
  ['rgba8', { bytesPerPixel: 4, red: 0, green: 1, blue: 2 }],
  ['bgra8', { bytesPerPixel: 4, red: 2, green: 1, blue: 0 }],
  ['mono8', { bytesPerPixel: 1, red: 0, green: 0, blue: 0 }],
]);

/** One term of a tensor channel: `weight` times the byte at `offset` of the pixel. */
export interface ChannelTerm {
  readonly offset: number;
  readonly weight: number;
}

/** Bytes of a pixel and, for each channel of the tensor, the terms that it is the sum of. */
export interface ChannelMap {
  readonly bytesPerPixel: number;
  readonly channels: readonly (readonly ChannelTerm[])[];
}

/** Whole-byte encodings become the camera's channels; colour becomes grey by ITU-R BT.601. */
export function channelMap(spec: CameraSpec, encoding: string): ChannelMap {
  const layout = LAYOUTS.get(encoding);
  if (layout === undefined) {
    throw new JepaMpcError('image.encoding', {
      subject: `camera ${spec.name}`,
      found: `encoding "${encoding}"`,
      expected: `one of ${[...LAYOUTS.keys()].join(', ')}`,
      remedy: 'Let the camera driver publish one of these, or convert the topic (image_proc).',
    });
  }
  const { bytesPerPixel, red, green, blue } = layout;
  const single = (offset: number): ChannelTerm[] => [{ offset, weight: 1 }];
  if (spec.colorOrder === 'rgb')
    return { bytesPerPixel, channels: [single(red), single(green), single(blue)] };
  if (spec.colorOrder === 'bgr')
    return { bytesPerPixel, channels: [single(blue), single(green), single(red)] };
  if (bytesPerPixel === 1) return { bytesPerPixel, channels: [single(0)] };
  const luma = [
    { offset: red, weight: 0.299 },
    { offset: green, weight: 0.587 },
    { offset: blue, weight: 0.114 },
  ];
  return { bytesPerPixel, channels: [luma] };
}

/** Refuses a frame whose sizes contradict each other, before any of its bytes is read. */
export function checkFrameSize(spec: CameraSpec, frame: ImageFrame, bytesPerPixel: number): void {
  const { width, height, step, data } = frame;
  const refuse = (found: string, expected: string): never => {
    throw new JepaMpcError('image.size', {
      subject: `camera ${spec.name}`,
      found,
      expected,
      remedy: 'The publisher of the topic fills width, height, step or data wrongly; correct it there.',
    });
  };
  if (!(Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0)) {
    refuse(`an image of ${String(width)} x ${String(height)} pixels`, 'at least 1 x 1');
  }
  if (!(Number.isInteger(step) && step >= width * bytesPerPixel)) {
    refuse(
      `a step of ${String(step)} bytes`,
      `at least ${String(width * bytesPerPixel)} (${String(width)} pixels of ${frame.encoding})`,
    );
  }
  if (data.length < step * height) {
    refuse(
      `${String(data.length)} bytes of data`,
      `${String(step * height)} (step ${String(step)} x height ${String(height)})`,
    );
  }
}
