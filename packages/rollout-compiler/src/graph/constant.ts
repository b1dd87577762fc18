import { JepaMpcError } from '../../../../src/core/errors.js';
import { unsupported } from '../compiler-errors.js';
import { elementCount } from './dims.js';
import { isExternal } from '../onnx/external-data.js';
import { TensorProto_DataType, type TensorProto } from '../onnx/onnx_pb.js';

/** Element types that the compiler works with. A graph with any other is rolled out step by step. */
export type ElementType = 'float32' | 'int64' | 'int32' | 'bool' | 'int8' | 'uint8' | 'float16';

/** A tensor that is known when the graph is compiled. */
export interface Constant {
  readonly type: ElementType;
  readonly dims: readonly number[];
  /** Elements, row-major. Numbers that are sizes may be counted in candidates: see dims.ts. */
  readonly data: Float64Array;
}

/** Size of an element in memory and in a model file, in bytes. */
export const ELEMENT_BYTES: Readonly<Record<ElementType, number>> = {
  float32: 4,
  int64: 8,
  int32: 4,
  bool: 1,
  int8: 1,
  uint8: 1,
  float16: 2,
};

const TYPES: ReadonlyMap<number, ElementType> = new Map([
  [TensorProto_DataType.FLOAT, 'float32'],
  [TensorProto_DataType.INT64, 'int64'],
  [TensorProto_DataType.INT32, 'int32'],
  [TensorProto_DataType.BOOL, 'bool'],
  [TensorProto_DataType.INT8, 'int8'],
  [TensorProto_DataType.UINT8, 'uint8'],
  [TensorProto_DataType.FLOAT16, 'float16'],
]);

const CODES = Object.fromEntries([...TYPES].map(([code, type]) => [type, code])) as Record<
  ElementType,
  number
>;

/**
 * The type with this code in a model file.
 *
 * @throws JepaMpcError `model.unsupported` for one that is no {@link ElementType}
 */
export function elementType(code: number): ElementType {
  const type = TYPES.get(code);
  if (type !== undefined) return type;
  throw new JepaMpcError('model.unsupported', {
    subject: 'graph compiler',
    found: `element type ${TensorProto_DataType[code] ?? String(code)}`,
    expected: `one of ${[...TYPES.values()].join(', ')}`,
    remedy: 'Export the graph in float32.',
  });
}

/** The code of a type in a model file. */
export function elementTypeCode(type: ElementType): number {
  return CODES[type];
}

/**
 * Reads a tensor of a model file.
 *
 * @param outside its data, for a tensor that has it in another file
 * @throws JepaMpcError `model.unsupported` for an element type of no use, data in another file that is not given, or data that does not fit
 *   the shape
 */
export function readTensor(tensor: TensorProto, outside?: Uint8Array): Constant {
  const type = elementType(tensor.dataType);
  const dims = tensor.dims.map(Number);
  const count = elementCount(dims);
  if (isExternal(tensor) && outside === undefined) {
    throw new JepaMpcError('model.unsupported', {
      subject: `tensor ${tensor.name}`,
      found: 'data outside the file',
      expected: 'a model folder to find it in, or the data inside the file',
      remedy: 'Load the model from its folder, or export the graph with its data inside.',
    });
  }
  const read = elementReader(tensor, type, outside ?? tensor.rawData, count);
  return { type, dims, data: Float64Array.from({ length: count }, read) };
}

function elementReader(
  tensor: TensorProto,
  type: ElementType,
  rawData: Uint8Array,
  count: number,
): (_: unknown, index: number) => number {
  if (type === 'float16')
    throw new JepaMpcError('model.unsupported', {
      subject: `tensor ${tensor.name}`,
      found: 'float16 data',
      expected: 'float32: precision is chosen when the graph is compiled',
      remedy: 'Export the graph in float32.',
    });
  if (rawData.length === 0) {
    const stored: readonly (number | bigint)[] =
      type === 'float32' ? tensor.floatData : type === 'int64' ? tensor.int64Data : tensor.int32Data;
    checkStored(tensor, stored.length, count, 'elements');
    return (_, index) => Number(stored[index]);
  }
  checkStored(tensor, rawData.length, count * ELEMENT_BYTES[type], 'bytes');
  const view = new DataView(rawData.buffer, rawData.byteOffset, rawData.byteLength);
  switch (type) {
    case 'float32':
      return (_, index) => view.getFloat32(4 * index, true);
    case 'int64':
      return (_, index) => Number(view.getBigInt64(8 * index, true));
    case 'int32':
      return (_, index) => view.getInt32(4 * index, true);
    case 'int8':
      return (_, index) => view.getInt8(index);
    case 'bool':
    case 'uint8':
      return (_, index) => view.getUint8(index);
  }
}

function checkStored({ name }: TensorProto, stored: number, wanted: number, unit: string): void {
  if (stored !== wanted)
    throw unsupported(
      `${String(stored)} ${unit} of data`,
      `${String(wanted)} for its shape`,
      `tensor ${name}`,
    );
}

/** Bytes of a constant as a model file holds them, little-endian. */
export function rawBytes({ type, data }: Constant): Uint8Array {
  switch (type) {
    case 'float32':
      return bytesOf(Float32Array.from(data));
    case 'int64':
      return bytesOf(BigInt64Array.from(data, (value) => BigInt(Math.trunc(value))));
    case 'int32':
      return bytesOf(Int32Array.from(data));
    case 'int8':
      return bytesOf(Int8Array.from(data));
    case 'bool':
    case 'uint8':
      return Uint8Array.from(data);
    case 'float16':
      return bytesOf(Uint16Array.from(data, halfBits));
  }
}

function bytesOf(values: Float32Array | BigInt64Array | Int32Array | Int8Array | Uint16Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

const word = new DataView(new ArrayBuffer(4));

/** The bits of the nearest IEEE 754 half-precision number, ties to even. Numbers that are too large become infinite. */
function halfBits(value: number): number {
  word.setFloat32(0, value);
  const bits = word.getUint32(0);
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude >= 0x7f800000) return sign | (magnitude > 0x7f800000 ? 0x7e00 : 0x7c00);
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  // Below the smallest normal half the unit is 2^-24 whatever the exponent.
  if (magnitude < 0x38800000) return sign | roundToEven(Math.abs(value) * 2 ** 24);
  return sign | roundToEven((magnitude - 0x38000000) / 0x2000);
}

function roundToEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
}
