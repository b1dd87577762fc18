import { create } from '@bufbuild/protobuf';
import { expect, it } from 'vitest';

import { GraphBuilder } from '../src/graph/graph-builder.js';
import {
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  ValueInfoProtoSchema,
} from '../src/onnx/onnx_pb.js';
import { wholeOf } from '../src/trace/split-value.js';
import { TracedGraph } from '../src/trace/trace-graph.js';
import { graphOf, largestDifference, runGraph } from '../../../tests/fixtures/graph-run.js';

const VALUES = Float32Array.of(-0.99, -0.5, -0.001, 0, 0.25, 0.75, 0.99);

it.each([
  ['Acos', Math.acos],
  ['Asin', Math.asin],
  ['Atan', Math.atan],
  ['Cos', Math.cos],
  ['Sin', Math.sin],
  ['Tan', Math.tan],
])('%s of a model is traced and computed', async (operator, expected) => {
  const model = create(ModelProtoSchema, {
    opsetImport: [create(OperatorSetIdProtoSchema, { domain: '', version: 18n })],
    graph: create(GraphProtoSchema, {
      input: [create(ValueInfoProtoSchema, { name: 'x' })],
      node: [create(NodeProtoSchema, { opType: operator, input: ['x'], output: ['y'] })],
      output: [create(ValueInfoProtoSchema, { name: 'y' })],
    }),
  });
  const builder = new GraphBuilder();
  const x = builder.input('x', 'float32', [VALUES.length]);

  const traced = new TracedGraph(model, 'a model').trace(builder, new Map([['x', x]]));

  const graph = graphOf(builder, [x], { y: wholeOf(builder, traced) });
  const { y } = await runGraph(graph, { x: { data: VALUES, shape: [VALUES.length] } });
  expect(largestDifference(y ?? new Float32Array(), VALUES.map(expected))).toBeLessThan(1e-6);
});
