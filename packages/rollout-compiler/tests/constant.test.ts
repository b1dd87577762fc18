import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';

import { readTensor } from '../src/graph/constant.js';
import { TensorProto_DataType as DataType, TensorProtoSchema } from '../src/onnx/onnx_pb.js';

const refusal = (found: string): Error =>
  expect.objectContaining({
    code: 'model.unsupported',
    facts: expect.objectContaining({ found }) as object,
  }) as Error;

describe('a tensor of a model file', () => {
  it('is read from typed fields and from raw bytes', () => {
    const tensor = { name: 'x', dims: [2n], dataType: DataType.FLOAT };
    const typed = create(TensorProtoSchema, { ...tensor, floatData: [1, -2] });
    const raw = create(TensorProtoSchema, {
      ...tensor,
      rawData: new Uint8Array(Float32Array.of(1, -2).buffer),
    });
    for (const read of [readTensor(typed), readTensor(raw)])
      expect(read).toEqual({ type: 'float32', dims: [2], data: Float64Array.of(1, -2) });
  });

  it('is refused with fewer numbers than its shape has, not filled up with zeros', () => {
    const tensor = { name: 'x', dims: [3n], dataType: DataType.INT64 };
    expect(() => readTensor(create(TensorProtoSchema, { ...tensor, int64Data: [1n, 2n] }))).toThrow(
      refusal('2 elements of data'),
    );
    expect(() => readTensor(create(TensorProtoSchema, { ...tensor, rawData: new Uint8Array(16) }))).toThrow(
      refusal('16 bytes of data'),
    );
  });

  it('is refused in half precision, however its bits are stored', () => {
    const tensor = { name: 'x', dims: [1n], dataType: DataType.FLOAT16 };
    expect(() => readTensor(create(TensorProtoSchema, { ...tensor, int32Data: [0x3c00] }))).toThrow(
      refusal('float16 data'),
    );
  });
});
