import { JepaMpcError } from '../core/errors.js';
import { isExternal, type ExternalData } from '../../packages/rollout-compiler/src/index.js';
import { elementsOf, tensorsOf } from '../../packages/rollout-compiler/src/index.js';
import {
  TensorProto_DataType as DataType,
  type ModelProto,
  type TensorProto,
} from '../../packages/rollout-compiler/src/index.js';

/** Bits of an element, and what its bits without the sign exceed when it is no number. */
interface FloatFormat {
  readonly bytes: 2 | 4 | 8;
  readonly infinity: number;
}

/** Of a double the upper half alone is looked at, in which every NaN that arithmetic gives shows. */
const FLOATS: ReadonlyMap<number, FloatFormat> = new Map([
  [DataType.FLOAT, { bytes: 4, infinity: 0x7f800000 }],
  [DataType.DOUBLE, { bytes: 8, infinity: 0x7ff00000 }],
  [DataType.FLOAT16, { bytes: 2, infinity: 0x7c00 }],
  [DataType.BFLOAT16, { bytes: 2, infinity: 0x7f80 }],
]);

/** Numbers in the floating-point initializers of a graph, graphs inside it included. */
export function countParameters(model: ModelProto): number {
  let count = 0;
  for (const { tensor, isAttribute } of tensorsOf(model.graph))
    if (!isAttribute && FLOATS.has(tensor.dataType)) count += elementsOf(tensor);
  return count;
}

/**
 * Refuses weights that are no number. Golden vectors may pass such a weight by: a row of a table that their inputs do not ask for, a step of
 * a window that they do not fill. Infinities are left alone: masks are made of them.
 *
 * @param subject what to call the graph in an error
 * @param external reads data that lies in other files, one tensor at a time
 * @throws JepaMpcError `model.not-finite` naming the tensor and the entry
 */
export function refuseNotANumber(model: ModelProto, subject: string, external: ExternalData): void {
  for (const { tensor } of tensorsOf(model.graph)) {
    const format = FLOATS.get(tensor.dataType);
    if (format === undefined) continue;
    const entry = firstNaN(tensor, format, external);
    if (entry < 0) continue;
    throw new JepaMpcError('model.not-finite', {
      subject: `tensor ${tensor.name} of ${subject}`,
      found: `NaN at entry ${String(entry)} of shape [${tensor.dims.join(', ')}]`,
      expected: 'numbers',
      remedy: 'The training diverged, or the export went wrong: export an earlier checkpoint.',
    });
  }
}

/** Index of the first element that is no number; -1: there is none. */
function firstNaN(tensor: TensorProto, { bytes, infinity }: FloatFormat, external: ExternalData): number {
  const data = isExternal(tensor) ? external.read(tensor) : tensor.rawData;
  if (data.length === 0) {
    // The format's bits, for halves.
    if (bytes === 2) return tensor.int32Data.findIndex((bits) => (bits & 0x7fff) > infinity);
    return (bytes === 4 ? tensor.floatData : tensor.doubleData).findIndex(Number.isNaN);
  }
  // Typed arrays want their own alignment: a copy of a tensor is cheaper than a DataView over it.
  const { buffer, byteOffset, byteLength } = data.byteOffset % 4 === 0 ? data : new Uint8Array(data);
  if (bytes === 2) {
    const halves = new Uint16Array(buffer, byteOffset, Math.floor(byteLength / bytes));
    return halves.findIndex((bits) => (bits & 0x7fff) > infinity);
  }
  const words = new Uint32Array(buffer, byteOffset, Math.floor(byteLength / 4));
  const stride = bytes / 4;
  for (let i = stride - 1; i < words.length; i += stride)
    if (((words[i] ?? 0) & 0x7fffffff) > infinity) return Math.floor(i / stride);
  return -1;
}
