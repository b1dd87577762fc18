import { endianness } from 'node:os';

import sharp from 'sharp';

import { JepaMpcError } from '../core/errors.js';
import type { WantedImage } from '../core/model-spec.js';
import type { ImageFrame } from '../core/types.js';
import { parseCompressedFormat } from './compressed-format.js';
import type { CompressedFormat } from './compressed-format.js';
import { encodingNamed, greyRefused } from './encodings.js';

/** The fields of sensor_msgs/CompressedImage that are used. */
export interface CompressedFrame {
  readonly stampNs: bigint;
  readonly format: string;
  /** Must not change until the frame is decoded. */
  readonly data: Uint8Array;
}

/** More pixels than any camera has. A small file can claim a size that does not fit in memory. */
const maxPixels = 64_000_000;

// A frame is decoded only once, so a cache is of no use. One thread per frame leaves the other cores to the planner.
sharp.cache(false);
sharp.concurrency(1);

const MAGIC = [
  ['JPEG', [0xff, 0xd8, 0xff]],
  ['PNG', [0x89, 0x50, 0x4e, 0x47]],
] as const;

/** First bytes of a file in hexadecimal, for the error. */
function firstBytes(data: Uint8Array): string {
  return [...data.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ') || 'no bytes';
}

/** Whether data begins as a JPEG or a PNG does. */
export function isPicture(data: Uint8Array): boolean {
  return MAGIC.some(([, bytes]) => bytes.every((byte, index) => data[index] === byte));
}

function refuseOthers(subject: string, { format, data }: CompressedFrame): void {
  if (isPicture(data)) return;
  throw new JepaMpcError('image.compressed', {
    subject,
    found: `format "${format}", data that starts with ${firstBytes(data)}`,
    expected: `a ${MAGIC.map(([name]) => name).join(' or ')} file`,
    remedy: 'Set the publisher to jpeg or png, or use camera.transport: raw.',
  });
}

const isMosaic = ({ encoding }: CompressedFormat): boolean => encoding?.startsWith('bayer_') === true;

function decodedEncoding(format: CompressedFormat, channels: number, bits: 8 | 16): string {
  if (channels === 3) return `${format.swapped ? 'bgr' : 'rgb'}${String(bits)}`;
  return format.encoding !== null && isMosaic(format) ? format.encoding : `mono${String(bits)}`;
}

/** image_transport compresses some colour encodings to grey. The raw topic still has the colours. */
function refuseGrey(subject: string, format: string, { encoding }: CompressedFormat): never {
  const isGreyAtItsSource = encoding?.startsWith('mono') === true;
  throw greyRefused(
    subject,
    `a grey picture (format "${format}")`,
    isGreyAtItsSource
      ? "Remap the node to the camera's colour topic, or use a model of grey images."
      : 'Set camera.transport: raw where the raw topic has colours (yuv422_yuy2 is read), or convert the topic to rgb8 before it is compressed.',
  );
}

/**
 * Decodes a JPEG or PNG in the thread pool of libuv; the calling thread is busy for about a third of a millisecond. Pixels are as in the file:
 * no colour profile, gamma or orientation is applied, and alpha is dropped.
 *
 * @param subject the topic, for errors
 * @param wanted grey where colour is wanted is refused before it is decoded
 * @returns a frame without padding, encoded as rgb8, bgr8 or mono8 (rgb16, bgr16 or mono16 for a 16-bit PNG), or as a Bayer mosaic that was
 *   compressed as grey
 * @throws JepaMpcError `image.compressed` for what is no JPEG or PNG, or is cut short or damaged; `image.encoding` for depth, and for grey where
 *   colour is wanted
 */
export async function decodeCompressed(
  subject: string,
  frame: CompressedFrame,
  wanted: WantedImage,
): Promise<ImageFrame> {
  const format = parseCompressedFormat(subject, frame.format, wanted);
  refuseOthers(subject, frame);
  try {
    const options = { ignoreIcc: true, failOn: 'warning', limitInputPixels: maxPixels } as const;
    const { channels, depth } = await sharp(frame.data, options).metadata();
    const isGrey = channels <= 2;
    if (isGrey && format.encoding !== null && isMosaic(format))
      encodingNamed(subject, format.encoding, wanted);
    else if (isGrey && wanted === 'colour') refuseGrey(subject, frame.format, format);
    const bits = depth === 'ushort' ? 16 : 8;
    const space = bits === 16 ? (isGrey ? 'grey16' : 'rgb16') : isGrey ? 'b-w' : 'srgb';
    const { data, info } = await sharp(frame.data, options)
      .removeAlpha()
      .toColourspace(space)
      .raw({ depth: bits === 16 ? 'ushort' : 'uchar' })
      .toBuffer({ resolveWithObject: true });
    return {
      stampNs: frame.stampNs,
      width: info.width,
      height: info.height,
      encoding: decodedEncoding(format, info.channels, bits),
      isBigEndian: endianness() === 'BE',
      step: info.width * info.channels * (bits / 8),
      data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    };
  } catch (error) {
    if (error instanceof JepaMpcError) throw error;
    if (error instanceof Error && error.message.includes('pixel limit')) {
      throw new JepaMpcError('image.compressed', {
        subject,
        found: `a file of format "${frame.format}" that claims more than ${String(maxPixels)} pixels`,
        expected: 'a picture of a camera',
        remedy: 'It is not decoded: it could fill the memory. Check who publishes the topic.',
        cause: error,
      });
    }
    throw new JepaMpcError('image.compressed', {
      subject,
      found: `a file of format "${frame.format}" that cannot be decoded: ${error instanceof Error ? error.message : String(error)}`,
      expected: 'a whole JPEG or PNG',
      remedy: 'It was damaged or cut short in transit: check the publisher and the network link.',
      cause: error,
    });
  }
}
