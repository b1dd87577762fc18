import { JepaMpcError } from '../core/errors.js';
import { at } from '../core/array-access.js';
import {
  elementsOf,
  isExternal,
  TensorProto_DataType as DataType,
  tensorsOf,
  type ExternalData,
  type ModelProto,
  type TensorProto,
} from '../../packages/rollout-compiler/src/index.js';

/** A floating-point format. */
interface FloatFormat {
  /** Size of an element. */
  readonly bytes: 2 | 4 | 8;
  /** Bits of infinity. The bits of a NaN, without the sign, exceed them. */
  readonly infinity: number;
}

/** Of a double only the upper half is checked: every NaN that arithmetic produces shows there. */
const FLOATS: ReadonlyMap<number, FloatFormat> = new Map([
  [DataType.FLOAT, { bytes: 4, infinity: 0x7f800000 }],
  [DataType.DOUBLE, { bytes: 8, infinity: 0x7ff00000 }],
  [DataType.FLOAT16, { bytes: 2, infinity: 0x7c00 }],
  [DataType.BFLOAT16, { bytes: 2, infinity: 0x7f80 }],
]);

/** Number of floating-point weights of a graph, nested graphs included. */
export function countParameters(model: ModelProto): number {
  let count = 0;
  for (const { tensor, isAttribute } of tensorsOf(model.graph))
    if (!isAttribute && FLOATS.has(tensor.dataType)) count += elementsOf(tensor);
  return count;
}

/**
 * Refuses weights that are NaN. Golden vectors may miss such a weight: a row of a table that their inputs do not use, or a step of a window
 * that they do not fill. Infinities are allowed: masks are made of them.
 *
 * @param subject what to call the graph in an error
 * @param external reads tensors from other files, one at a time
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

/** Index of the first element that is NaN; -1 if there is none. */
function firstNaN(tensor: TensorProto, { bytes, infinity }: FloatFormat, external: ExternalData): number {
  const data = isExternal(tensor) ? external.read(tensor) : tensor.rawData;
  if (data.length === 0) {
    // Half-precision numbers are stored as their bits.
    if (bytes === 2) return tensor.int32Data.findIndex((bits) => (bits & 0x7fff) > infinity);
    return (bytes === 4 ? tensor.floatData : tensor.doubleData).findIndex(Number.isNaN);
  }
  // Typed arrays must be aligned. Copying a tensor is cheaper than reading it through a DataView.
  const { buffer, byteOffset, byteLength } = data.byteOffset % 4 === 0 ? data : new Uint8Array(data);
  if (bytes === 2) {
    const halves = new Uint16Array(buffer, byteOffset, Math.floor(byteLength / bytes));
    return halves.findIndex((bits) => (bits & 0x7fff) > infinity);
  }
  const words = new Uint32Array(buffer, byteOffset, Math.floor(byteLength / 4));
  const stride = bytes / 4;
  for (let i = stride - 1; i < words.length; i += stride)
    if ((at(words, i) & 0x7fffffff) > infinity) return Math.floor(i / stride);
  return -1;
}
