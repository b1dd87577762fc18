import sharp from 'sharp';

import type { ImageFrame } from '../../core/types.js';
import { parseCompressedFormat } from '../../perception/compressed-format.js';
import type { CompressedFrame } from '../../perception/decode-compressed.js';
import { decodeCompressed } from '../../perception/decode-compressed.js';
import { rgbPixels } from '../../perception/rgb-pixels.js';

/** Wider pictures are scaled down: a page shows them side by side. [pixels] */
const MAX_WIDTH = 960;
const QUALITY = 80;

/**
 * A frame as a JPEG to look at. The calling thread copies the pixels; sharp encodes in its own.
 *
 * @param subject the topic, for errors
 * @param maxWidth wider ones are scaled down [pixels]
 * @throws JepaMpcError `image.encoding`, `image.size`
 */
export async function jpegOf(
  subject: string,
  frame: ImageFrame,
  maxWidth = MAX_WIDTH,
): Promise<Uint8Array<ArrayBuffer>> {
  const { width, height, step, encoding, data } = frame;
  // As it is what sharp takes, it need not be copied pixel by pixel.
  const isPlain = encoding === 'rgb8' && step === 3 * width && data.length === step * height;
  const pixels = isPlain ? data : rgbPixels(subject, frame);
  const jpeg = await sharp(pixels, { raw: { width, height, channels: 3 } })
    .resize({ width: maxWidth, withoutEnlargement: true })
    .jpeg({ quality: QUALITY })
    .toBuffer();
  return new Uint8Array(jpeg);
}

/**
 * A compressed frame as a JPEG to look at: one that is a JPEG already is passed on as it is.
 *
 * @param subject the topic, for errors
 * @throws JepaMpcError `image.compressed`, `image.encoding`
 */
export async function jpegOfCompressed(
  subject: string,
  frame: CompressedFrame,
): Promise<Uint8Array<ArrayBuffer>> {
  const isJpeg = frame.data[0] === 0xff && frame.data[1] === 0xd8 && frame.data[2] === 0xff;
  const { encoding, swapped } = parseCompressedFormat(subject, frame.format, 'grey');
  if (isJpeg && !swapped && encoding?.startsWith('bayer_') !== true) return new Uint8Array(frame.data);
  return jpegOf(subject, await decodeCompressed(subject, frame, 'grey'));
}
