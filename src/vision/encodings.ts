import { JepaMpcError } from '../core/errors.js';
import type { ImageFrame } from '../core/types.js';

/** Colours of the upper left two by two sites of a mosaic, row by row. */
export type BayerPattern = 'rggb' | 'bggr' | 'gbrg' | 'grbg';

/** How an encoding of sensor_msgs/image_encodings lays its pixels out. */
export interface Encoding {
  readonly bytesPerSample: 1 | 2;
  readonly samplesPerPixel: 1 | 3 | 4;
  /** Sample of a pixel that is its red; those of grey and of a mosaic are all 0. */
  readonly red: number;
  readonly green: number;
  readonly blue: number;
  /** One colour a pixel, in this pattern; null for encodings whose pixels are whole. */
  readonly bayer: BayerPattern | null;
}

function whole(
  bytesPerSample: 1 | 2,
  samplesPerPixel: 1 | 3 | 4,
  [red, green, blue]: readonly [number, number, number],
): Encoding {
  return { bytesPerSample, samplesPerPixel, red, green, blue, bayer: null };
}

function mosaic(bayer: BayerPattern): Encoding {
  return { bytesPerSample: 1, samplesPerPixel: 1, red: 0, green: 0, blue: 0, bayer };
}

const ENCODINGS: ReadonlyMap<string, Encoding> = new Map([
  ['rgb8', whole(1, 3, [0, 1, 2])],
  ['bgr8', whole(1, 3, [2, 1, 0])],
  ['rgba8', whole(1, 4, [0, 1, 2])],
  ['bgra8', whole(1, 4, [2, 1, 0])],
  ['mono8', whole(1, 1, [0, 0, 0])],
  ['rgb16', whole(2, 3, [0, 1, 2])],
  ['bgr16', whole(2, 3, [2, 1, 0])],
  ['rgba16', whole(2, 4, [0, 1, 2])],
  ['bgra16', whole(2, 4, [2, 1, 0])],
  ['mono16', whole(2, 1, [0, 0, 0])],
  ['bayer_rggb8', mosaic('rggb')],
  ['bayer_bggr8', mosaic('bggr')],
  ['bayer_gbrg8', mosaic('gbrg')],
  ['bayer_grbg8', mosaic('grbg')],
]);

/** What to use in the place of an encoding that is not read. */
function remedyFor(name: string): string {
  if (/^(8|16)[SU]C[1-4]$/.test(name)) {
    return name.endsWith('C1')
      ? 'It does not say what its values are: publish intensities as mono8 or mono16; depth is not what the model was trained on.'
      : 'It does not say which channel is which: publish it as bgr8 or rgb8.';
  }
  if (/^(32|64)[SFU]C[1-4]$/.test(name)) {
    return 'The model was trained on colours or grey, not on depth or features: subscribe to the colour topic.';
  }
  if (/^bayer_.*16$/.test(name))
    return 'Let the driver publish the 8-bit mosaic, or debayer it (image_proc).';
  if (/^(yuv|uyvy|yuyv|nv)/i.test(name)) {
    return 'Let the driver publish rgb8, convert the topic (image_proc), or use camera.transport: compressed.';
  }
  return 'Let the camera driver publish one of these, or convert the topic (image_proc).';
}

/**
 * @param subject the camera or topic, for the error
 * @param name `encoding` of sensor_msgs/Image
 * @throws JepaMpcError `image.encoding`, with what to use instead
 */
export function encodingNamed(subject: string, name: string): Encoding {
  const encoding = ENCODINGS.get(name);
  if (encoding !== undefined) return encoding;
  throw new JepaMpcError('image.encoding', {
    subject,
    found: `encoding "${name}"`,
    expected: `one of ${[...ENCODINGS.keys()].join(', ')}`,
    remedy: remedyFor(name),
  });
}

/**
 * Refuses a frame that cannot be read, before any of its pixels is.
 *
 * @param subject the camera or topic, for the error
 * @throws JepaMpcError `image.encoding`, or `image.size` when its sizes contradict each other
 */
export function checkFrame(subject: string, frame: ImageFrame): Encoding {
  const encoding = encodingNamed(subject, frame.encoding);
  const { width, height, step, data } = frame;
  const refuse = (found: string, expected: string): never => {
    throw new JepaMpcError('image.size', {
      subject,
      found,
      expected,
      remedy: 'The publisher of the topic fills width, height, step or data wrongly; correct it there.',
    });
  };
  // A mosaic has to have every colour at least once.
  const least = encoding.bayer === null ? 1 : 2;
  if (!(Number.isInteger(width) && Number.isInteger(height) && width >= least && height >= least)) {
    refuse(
      `an image of ${String(width)} x ${String(height)} pixels`,
      `at least ${String(least)} x ${String(least)}`,
    );
  }
  const rowBytes = width * encoding.samplesPerPixel * encoding.bytesPerSample;
  if (!(Number.isInteger(step) && step >= rowBytes)) {
    refuse(
      `a step of ${String(step)} bytes`,
      `at least ${String(rowBytes)} (${String(width)} pixels of ${frame.encoding})`,
    );
  }
  if (data.length < step * height) {
    refuse(
      `${String(data.length)} bytes of data`,
      `${String(step * height)} (step ${String(step)} x height ${String(height)})`,
    );
  }
  return encoding;
}
