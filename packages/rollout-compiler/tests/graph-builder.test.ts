import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { CANDIDATES } from '../src/graph/dims.js';
import { GraphBuilder } from '../src/graph/graph-builder.js';
import { constantOf, type Value } from '../src/graph/value.js';
import { graphOf, largestDifference, operatorCounts, runGraph } from '../../../tests/fixtures/graph-run.js';

const ramp = (...shape: number[]) => ({
  data: Float32Array.from({ length: shape.reduce((total, size) => total * size, 1) }, (_, i) =>
    Math.sin(i + 1),
  ),
  shape,
});

function counts(builder: GraphBuilder, output: Value): Record<string, number> {
  return operatorCounts(graphOf(builder, [], { output }));
}

describe('GraphBuilder', () => {
  it('gives the same value for the same operator on the same inputs', () => {
    const builder = new GraphBuilder();
    const x = builder.input('x', 'float32', [CANDIDATES, 4]);
    expect(builder.unary('Relu', x)).toBe(
      builder.unary('Relu', builder.input('x', 'float32', [CANDIDATES, 4])),
    );
    expect(builder.unary('Relu', x)).not.toBe(builder.unary('Tanh', x));
  });

  it('takes a slice of a concatenation from the part that it lies in', () => {
    const builder = new GraphBuilder();
    const [a, b] = ['a', 'b'].map((name) => builder.input(name, 'float32', [CANDIDATES, 2, 8])) as [
      Value,
      Value,
    ];
    expect(builder.slice(builder.concat([a, b], 1), 1, 2, 4)).toBe(b);
  });

  it('takes columns of a product from the columns of its weights', () => {
    const builder = new GraphBuilder();
    const x = builder.input('x', 'float32', [CANDIDATES, 3]);
    const weights = builder.constant({
      type: 'float32',
      dims: [3, 4],
      data: Float64Array.from({ length: 12 }, (_, i) => i),
    });
    const columns = builder.slice(builder.matmul(x, weights), 1, 1, 3);
    expect(columns.dims).toEqual([CANDIDATES, 2]);
    expect(counts(builder, columns)).toEqual({ MatMul: 1, Identity: 1 });
  });

  it('reshapes instead of transposing where only axes of size 1 move', () => {
    const builder = new GraphBuilder();
    const x = builder.input('x', 'float32', [CANDIDATES, 1, 4, 8]);
    expect(counts(builder, builder.transpose(x, [0, 2, 1, 3]))).toEqual({ Reshape: 1, Identity: 1 });
  });

  it('computes what the candidates share before it is repeated for them', () => {
    const builder = new GraphBuilder();
    const own = builder.input('y', 'float32', [CANDIDATES, 4]);
    builder.countCandidatesFrom(own);
    const shared = builder.forAllCandidates(builder.input('x', 'float32', [1, 4]));
    const sum = builder.add(builder.unary('Exp', shared), own);
    expect(sum.dims).toEqual([CANDIDATES, 4]);
    expect(counts(builder, sum)).toEqual({ Exp: 1, Add: 1, Identity: 1 });
  });

  it('leaves out the frames that an attention mask hides, and what only they would need', async () => {
    const builder = new GraphBuilder();
    const query = builder.input('query', 'float32', [CANDIDATES, 1, 4]);
    const keys = [0, 1, 2].map((i) => builder.input(`key${String(i)}`, 'float32', [CANDIDATES, 4, 1]));
    const values = [0, 1, 2].map((i) => builder.input(`value${String(i)}`, 'float32', [CANDIDATES, 1, 4]));
    const mask = builder.floats([0, 0, -Infinity], [1, 3]);
    const weights = builder.softmax(builder.add(builder.matmul(query, builder.concat(keys, 2)), mask));
    const output = builder.matmul(weights, builder.concat(values, 1));
    const inputs = [query, keys[0], keys[1], values[0], values[1]] as Value[];
    // The third frame is no input of this graph: it runs without it.
    const graph = graphOf(builder, inputs, { output });
    const feeds = {
      query: ramp(2, 1, 4),
      key0: ramp(2, 4, 1),
      key1: ramp(2, 4, 1),
      value0: ramp(2, 1, 4),
      value1: ramp(2, 1, 4),
    };
    const found = await runGraph(graph, feeds);
    // Equal keys and values: the answer is that value.
    expect(largestDifference(found['output'] ?? new Float32Array(), ramp(2, 1, 4).data)).toBeLessThan(1e-6);
  });

  it('knows the result of operators on constants', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -100, max: 100 }), { minLength: 6, maxLength: 6 }),
        fc.constantFrom('Add', 'Sub', 'Mul', 'Min', 'Max'),
        (numbers, operator) => {
          const builder = new GraphBuilder();
          const a = builder.floats(numbers, [2, 3]);
          const b = builder.floats(numbers.slice(0, 3), [3]);
          const result = constantOf(builder.binary(operator, a, b));
          const operate = {
            Add: (x: number, y: number) => x + y,
            Sub: (x: number, y: number) => x - y,
            Mul: (x: number, y: number) => x * y,
            Min: Math.min,
            Max: Math.max,
          }[operator];
          expect([...(result?.data ?? [])]).toEqual(numbers.map((x, i) => operate(x, numbers[i % 3] ?? NaN)));
        },
      ),
    );
  });

  it('slices, transposes and joins constants as ONNX Runtime does', async () => {
    const shape = [2, 3, 4];
    const { data } = ramp(...shape);
    const builder = new GraphBuilder();
    const known = builder.constant({ type: 'float32', dims: shape, data: Float64Array.from(data) });
    const given = builder.input('x', 'float32', shape);
    const change = (x: Value): Value =>
      builder.concat(
        [builder.transpose(x, [2, 0, 1]), builder.slice(builder.transpose(x, [2, 0, 1]), 2, 1, 3)],
        2,
      );
    const folded = constantOf(change(known));
    const { output } = await runGraph(graphOf(builder, [given], { output: change(given) }), {
      x: ramp(...shape),
    });
    expect(folded?.dims).toEqual([4, 2, 5]);
    expect([...(folded?.data ?? [])]).toEqual([...(output ?? [])]);
  });

  it('computes before a loop what does not depend on its round', async () => {
    const builder = new GraphBuilder();
    const x = builder.input('x', 'float32', [2]);
    const rounds = builder.input('rounds', 'int64', [1]);
    const always = builder.constant({ type: 'bool', dims: [], data: Float64Array.of(1) });
    const { carried, listed } = builder.loop('test', builder.reshape(rounds, []), 3, [x], (_, [sum]) => {
      const next = builder.add(sum as Value, builder.unary('Exp', x));
      return { goOn: always, carried: [next], listed: [next] };
    });
    const graph = graphOf(builder, [x, rounds], { last: carried[0] as Value, all: listed[0] as Value });
    expect(operatorCounts(graph)).toMatchObject({ Exp: 1, Loop: 1 });
    const { last, all } = await runGraph(graph, { x: ramp(2), rounds: 3n });
    const [a = 0, b = 0] = ramp(2).data;
    expect(last?.[0]).toBeCloseTo(a + 3 * Math.exp(a), 5);
    expect(all).toHaveLength(6);
    expect(all?.[1]).toBeCloseTo(b + Math.exp(b), 5);
  });

  it('refuses shapes that do not fit, in words', () => {
    const builder = new GraphBuilder();
    const x = builder.input('x', 'float32', [CANDIDATES, 4]);
    expect(() => builder.reshape(x, [CANDIDATES, 3])).toThrow(/\[N, 4\] to \[N, 3\]/);
    expect(() => builder.matmul(x, builder.input('w', 'float32', [3, 2]))).toThrow(/\[N, 4\] and \[3, 2\]/);
  });
});
