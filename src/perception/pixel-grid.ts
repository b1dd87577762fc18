import { endianness } from 'node:os';

import { assertRoom } from '../core/array-access.js';
import type { ImageFrame } from '../core/types.js';
import { demosaic } from './demosaic.js';
import type { Encoding } from './encodings.js';
import { unpackYuv422 } from './yuv422.js';

const isBigEndianHost = endianness() === 'BE';

/** A frame as rows of pixels with one number per sample, whatever its encoding. */
export interface PixelGrid {
  readonly samples: Uint8Array | Uint16Array;
  /** Samples from the start of one row to the start of the next, padding included. */
  readonly rowSamples: number;
  readonly samplesPerPixel: number;
  /** Offset of each colour in a pixel, in samples; all 0 for grey. */
  readonly red: number;
  readonly green: number;
  readonly blue: number;
  /** A sample times this is in 0..255. */
  readonly gain: number;
}

/**
 * Reads frames as pixel grids. 8-bit samples are read in place. Mosaics, YUV and 16-bit samples are unpacked into a buffer that is reused, so
 * the next `read` overwrites the grid of the last one.
 */
export class PixelGridReader {
  #rgb = new Uint8Array(0);
  #words = new Uint16Array(0);

  /**
   * @param frame one that `checkFrame` accepted
   * @param encoding what `checkFrame` returned
   * @returns a view, valid until the next call
   */
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
    const layout = { samplesPerPixel, red, green, blue };
    if (encoding.bytesPerSample === 1)
      return { ...layout, samples: frame.data, rowSamples: frame.step, gain: 1 };
    const rowSamples = frame.width * samplesPerPixel;
    return { ...layout, samples: this.#unpackWords(frame, rowSamples), rowSamples, gain: 255 / 65535 };
  }

  /** The 16-bit samples of a frame, in the byte order of this machine, without padding. */
  #unpackWords({ data, step, height, isBigEndian = false }: ImageFrame, rowSamples: number): Uint16Array {
    assertRoom('16-bit image', data, step * height);
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
        words[word] = ((data[at + high] as number) << 8) | (data[at + low] as number);
      }
    }
    return words;
  }
}
