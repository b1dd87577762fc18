import { create, fromBinary, toBinary } from '@bufbuild/protobuf';

import { JepaMpcError } from '../../../src/core/errors.js';
import { ModelProtoSchema, type GraphProto, type ModelProto } from './onnx/onnx_pb.js';

/** Reads an ONNX file. @throws JepaMpcError `model.unreadable` */
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

/** An ONNX file around a graph. */
export function writeModel(graph: GraphProto): Uint8Array {
  const model = create(ModelProtoSchema, {
    irVersion: 9n,
    producerName: 'jepa_mpc',
    graph,
    opsetImport: [{ domain: '', version: 20n }],
  });
  return encodeModel(model);
}

/** The bytes of an ONNX file. */
export function encodeModel(model: ModelProto): Uint8Array {
  return toBinary(ModelProtoSchema, model);
}
