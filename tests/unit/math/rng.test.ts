import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { createRng, deriveSeed } from '../../../src/math/rng.js';

function normals(seed: number | bigint, length: number): Float32Array {
  const out = new Float32Array(length);
  createRng(seed).normals(out);
  return out;
}

function moment(values: Float32Array, power: number): number {
  return values.reduce((sum, value) => sum + value ** power, 0) / values.length;
}

describe('createRng', () => {
  it('gives the same sequence for the same seed, whether number or bigint', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        expect(normals(seed, 9)).toEqual(normals(BigInt(seed), 9));
      }),
    );
  });

  it('gives this very sequence for seed 1, on every machine and in every release', () => {
    const out = new Float32Array(4);
    createRng(1).uniforms(out);
    expect([...out]).toEqual([0.9319043755531311, 0.6013147830963135, 0.688566267490387, 0.2306748628616333]);
  });

  it('tells seeds apart that differ only above 32 bits', () => {
    expect(normals(1n, 4)).not.toEqual(normals(1n + (1n << 40n), 4));
  });

  it('draws standard normals: moments of 200,000 within five standard errors', () => {
    const values = normals(42, 200_000);
    expect(Math.abs(moment(values, 1))).toBeLessThan(5 * Math.sqrt(1 / values.length));
    expect(Math.abs(moment(values, 2) - 1)).toBeLessThan(5 * Math.sqrt(2 / values.length));
    expect(Math.abs(moment(values, 3))).toBeLessThan(5 * Math.sqrt(15 / values.length));
    expect(Math.abs(moment(values, 4) - 3)).toBeLessThan(5 * Math.sqrt(96 / values.length));
  });

  it('draws neighbouring normals independently', () => {
    const values = normals(7, 100_000);
    let product = 0;
    for (let i = 0; i + 1 < values.length; i++) product += (values[i] ?? NaN) * (values[i + 1] ?? NaN);
    expect(Math.abs(product / values.length)).toBeLessThan(5 / Math.sqrt(values.length));
  });

  it('fills odd lengths to the end', () => {
    expect(normals(3, 7).every((value) => Number.isFinite(value) && value !== 0)).toBe(true);
  });

  it('draws uniforms in [0, 1) that fill their tenths evenly', () => {
    const values = new Float32Array(100_000);
    createRng(5).uniforms(values);
    const tenths = new Array<number>(10).fill(0);
    expect(values.every((value) => value >= 0 && value < 1)).toBe(true);
    for (const value of values) {
      const tenth = Math.floor(value * 10);
      tenths[tenth] = (tenths[tenth] ?? 0) + 1;
    }
    for (const count of tenths) expect(Math.abs(count - 10_000)).toBeLessThan(5 * Math.sqrt(9_000));
  });
});

describe('deriveSeed', () => {
  it('gives each plan of each run its own seed', () => {
    const seeds = new Set<bigint>();
    for (let seed = 0; seed < 50; seed++)
      for (let plan = 0; plan < 50; plan++) seeds.add(deriveSeed(seed, plan));
    expect(seeds.size).toBe(2500);
  });

  it('does not make plan i + 1 of a seed the plan i of the next', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(1000), (seed, plan) => {
        expect(deriveSeed(seed, plan + 1)).not.toBe(deriveSeed(seed + 1, plan));
      }),
    );
  });
});
