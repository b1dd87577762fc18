import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { ColouredNoise } from '../../../src/math/coloured-noise.js';
import { createRng } from '../../../src/math/rng.js';

const PERIODS = 12;
const JOINTS = 3;
const SEQUENCES = 4000;

function coloured(beta: number, seed = 1, periods = PERIODS): Float32Array {
  const noise = new Float32Array(SEQUENCES * periods * JOINTS);
  createRng(seed).normals(noise);
  new ColouredNoise(periods, beta).colour(noise, JOINTS);
  return noise;
}

/** Mean over all sequences and joints of the product of values `lag` periods apart. */
function correlation(noise: Float32Array, period: number, lag: number): number {
  let sum = 0;
  for (let start = 0; start < noise.length; start += PERIODS * JOINTS)
    for (let joint = 0; joint < JOINTS; joint++)
      sum +=
        (noise[start + period * JOINTS + joint] ?? NaN) *
        (noise[start + ((period + lag) % PERIODS) * JOINTS + joint] ?? NaN);
  return sum / (SEQUENCES * JOINTS);
}

/** Mean power of one frequency, in cycles a sequence. */
function power(noise: Float32Array, bin: number): number {
  let sum = 0;
  for (let start = 0; start < noise.length; start += PERIODS * JOINTS) {
    let real = 0;
    let imaginary = 0;
    for (let k = 0; k < PERIODS; k++) {
      const angle = (2 * Math.PI * bin * k) / PERIODS;
      real += (noise[start + k * JOINTS] ?? NaN) * Math.cos(angle);
      imaginary += (noise[start + k * JOINTS] ?? NaN) * Math.sin(angle);
    }
    sum += real * real + imaginary * imaginary;
  }
  return sum / SEQUENCES;
}

describe('ColouredNoise', () => {
  it('leaves white noise and single periods as they are', () => {
    const white = new Float32Array(SEQUENCES * PERIODS * JOINTS);
    createRng(1).normals(white);
    expect(coloured(0)).toEqual(white);
    expect(coloured(2, 1, 1)).toEqual(white.slice(0, SEQUENCES * JOINTS));
  });

  it.each([0.5, 1, 2, 4])('has variance 1 at every period for beta %s', (beta) => {
    const noise = coloured(beta);
    for (let period = 0; period < PERIODS; period++) expect(correlation(noise, period, 0)).toBeCloseTo(1, 1);
  });

  it.each([1, 2])('has power that falls as 1 / f^%s', (beta) => {
    const noise = coloured(beta);
    expect(power(noise, 1) / power(noise, 4) / 4 ** beta).toBeCloseTo(1, 0);
    expect(power(noise, 2) / power(noise, 4) / 2 ** beta).toBeCloseTo(1, 0);
    expect(power(noise, 0) / power(noise, 1)).toBeCloseTo(1, 0);
  });

  it('makes neighbouring periods agree, the more the redder, and joints independent', () => {
    const agreement = [0, 1, 2, 3].map((beta) => correlation(coloured(beta), 3, 1));
    expect(agreement).toEqual([...agreement].sort((a, b) => a - b));
    expect(agreement[2]).toBeGreaterThan(0.7);
    const noise = coloured(2);
    let sum = 0;
    for (let i = 0; i < noise.length; i += JOINTS) sum += (noise[i] ?? NaN) * (noise[i + 1] ?? NaN);
    expect(sum / (noise.length / JOINTS)).toBeCloseTo(0, 1);
  });

  it('is linear: twice the white noise is twice the coloured', () => {
    fc.assert(
      fc.property(fc.integer(), fc.double({ min: 0, max: 10, noNaN: true }), (seed, beta) => {
        const once = new Float32Array(2 * PERIODS);
        createRng(seed).normals(once);
        const twice = once.map((value) => 2 * value);
        const colour = new ColouredNoise(PERIODS, beta);
        colour.colour(once, 1);
        colour.colour(twice, 1);
        expect(twice).toEqual(once.map((value) => 2 * value));
      }),
    );
  });
});
