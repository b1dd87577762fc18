import { expect, it } from 'vitest';

import { ColouredNoise } from '../../../src/math/coloured-noise.js';
import { rankCorrelation } from '../../../src/math/rank-correlation.js';
import { weightedRowMoments } from '../../../src/math/row-moments.js';
import { selectSmallest } from '../../../src/math/select-smallest.js';
import { softmaxWeights } from '../../../src/math/softmax.js';

const f32 = (length: number): Float32Array => new Float32Array(length);
const f64 = (length: number): Float64Array => new Float64Array(length).fill(1 / length);

it.each<[string, () => unknown]>([
  [
    'moments: fewer weights than rows',
    () => weightedRowMoments(f32(4), Uint32Array.of(0, 1), f64(1), f32(2), f32(2)),
  ],
  [
    'moments: fewer standard deviations than means',
    () => weightedRowMoments(f32(4), Uint32Array.of(0), f64(1), f32(2), f32(1)),
  ],
  [
    'moments: a row outside of the matrix',
    () => weightedRowMoments(f32(4), Uint32Array.of(2, 0), f64(2), f32(2), f32(2)),
  ],
  [
    'softmax: no rows',
    () => {
      softmaxWeights(f32(2), new Uint32Array(0), 1, f64(0));
    },
  ],
  [
    'softmax: fewer weights than rows',
    () => {
      softmaxWeights(f32(2), Uint32Array.of(0, 1), 1, f64(1));
    },
  ],
  [
    'softmax: a row outside of the costs',
    () => {
      softmaxWeights(f32(2), Uint32Array.of(0, 2), 1, f64(2));
    },
  ],
  [
    'selection: more indices than costs',
    () => {
      selectSmallest(f32(2), new Uint32Array(3));
    },
  ],
  [
    'noise: a part of a sequence',
    () => {
      new ColouredNoise(4, 1).colour(f32(6), 1);
    },
  ],
  ['rank correlation: lists of different lengths', () => rankCorrelation(f32(2), f32(3))],
])('lengths that disagree are refused: %s', (_what, run) => {
  expect(run).toThrow(RangeError);
});
