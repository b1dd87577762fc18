import { JepaMpcError } from '../core/errors.js';
import type { WantedImage } from '../core/model-spec.js';
import { encodingNamed } from './encodings.js';

/** What the text `format` of a sensor_msgs/CompressedImage says. */
export interface CompressedFormat {
  /** Encoding of the image before it was compressed; null where the format names a codec alone. */
  readonly encoding: string | null;
  /** Red and blue lie in each other's place in the file. */
  readonly swapped: boolean;
}

const COLOUR = /^(rgb|bgr)a?(8|16)$/;

/**
 * Reads the format as image_transport writes it: `jpeg`, or `rgb8; jpeg compressed bgr8`. A file has its channels where JPEG and PNG have
 * them, unless the format has a colour encoding and does not end in `compressed bgr…`: image_transport's own subscriber then takes red for
 * blue, and so does every tool that is built on it.
 *
 * @param subject the topic, for the error
 * @throws JepaMpcError `image.compressed` for compressedDepth, `image.encoding` for depth and other things that are not pictures
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
  // What is not a picture stays none when it is compressed; others may have been converted on the way.
  if (/^(16|32|64)[SUF]C/.test(encoding)) encodingNamed(subject, encoding, wanted);
  const swapped = COLOUR.test(encoding) && !format.slice(split).includes('compressed bgr');
  return { encoding, swapped };
}
