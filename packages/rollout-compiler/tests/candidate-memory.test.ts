import { beforeEach, describe, expect, it } from 'vitest';

import { peakBytesPerCandidate } from '../src/emit/candidate-memory.js';
import { CANDIDATES } from '../src/graph/dims.js';
import { GraphBuilder } from '../src/graph/graph-builder.js';
import type { Value } from '../src/graph/value.js';

let builder: GraphBuilder;
/** 4 floats, 16 bytes, of each candidate. */
let x: Value;

beforeEach(() => {
  builder = new GraphBuilder();
  x = builder.input('x', 'float32', [CANDIDATES, 4]);
});

describe('the memory of a candidate', () => {
  it('is that of an input and the output made from it', () => {
    expect(peakBytesPerCandidate(builder, builder.unary('Relu', x))).toBe(16 + 16);
  });

  it('is given back after the last use: a chain holds two links, and the input of the caller', () => {
    let link = x;
    for (let i = 0; i < 10; i++) link = builder.unary('Relu', link);
    expect(peakBytesPerCandidate(builder, link)).toBe(16 + 2 * 16);
  });

  it('is held while something later needs it', () => {
    const early = builder.unary('Relu', x);
    let link = builder.unary('Exp', x);
    for (let i = 0; i < 10; i++) link = builder.unary('Relu', link);
    expect(peakBytesPerCandidate(builder, builder.add(link, early))).toBe(16 + 3 * 16);
  });

  it('counts another shape of the same numbers once, and keeps it as long as either is needed', () => {
    const made = builder.unary('Relu', x);
    const shaped = builder.reshape(made, [CANDIDATES, 2, 2]);
    expect(peakBytesPerCandidate(builder, builder.unary('Exp', shaped))).toBe(16 + 16 + 16);
  });

  it('leaves out what all candidates share', () => {
    const shared = builder.unary('Relu', builder.input('goal', 'float32', [1, 1000]));
    const sum = builder.reduce('ReduceSum', shared, [1], true);
    expect(peakBytesPerCandidate(builder, builder.add(x, sum))).toBe(16 + 16);
  });

  it('counts the bytes of the type, and several rows of a candidate', () => {
    const rows = builder.input('rows', 'float32', [3 * CANDIDATES, 4]);
    expect(peakBytesPerCandidate(builder, builder.unary('IsNaN', rows, {}, 'bool'))).toBe(48 + 12);
  });
});
