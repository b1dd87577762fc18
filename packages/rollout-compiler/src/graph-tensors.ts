import type { GraphProto, TensorProto } from './onnx/onnx_pb.js';

/** Every tensor of a graph: initializers, and those in attributes of its operators, graphs inside it included. */
export function* tensorsOf(
  graph: GraphProto | undefined,
): Generator<{ readonly tensor: TensorProto; readonly isAttribute: boolean }> {
  if (graph === undefined) return;
  for (const tensor of graph.initializer) yield { tensor, isAttribute: false };
  for (const { attribute } of graph.node) {
    for (const { t, tensors, g, graphs } of attribute) {
      for (const tensor of t === undefined ? tensors : [t, ...tensors]) yield { tensor, isAttribute: true };
      for (const inner of g === undefined ? graphs : [g, ...graphs]) yield* tensorsOf(inner);
    }
  }
}

export function elementsOf({ dims }: TensorProto): number {
  return dims.reduce((total, dim) => total * Number(dim), 1);
}
