import sharp from 'sharp';

import { assertRoom } from '../core/array-access.js';
import type { ImageFrame } from '../core/types.js';
import { checkFrame } from './encodings.js';
import { PixelGridReader } from './pixel-grid.js';

/**
 * Encodes a frame as a PNG with 8-bit colours: lossless for 8-bit encodings. Mosaics are interpolated, and 16 bits are rounded to 8.
 *
 * @param subject name of the frame's source, for errors
 * @returns the bytes of the file
 * @throws JepaMpcError `image.encoding`, `image.size`
 */
export async function encodePng(subject: string, frame: ImageFrame): Promise<Buffer> {
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
  return sharp(rgb, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
}
