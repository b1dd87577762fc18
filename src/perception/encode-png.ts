import sharp from 'sharp';

import type { ImageFrame } from '../core/types.js';
import { rgbPixels } from './rgb-pixels.js';

/**
 * Encodes a frame as a PNG with 8-bit colours: lossless for 8-bit encodings. Mosaics are interpolated, and 16 bits are rounded to 8.
 *
 * @param subject name of the frame's source, for errors
 * @returns the bytes of the file
 * @throws JepaMpcError `image.encoding`, `image.size`
 */
export async function encodePng(subject: string, frame: ImageFrame): Promise<Buffer> {
  const { width, height } = frame;
  return sharp(rgbPixels(subject, frame), { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
}
