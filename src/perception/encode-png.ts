import sharp from 'sharp';

import type { ImageFrame } from '../core/types.js';
import { checkFrame } from './encodings.js';
import { PixelGridReader } from './pixel-grid.js';

/**
 * A frame as the bytes of a PNG of 8-bit colours. Without loss for encodings of 8 bits; mosaics are interpolated, 16 bits are rounded to 8.
 *
 * @param subject what the frame is of, for errors
 * @throws JepaMpcError `image.encoding` or `image.size`
 */
export async function encodePng(subject: string, frame: ImageFrame): Promise<Buffer> {
  const { width, height } = frame;
  const { samples, rowSamples, samplesPerPixel, red, green, blue, gain } = new PixelGridReader().read(
    frame,
    checkFrame(subject, frame, 'grey'),
  );
  const rgb = new Uint8Array(width * height * 3);
  for (let y = 0, out = 0; y < height; y++) {
    for (let x = 0, at = y * rowSamples; x < width; x++, at += samplesPerPixel, out += 3) {
      rgb[out] = Math.round((samples[at + red] ?? 0) * gain);
      rgb[out + 1] = Math.round((samples[at + green] ?? 0) * gain);
      rgb[out + 2] = Math.round((samples[at + blue] ?? 0) * gain);
    }
  }
  return sharp(rgb, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
}
