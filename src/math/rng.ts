import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';

import type { Rng } from '../core/ports.js';

const MASK_64 = (1n << 64n) - 1n;
const GOLDEN_GAMMA = 0x9e3779b97f4a7c15n;
const TWO_TO_MINUS_24 = 2 ** -24;

/** Finaliser of SplitMix64 (Steele et al. 2014): every bit of the input affects all 64 bits of the result. */
function mix64(word: bigint): bigint {
  let z = word & MASK_64;
  z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK_64;
  z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & MASK_64;
  return z ^ (z >> 31n);
}

/**
 * The seed of item `index` (a plan, an episode) in the run with seed `seed`. Each item can be repeated without the ones before it.
 *
 * @param seed any integer; the lowest 64 bits count
 * @param index integer from 0
 * @returns an unsigned 64-bit seed for {@link createRng}
 */
export function deriveSeed(seed: number | bigint, index: number): bigint {
  return mix64(mix64(BigInt(seed) + GOLDEN_GAMMA) + BigInt(index) * GOLDEN_GAMMA);
}

/**
 * A xoroshiro128+ generator (Blackman and Vigna 2018). SplitMix64 expands `seed` to its 128 bits of state. Normals come from Marsaglia's
 * polar method.
 *
 * @param seed any integer; the lowest 64 bits count
 */
export function createRng(seed: number | bigint): Rng {
  const state: number[] = [];
  let word = BigInt(seed);
  for (let half = 0; half < 2; half++) {
    word += GOLDEN_GAMMA;
    const mixed = mix64(word);
    state.push(Number(BigInt.asIntN(32, mixed >> 32n)), Number(BigInt.asIntN(32, mixed)));
  }
  const generator = xoroshiro128plusFromState(state);

  // The low bits of xoroshiro128+ are its weakest, so a uniform takes the upper 24 of the 32 bits.
  const uniform = (): number => (generator.next() >>> 8) * TWO_TO_MINUS_24;

  return {
    uniforms(out: Float32Array): void {
      for (let i = 0; i < out.length; i++) out[i] = uniform();
    },
    normals(out: Float32Array): void {
      for (let i = 0; i < out.length; i += 2) {
        let u: number;
        let v: number;
        let squared: number;
        do {
          u = 2 * uniform() - 1;
          v = 2 * uniform() - 1;
          squared = u * u + v * v;
        } while (squared >= 1 || squared === 0);
        const factor = Math.sqrt((-2 * Math.log(squared)) / squared);
        out[i] = u * factor;
        // With an odd length the last of these indices is outside of the array; typed arrays ignore such writes.
        out[i + 1] = v * factor;
      }
    },
  };
}
