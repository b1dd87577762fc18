/** ONNX files: bytes to message and back, and the tensors inside. What a message may hold is in `onnx.proto`. */
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';

import { JepaMpcError } from '../../../../src/core/errors.js';
import { ModelProtoSchema, type GraphProto, type ModelProto, type TensorProto } from './onnx_pb.js';

/** Version of the operators in the graphs that {@link writeModel} writes, and of the file format around them. */
const OPSET = 20n;
const IR_VERSION = 9n;

/**
 * Reads an ONNX file.
 *
 * @param subject what to call the file in an error
 * @throws JepaMpcError `model.unreadable`
 */
export function readModel(bytes: Uint8Array, subject: string): ModelProto {
  try {
    return fromBinary(ModelProtoSchema, bytes);
  } catch (error) {
    throw new JepaMpcError('model.unreadable', {
      subject,
      found: error instanceof Error ? error.message : String(error),
      expected: 'an ONNX model',
      remedy: 'Export the model again.',
      cause: error,
    });
  }
}

/** Wraps a graph in a model and encodes it as an ONNX file. */
export function writeModel(graph: GraphProto): Uint8Array {
  const model = create(ModelProtoSchema, {
    irVersion: IR_VERSION,
    producerName: 'jepa_mpc',
    graph,
    opsetImport: [{ domain: '', version: OPSET }],
  });
  return encodeModel(model);
}

/** Encodes a model as an ONNX file. */
export function encodeModel(model: ModelProto): Uint8Array {
  return toBinary(ModelProtoSchema, model);
}

/** Every tensor of a graph: initializers, and those in attributes of its operators, nested graphs included. */
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

/** Number of elements of a tensor; 1 for a scalar. */
export function elementsOf({ dims }: TensorProto): number {
  return dims.reduce((total, dim) => total * Number(dim), 1);
}
