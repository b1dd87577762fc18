import { JepaMpcError } from '../core/errors.js';
import type { WantedImage } from '../core/model-spec.js';
import { encodingNamed } from './encodings.js';

/** Content of the field `format` of sensor_msgs/CompressedImage. */
export interface CompressedFormat {
  /** Encoding of the image before it was compressed; null where the format names only a codec. */
  readonly encoding: string | null;
  /** Whether red and blue are swapped in the file. */
  readonly swapped: boolean;
}

const COLOUR = /^(rgb|bgr)a?(8|16)$/;

/**
 * Parses the format as image_transport writes it: `jpeg`, or `rgb8; jpeg compressed bgr8`. A file has its channels in the order of JPEG and
 * PNG, unless the format names a colour encoding and does not end in `compressed bgr…`. In that case image_transport's own subscriber swaps
 * red and blue, and so does every tool built on it.
 *
 * @param subject the topic, for the error
 * @throws JepaMpcError `image.compressed` for compressedDepth, `image.encoding` for depth and other data that is no picture
 */
export function parseCompressedFormat(
  subject: string,
  format: string,
  wanted: WantedImage,
): CompressedFormat {
  if (/compressedDepth/i.test(format)) {
    throw new JepaMpcError('image.compressed', {
      subject,
      found: `format "${format}"`,
      expected: 'JPEG or PNG of a picture',
      remedy: 'The model was trained on colours or grey, not on depth: subscribe to the colour topic.',
    });
  }
  const split = format.indexOf(';');
  if (split < 0) return { encoding: null, swapped: false };
  const encoding = format.slice(0, split).trim();
  // Depth stays depth when it is compressed. Other encodings may have been converted before, so they are not checked here.
  if (/^(16|32|64)[SUF]C/.test(encoding)) encodingNamed(subject, encoding, wanted);
  const swapped = COLOUR.test(encoding) && !format.slice(split).includes('compressed bgr');
  return { encoding, swapped };
}
