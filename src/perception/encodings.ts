import { JepaMpcError } from '../core/errors.js';
import type { WantedImage } from '../core/model-spec.js';
import type { ImageFrame } from '../core/types.js';
import type { Yuv422Order } from './yuv422.js';

/** Colours of the top left 2 x 2 sites of a mosaic, row by row. */
export type BayerPattern = 'rggb' | 'bggr' | 'gbrg' | 'grbg';

/** Pixel layout of an encoding of sensor_msgs/image_encodings. */
export interface Encoding {
  readonly bytesPerSample: 1 | 2;
  readonly samplesPerPixel: 1 | 2 | 3 | 4;
  /** Offset of each colour in a pixel, in samples; all 0 for grey, and for what is unpacked first. */
  readonly red: number;
  readonly green: number;
  readonly blue: number;
  /** Pattern of a mosaic, which has one colour per pixel; null for other encodings. */
  readonly bayer: BayerPattern | null;
  /** Byte order of YUV 4:2:2, which has two pixels in four bytes; null for other encodings. */
  readonly yuv422: Yuv422Order | null;
}

function interleaved(
  bytesPerSample: 1 | 2,
  samplesPerPixel: 1 | 3 | 4,
  [red, green, blue]: readonly [number, number, number],
): Encoding {
  return { bytesPerSample, samplesPerPixel, red, green, blue, bayer: null, yuv422: null };
}

const PACKED = { bytesPerSample: 1, red: 0, green: 0, blue: 0 } as const;

function mosaic(bayer: BayerPattern): Encoding {
  return { ...PACKED, samplesPerPixel: 1, bayer, yuv422: null };
}

function yuv(yuv422: Yuv422Order): Encoding {
  return { ...PACKED, samplesPerPixel: 2, bayer: null, yuv422 };
}

const ENCODINGS: ReadonlyMap<string, Encoding> = new Map([
  ['rgb8', interleaved(1, 3, [0, 1, 2])],
  ['bgr8', interleaved(1, 3, [2, 1, 0])],
  ['rgba8', interleaved(1, 4, [0, 1, 2])],
  ['bgra8', interleaved(1, 4, [2, 1, 0])],
  ['mono8', interleaved(1, 1, [0, 0, 0])],
  ['rgb16', interleaved(2, 3, [0, 1, 2])],
  ['bgr16', interleaved(2, 3, [2, 1, 0])],
  ['rgba16', interleaved(2, 4, [0, 1, 2])],
  ['bgra16', interleaved(2, 4, [2, 1, 0])],
  ['mono16', interleaved(2, 1, [0, 0, 0])],
  ['bayer_rggb8', mosaic('rggb')],
  ['bayer_bggr8', mosaic('bggr')],
  ['bayer_gbrg8', mosaic('gbrg')],
  ['bayer_grbg8', mosaic('grbg')],
  // Each byte order has two names; the older one does not say what the order is.
  ['yuv422', yuv('uyvy')],
  ['uyvy', yuv('uyvy')],
  ['yuv422_yuy2', yuv('yuyv')],
  ['yuyv', yuv('yuyv')],
]);

/** Whether images of this encoding are grey. */
export function isGrey(name: string): boolean {
  return name === 'mono8' || name === 'mono16';
}

/** What to use instead of an encoding that is not supported. */
function remedyFor(name: string, wanted: WantedImage): string {
  if (/^(8|16)[SU]C[1-4]$/.test(name)) {
    if (!name.endsWith('C1')) return 'It does not say which channel is which: publish it as bgr8 or rgb8.';
    return wanted === 'colour'
      ? 'It has one channel, and the model was trained on colours: subscribe to the colour topic.'
      : 'It does not say what its values are: publish intensities as mono8 or mono16; depth is not what the model was trained on.';
  }
  if (/^(32|64)[SFU]C[1-4]$/.test(name)) {
    return 'The model was trained on colours or grey, not on depth or features: subscribe to the colour topic.';
  }
  if (/^bayer_.*16$/.test(name))
    return 'Let the driver publish the 8-bit mosaic, or debayer it (image_proc).';
  if (/^(yuv|uyvy|yuyv|nv|i420|yv)/i.test(name)) {
    return 'Let the camera driver publish rgb8, or yuv422_yuy2, in which YUV is read.';
  }
  return 'Let the camera driver publish one of these: rgb8 or bgr8 for colours, mono8 for grey.';
}

/**
 * @param subject the camera or topic, for the error
 * @param name `encoding` of sensor_msgs/Image
 * @param wanted for the remedy: grey encodings are no help to a model of colours
 * @throws JepaMpcError `image.encoding`, with what to use instead
 */
export function encodingNamed(subject: string, name: string, wanted: WantedImage): Encoding {
  const encoding = ENCODINGS.get(name);
  if (encoding !== undefined) return encoding;
  const names = [...ENCODINGS.keys()].filter((known) => wanted === 'grey' || !isGrey(known));
  throw new JepaMpcError('image.encoding', {
    subject,
    found: `encoding "${name}"`,
    expected: `one of ${names.join(', ')}`,
    remedy: remedyFor(name, wanted),
  });
}

/** The error for a grey image where the model was trained on colours. */
export function greyRefused(subject: string, found: string, remedy: string): JepaMpcError {
  return new JepaMpcError('image.encoding', {
    subject,
    found,
    expected: 'a picture in colour: the model was trained on colours',
    remedy,
  });
}

/**
 * Checks a frame before any of its pixels are read. A frame that passes has `step * height` bytes of data at least, and a `step` that holds
 * a row of pixels.
 *
 * @param subject the camera or topic, for the error
 * @throws JepaMpcError `image.encoding`, also for grey where colour is wanted; `image.size` when its sizes contradict each other
 */
export function checkFrame(subject: string, frame: ImageFrame, wanted: WantedImage): Encoding {
  const encoding = encodingNamed(subject, frame.encoding, wanted);
  if (wanted === 'colour' && isGrey(frame.encoding)) {
    throw greyRefused(
      subject,
      `a grey picture (encoding "${frame.encoding}")`,
      "Send colours (rgb8, bgr8, yuv422_yuy2): remap to the camera's colour topic, or set the driver to one of these; or use a model of grey images.",
    );
  }
  const { width, height, step, data } = frame;
  const refuse = (found: string, expected: string): never => {
    throw new JepaMpcError('image.size', {
      subject,
      found,
      expected,
      remedy: 'The publisher of the topic fills width, height, step or data wrongly; correct it there.',
    });
  };
  // A mosaic needs every colour at least once.
  const minSide = encoding.bayer === null ? 1 : 2;
  const found = `an image of ${String(width)} x ${String(height)} pixels`;
  if (!(Number.isInteger(width) && Number.isInteger(height) && width >= minSide && height >= minSide))
    refuse(found, `at least ${String(minSide)} x ${String(minSide)}`);
  if (encoding.yuv422 !== null && width % 2 !== 0) {
    refuse(found, `an even width: ${frame.encoding} has two pixels in four bytes`);
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
