import type { Constant } from './constant.js';
import { evaluateFixed } from './fixed-value.js';
import type { GraphBuilder } from './graph-builder.js';
import { isFixed, type Value } from './value.js';

/** Products with fewer weights than this stay as they are: converting what goes in costs more than it saves. */
const LEAST_WEIGHTS = 4096;
const LARGEST_INT8 = 127;

/** Arithmetic of the products with large weights; everything else is float32 always. */
export type Precision = 'float32' | 'float16' | 'int8';

/** A product of a matrix with weights. */
interface Product {
  readonly a: Value;
  readonly weights: Value;
  readonly bias: Value | undefined;
  readonly origin: string;
}

/**
 * What to write in place of products with large weights. Inexact: measure the rank correlation of the costs before relying on it.
 *
 * - `float16`: both sides are cast, and the result is cast back: for devices with half-precision units.
 * - `int8`: weights with a scale for each column, symmetric; what goes in with one scale and zero point for the whole tensor, found while
 *   the graph runs (ONNX `DynamicQuantizeLinear`, `MatMulInteger`). ONNX Runtime runs the group as one operator on the cpu.
 *
 * @returns for a product the value that stands for it; any other value as it is
 */
export function productsIn(precision: Precision, builder: GraphBuilder): (value: Value) => Value {
  if (precision === 'float32') return (value) => value;
  const write = precision === 'int8' ? int8Product(builder) : float16Product(builder);
  return (value) => {
    const product = productOf(value);
    if (product === null) return value;
    builder.origin = product.origin;
    const result = write(product, value);
    return product.bias === undefined ? result : builder.add(result, product.bias);
  };
}

function productOf({ source }: Value): Product | null {
  if (source.kind !== 'node' || !['MatMul', 'Gemm'].includes(source.node.operator)) return null;
  const [a, weights, bias] = source.node.inputs as readonly Value[];
  if (a?.dims.length !== 2 || weights?.type !== 'float32' || !isFixed(weights)) return null;
  const [rows = 1, columns = 1] = weights.dims;
  return rows * columns < LEAST_WEIGHTS ? null : { a, weights, bias, origin: source.node.origin };
}

function float16Product(builder: GraphBuilder): (product: Product, value: Value) => Value {
  return ({ a, weights }, value) => {
    const halves = builder.constant({ ...evaluateFixed(weights), type: 'float16' });
    const product = builder.node('MatMul', [builder.cast(a, 'float16'), halves], {}, 'float16', value.dims);
    return builder.cast(product, 'float32');
  };
}

function int8Product(builder: GraphBuilder): (product: Product, value: Value) => Value {
  const known = new Map<Value, { readonly matrix: Value; readonly scale: Value }>();
  const quantised = (weights: Value): { readonly matrix: Value; readonly scale: Value } => {
    let codes = known.get(weights);
    if (codes === undefined) {
      const { matrix, scale } = quantiseColumns(evaluateFixed(weights));
      codes = { matrix: builder.constant(matrix), scale: builder.constant(scale) };
      known.set(weights, codes);
    }
    return codes;
  };
  return ({ a, weights }, value) => {
    const { matrix, scale } = quantised(weights);
    const [codes, step, zero] = builder.nodes('DynamicQuantizeLinear', [a], {}, [
      { type: 'uint8', dims: a.dims },
      { type: 'float32', dims: [] },
      { type: 'uint8', dims: [] },
    ]) as [Value, Value, Value];
    const sums = builder.node('MatMulInteger', [codes, matrix, zero], {}, 'int32', value.dims);
    return builder.mul(builder.cast(sums, 'float32'), builder.mul(step, scale));
  };
}

/** A matrix `[K, C]` as int8 with a scale for each column `[C]`. */
function quantiseColumns({ dims, data }: Constant): { matrix: Constant; scale: Constant } {
  const [, columns = 1] = dims;
  const largest = new Float64Array(columns);
  for (const [index, value] of data.entries()) {
    const column = index % columns;
    largest[column] = Math.max(largest[column] ?? 0, Math.abs(value));
  }
  const scale = largest.map((value) => Math.fround(value === 0 ? 1 : value / LARGEST_INT8));
  const codes = data.map((value, index) => Math.round(value / (scale[index % columns] ?? 1)));
  return {
    matrix: { type: 'int8', dims, data: codes },
    scale: { type: 'float32', dims: [columns], data: scale },
  };
}
