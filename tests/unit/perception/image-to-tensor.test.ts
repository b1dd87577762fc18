import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { JepaMpcError } from '../../../src/core/errors.js';
import type { CameraSpec } from '../../../src/core/model-spec.js';
import type { ImageFrame } from '../../../src/core/types.js';
import { ImageToTensor } from '../../../src/perception/image-to-tensor.js';
import { thrownBy } from '../../fixtures/robot.js';

/** Tensor values are the pixel values themselves. */
const plain: CameraSpec = {
  name: 'wrist',
  topic: 'image',
  width: 4,
  height: 4,
  channels: 3,
  colorOrder: 'rgb',
  resize: 'squash',
  interpolation: 'area',
  scale: 1,
  mean: [0, 0, 0],
  std: [1, 1, 1],
};
const grey: CameraSpec = { ...plain, channels: 1, colorOrder: 'mono', mean: [0], std: [1] };

function frame(
  width: number,
  height: number,
  encoding: string,
  data: readonly number[],
  step?: number,
): ImageFrame {
  return {
    stampNs: 0n,
    width,
    height,
    encoding,
    step: step ?? data.length / height,
    data: Uint8Array.from(data),
  };
}

/** A mono8 frame whose pixel values are given by a function of its coordinates. */
function monoFrame(width: number, height: number, value: (x: number, y: number) => number): ImageFrame {
  return frame(
    width,
    height,
    'mono8',
    Array.from({ length: width * height }, (_, i) => value(i % width, Math.floor(i / width))),
  );
}

function tensor(spec: CameraSpec, image: ImageFrame): number[] {
  const converter = new ImageToTensor(spec);
  const out = new Float32Array(converter.length);
  converter.write(image, out);
  return [...out];
}

const refusal = (spec: CameraSpec, image: ImageFrame): JepaMpcError => thrownBy(() => tensor(spec, image));

describe('channels', () => {
  const onePixel = { ...plain, width: 1, height: 1 };
  it.each([
    ['rgb8', [10, 20, 30]],
    ['bgr8', [30, 20, 10]],
    ['rgba8', [10, 20, 30, 255]],
    ['bgra8', [30, 20, 10, 255]],
  ])('reads red, green, blue from %s', (encoding, pixel) => {
    expect(tensor(onePixel, frame(1, 1, encoding, pixel))).toEqual([10, 20, 30]);
    expect(tensor({ ...onePixel, colorOrder: 'bgr' }, frame(1, 1, encoding, pixel))).toEqual([30, 20, 10]);
  });

  it.each([
    ['rgb16', [0, 257, 65535]],
    ['bgr16', [65535, 257, 0]],
    ['rgba16', [0, 257, 65535, 7]],
    ['bgra16', [65535, 257, 0, 7]],
  ])('brings the 16 bits of %s to 0..255, in either byte order', (encoding, values) => {
    for (const isBigEndian of [false, true]) {
      const data = values.flatMap((value) =>
        isBigEndian ? [value >> 8, value & 255] : [value & 255, value >> 8],
      );
      const [red, green, blue] = tensor(onePixel, { ...frame(1, 1, encoding, data), isBigEndian });
      expect(red).toBeCloseTo(0, 4);
      expect(green).toBeCloseTo(1, 4);
      expect(blue).toBeCloseTo(255, 3);
    }
  });

  it('takes a frame without a byte order for little-endian, and skips the padding of 16-bit rows', () => {
    const spec = { ...grey, width: 1, height: 2 };
    const image = frame(1, 2, 'mono16', [0, 255, 9, 255, 0, 9], 3);
    const [first, second] = tensor(spec, image);
    expect(first).toBeCloseTo((255 * 256) / 257, 3);
    expect(second).toBeCloseTo(255 / 257, 4);
  });

  it('demosaics Bayer images', () => {
    const image = frame(
      4,
      4,
      'bayer_rggb8',
      Array.from({ length: 16 }, (_, i) => [10, 20, 20, 30][2 * (Math.floor(i / 4) % 2) + (i % 2)] ?? 0),
    );
    expect(tensor(onePixel, image)).toEqual([10, 20, 30]);
  });

  it('unpacks YUV, whatever the padding of its rows', () => {
    const spec = { ...onePixel, width: 2, interpolation: 'nearest' } as const;
    const image = frame(2, 2, 'yuv422_yuy2', [81, 90, 145, 240, 9, 81, 90, 145, 240, 9], 5);
    expect(tensor(spec, image)).toEqual([254, 255, 0, 74, 0, 73]);
  });

  it('refuses grey for a camera of colours', () => {
    const error = refusal(plain, frame(1, 1, 'mono8', [7]));
    expect(error.code).toBe('image.encoding');
    expect(error.message).toMatch(/camera wrist: found a grey picture .*expected a picture in colour/);
  });

  it('takes the luma of colour for a grey camera', () => {
    const [value] = tensor({ ...grey, width: 1, height: 1 }, frame(1, 1, 'bgr8', [30, 20, 10]));
    expect(value).toBeCloseTo(0.299 * 10 + 0.587 * 20 + 0.114 * 30, 4);
  });

  it('lays the channels out one plane after another', () => {
    const spec = { ...plain, width: 2, height: 1 };
    expect(tensor(spec, frame(2, 1, 'rgb8', [1, 2, 3, 4, 5, 6]))).toEqual([1, 4, 2, 5, 3, 6]);
  });

  it('normalises each channel as (pixel * scale - mean) / std', () => {
    const spec = { ...onePixel, scale: 1 / 255, mean: [0.5, 0.25, 0], std: [0.5, 0.25, 2] };
    const values = tensor(spec, frame(1, 1, 'rgb8', [255, 51, 102]));
    expect(values[0]).toBeCloseTo(1, 6);
    expect(values[1]).toBeCloseTo((0.2 - 0.25) / 0.25, 6);
    expect(values[2]).toBeCloseTo(0.2, 6);
  });
});

describe('rows', () => {
  it('skips the padding at the end of each row', () => {
    const spec = { ...grey, width: 2, height: 2 };
    expect(tensor(spec, frame(2, 2, 'mono8', [1, 2, 99, 3, 4, 99], 3))).toEqual([1, 2, 3, 4]);
  });

  it('writes at the offset and does not change the rest of the array', () => {
    const converter = new ImageToTensor({ ...grey, width: 1, height: 1 });
    const out = new Float32Array(3).fill(-1);
    converter.write(frame(1, 1, 'mono8', [5]), out, 1);
    expect([...out]).toEqual([-1, 5, -1]);
  });

  it('follows a stream that changes its size', () => {
    const converter = new ImageToTensor({ ...grey, width: 1, height: 1 });
    const out = new Float32Array(1);
    for (const size of [2, 3, 2]) {
      converter.write(
        monoFrame(size, size, () => size * 10),
        out,
      );
      expect(out[0]).toBeCloseTo(size * 10, 4);
    }
  });
});

describe('interpolation', () => {
  it.each(['area', 'bilinear', 'bilinear-antialias', 'bicubic-antialias', 'nearest'] as const)(
    '%s leaves an image of the right size as it is',
    (interpolation) => {
      const image = monoFrame(4, 4, (x, y) => 10 * y + x);
      expect(tensor({ ...grey, interpolation }, image)).toEqual([...image.data]);
    },
  );

  it('area averages what each pixel covers, parts of pixels included', () => {
    const spec = { ...grey, width: 2, height: 1 };
    const [left, right] = tensor(spec, frame(3, 1, 'mono8', [30, 60, 90]));
    expect(left).toBeCloseTo((30 + 60 / 2) / 1.5, 4);
    expect(right).toBeCloseTo((60 / 2 + 90) / 1.5, 4);
  });

  it('bilinear interpolates between pixel centres and repeats the border', () => {
    const spec: CameraSpec = { ...grey, width: 4, height: 1, interpolation: 'bilinear' };
    expect(tensor(spec, frame(2, 1, 'mono8', [0, 100]))).toEqual([0, 25, 75, 100]);
  });

  it('nearest takes the pixel under the centre', () => {
    const spec: CameraSpec = { ...grey, width: 2, height: 1, interpolation: 'nearest' };
    expect(tensor(spec, frame(6, 1, 'mono8', [0, 1, 2, 3, 4, 5]))).toEqual([1, 4]);
  });

  it('area keeps the mean brightness of any image at any size', () => {
    const size = fc.integer({ min: 1, max: 40 });
    fc.assert(
      fc.property(size, size, size, size, fc.integer(), (width, height, outWidth, outHeight, seed) => {
        const image = monoFrame(width, height, (x, y) => Math.abs((seed + x * 37 + y * 101) % 256));
        const mean = image.data.reduce((sum, value) => sum + value, 0) / image.data.length;
        const values = tensor({ ...grey, width: outWidth, height: outHeight }, image);
        expect(values.reduce((sum, value) => sum + value, 0) / values.length).toBeCloseTo(mean, 2);
      }),
    );
  });

  // By torch.nn.functional.interpolate(…, antialias=True, align_corners=False).
  it.each([
    ['bilinear-antialias', 3, 2, [108.61, 139.444, 135.026, 136.065, 114.877, 120.922]],
    ['bicubic-antialias', 3, 2, [102.9, 142.038, 138.905, 141.147, 112.922, 117.139]],
  ] as const)('%s is that of PyTorch, %i x %i', (interpolation, width, height, expected) => {
    const image = monoFrame(7, 5, (x, y) => (x * 37 + y * 101) % 256);
    const values = tensor({ ...grey, width, height, interpolation }, image);
    for (const [i, value] of values.entries()) expect(value).toBeCloseTo(expected[i] ?? NaN, 2);
    expect(values).toHaveLength(width * height);
  });

  it('bicubic-antialias makes images larger as PyTorch does', () => {
    const image = monoFrame(7, 5, (x, y) => (x * 37 + y * 101) % 256);
    const values = tensor({ ...grey, width: 9, height: 8, interpolation: 'bicubic-antialias' }, image);
    const firstRow = [-9.019, 15.197, 46.177, 74.955, 103.732, 131.272, 171.774, 212.005, 234.905];
    for (const [x, expected] of firstRow.entries()) expect(values[x]).toBeCloseTo(expected, 2);
  });

  it('all but the cubic stay within the values of the image, whatever the sizes', () => {
    const size = fc.integer({ min: 1, max: 40 });
    fc.assert(
      fc.property(
        fc.tuple(size, size, size, size),
        fc.constantFrom('area', 'bilinear', 'bilinear-antialias', 'nearest'),
        fc.constantFrom('squash', 'shortest-edge-crop', 'largest-square-crop'),
        ([width, height, outWidth, outHeight], interpolation, resize) => {
          const image = monoFrame(width, height, (x, y) => 100 + ((x * 7 + y * 13) % 100));
          const values = tensor(
            { ...grey, width: outWidth, height: outHeight, interpolation, resize },
            image,
          );
          expect(values.every((value) => value > 99.99 && value < 199.01)).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('resize', () => {
  const square = { ...grey, width: 2, height: 2, interpolation: 'nearest' } as const;
  const wide = monoFrame(8, 2, (x, y) => 10 * y + x);

  it('squash takes in the whole width', () => {
    expect(tensor({ ...square, resize: 'squash' }, wide)).toEqual([2, 6, 12, 16]);
  });

  it.each(['shortest-edge-crop', 'largest-square-crop'] as const)(
    '%s takes the centre of a wide image',
    (resize) => {
      expect(tensor({ ...square, resize }, wide)).toEqual([3, 4, 13, 14]);
    },
  );

  it('shortest-edge-crop keeps the shape of pixels for a tensor that is not square', () => {
    const spec: CameraSpec = { ...grey, width: 4, height: 1, resize: 'shortest-edge-crop' };
    const image = monoFrame(8, 6, (_, y) => y * 10);
    for (const value of tensor(spec, image)) expect(value).toBeCloseTo(25, 4);
  });

  it('largest-square-crop crops tall images too', () => {
    const tall = monoFrame(2, 8, (x, y) => 10 * y + x);
    expect(tensor({ ...square, resize: 'largest-square-crop' }, tall)).toEqual([30, 31, 40, 41]);
  });
});

describe('refusals', () => {
  it('names the camera and the encoding', () => {
    const error = refusal(plain, frame(1, 1, 'bayer_rggb16', [0, 0]));
    expect(error.code).toBe('image.encoding');
    expect(error.message).toMatch(/camera wrist: found encoding "bayer_rggb16"/);
  });

  it.each([
    ['no pixels', frame(0, 1, 'rgb8', [], 0), '0 x 1'],
    ['a step shorter than a row', frame(2, 1, 'rgb8', [0, 0, 0, 0, 0, 0], 5), 'step of 5 bytes'],
    ['less data than its step and height say', frame(1, 2, 'rgb8', [0, 0, 0, 0, 0], 3), '5 bytes of data'],
    [
      '16-bit samples in the data of 8-bit ones',
      frame(2, 1, 'rgb16', [0, 0, 0, 0, 0, 0], 6),
      'step of 6 bytes',
    ],
    ['YUV of an odd width', frame(3, 1, 'uyvy', [0, 0, 0, 0, 0, 0]), '3 x 1'],
    ['a mosaic without every colour', frame(2, 1, 'bayer_rggb8', [0, 0]), '2 x 1'],
    ['a height that is no number', frame(1, NaN, 'rgb8', [0, 0, 0], 3), '1 x NaN'],
  ])('refuses a frame with %s', (_, image, found) => {
    const error = refusal(plain, image);
    expect(error.code).toBe('image.size');
    expect(error.facts.found).toContain(found);
  });

  it('refuses an array without room', () => {
    const converter = new ImageToTensor(plain);
    expect(() => {
      converter.write(frame(1, 1, 'rgb8', [1, 2, 3]), new Float32Array(converter.length), 1);
    }).toThrow(/room for 47 values, expected 48/);
  });
});
