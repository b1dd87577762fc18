import { assertRoom } from '../core/array-access.js';
import type { ImageFrame } from '../core/types.js';
import { checkFrame } from './encodings.js';
import { PixelGridReader } from './pixel-grid.js';

/**
 * The pixels of a frame as 8-bit colours, for a picture that people look at. Mosaics are interpolated, and 16 bits are rounded to 8.
 *
 * @param subject name of the frame's source, for errors
 * @returns `[height, width, 3]`: red, green, blue
 * @throws JepaMpcError `image.encoding`, `image.size`
 */
export function rgbPixels(subject: string, frame: ImageFrame): Uint8Array {
  const { width, height } = frame;
  const { samples, rowSamples, samplesPerPixel, red, green, blue, gain } = new PixelGridReader().read(
    frame,
    checkFrame(subject, frame, 'grey'),
  );
  assertRoom('pixel grid', samples, (height - 1) * rowSamples + width * samplesPerPixel);
  const rgb = new Uint8Array(width * height * 3);
  for (let y = 0, out = 0; y < height; y++) {
    for (let x = 0, at = y * rowSamples; x < width; x++, at += samplesPerPixel, out += 3) {
      rgb[out] = Math.round((samples[at + red] as number) * gain);
      rgb[out + 1] = Math.round((samples[at + green] as number) * gain);
      rgb[out + 2] = Math.round((samples[at + blue] as number) * gain);
    }
  }
  return rgb;
}
