import { endianness } from 'node:os';

import type { ImageFrame } from '../core/types.js';
import type { ColourPlaces } from './channel-map.js';
import { demosaic } from './demosaic.js';
import type { Encoding } from './encodings.js';
import { unpackYuv422 } from './yuv422.js';

const isBigEndianHost = endianness() === 'BE';

/** Whole pixels as numbers, whatever the encoding was. */
export interface PixelGrid extends ColourPlaces {
  readonly samples: Uint8Array | Uint16Array;
  /** Samples from the start of one row to that of the next. */
  readonly rowSamples: number;
  /** Brings a sample to 0..255. */
  readonly gain: number;
}

/**
 * Gives the pixels of frames as a grid. Bytes are looked at where they are; mosaics, YUV and foreign byte orders are unpacked into a buffer that
 * is kept from frame to frame, so a grid is valid until the next one is asked for.
 */
export class PixelGridReader {
  #rgb = new Uint8Array(0);
  #words = new Uint16Array(0);

  /** @param frame checked: `checkFrame` gave the encoding */
  read(frame: ImageFrame, encoding: Encoding): PixelGrid {
    if (encoding.bayer !== null || encoding.yuv422 !== null) {
      const length = frame.width * frame.height * 3;
      if (this.#rgb.length !== length) this.#rgb = new Uint8Array(length);
      if (encoding.bayer !== null) demosaic(frame, encoding.bayer, this.#rgb);
      else if (encoding.yuv422 !== null) unpackYuv422(frame, encoding.yuv422, this.#rgb);
      return {
        samples: this.#rgb,
        rowSamples: frame.width * 3,
        samplesPerPixel: 3,
        red: 0,
        green: 1,
        blue: 2,
        gain: 1,
      };
    }
    const { samplesPerPixel, red, green, blue } = encoding;
    const places = { samplesPerPixel, red, green, blue };
    if (encoding.bytesPerSample === 1)
      return { ...places, samples: frame.data, rowSamples: frame.step, gain: 1 };
    const rowSamples = frame.width * samplesPerPixel;
    return { ...places, samples: this.#unpackWords(frame, rowSamples), rowSamples, gain: 255 / 65535 };
  }

  /** The 16-bit samples of a frame, without padding. */
  #unpackWords({ data, step, height, isBigEndian = false }: ImageFrame, rowSamples: number): Uint16Array {
    const length = rowSamples * height;
    if (this.#words.length !== length) this.#words = new Uint16Array(length);
    const words = this.#words;
    if (isBigEndian === isBigEndianHost) {
      const bytes = new Uint8Array(words.buffer);
      const rowBytes = rowSamples * 2;
      for (let y = 0; y < height; y++) {
        bytes.set(data.subarray(y * step, y * step + rowBytes), y * rowBytes);
      }
      return words;
    }
    const [high, low] = isBigEndian ? [0, 1] : [1, 0];
    for (let y = 0, word = 0; y < height; y++) {
      for (let x = 0, at = y * step; x < rowSamples; x++, word++, at += 2) {
        words[word] = ((data[at + high] ?? 0) << 8) | (data[at + low] ?? 0);
      }
    }
    return words;
  }
}
