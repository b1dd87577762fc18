import type { CameraSpec } from '../core/model-spec.js';

/** Where the colours of a pixel are, in samples from its first. */
export interface ColourPlaces {
  readonly samplesPerPixel: number;
  readonly red: number;
  readonly green: number;
  readonly blue: number;
}

/** One term of a tensor channel: `weight` times the sample at `offset` of the pixel. */
interface ChannelTerm {
  readonly offset: number;
  readonly weight: number;
}

/** For each channel of the camera's tensor the terms that it is the sum of; colour becomes grey by ITU-R BT.601. */
export type ChannelMap = readonly (readonly ChannelTerm[])[];

export function channelMap(
  { colorOrder }: CameraSpec,
  { samplesPerPixel, red, green, blue }: ColourPlaces,
): ChannelMap {
  const single = (offset: number): ChannelTerm[] => [{ offset, weight: 1 }];
  if (colorOrder === 'rgb') return [single(red), single(green), single(blue)];
  if (colorOrder === 'bgr') return [single(blue), single(green), single(red)];
  if (samplesPerPixel === 1) return [single(0)];
  return [
    [
      { offset: red, weight: 0.299 },
      { offset: green, weight: 0.587 },
      { offset: blue, weight: 0.114 },
    ],
  ];
}
