import type { JepaMpcError } from '../../../../src/core/errors.js';
import { compilerDefect } from '../compiler-errors.js';
import { sliceConstant, transposeConstant } from '../graph/constant-arithmetic.js';
import { readTensor, type Constant } from '../graph/constant.js';
import { at, elementCount } from '../graph/dims.js';
import type { GraphBuilder } from '../graph/graph-builder.js';
import { constantOf, isFixed, type Value } from '../graph/value.js';
import { isExternal } from '../onnx/external-data.js';

/** Products with fewer weights than this stay float32: converting their inputs would cost more than it saves. */
const MIN_WEIGHTS = 4096;
const MAX_INT8 = 127;

/** Arithmetic of the products with large weights. Everything else is always float32. */
export type Precision = 'float32' | 'float16' | 'int8';

/** A product of a matrix with weights. */
interface Product {
  readonly a: Value;
  readonly weights: Value;
  readonly bias: Value | undefined;
  readonly origin: string;
}

/**
 * Replaces products with large weights by products of this precision. Inexact: measure the rank correlation of the costs before relying on
 * it.
 *
 * - `float16`: both operands are cast, and the result is cast back. For devices with half-precision units.
 * - `int8`: symmetric weights with a scale per column; inputs with one scale and zero point for the whole tensor, computed while the graph
 *   runs (ONNX `DynamicQuantizeLinear`, `MatMulInteger`). ONNX Runtime runs the group as one operator on the CPU.
 *
 * @returns a function that maps a product to its replacement, and any other value to itself
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
  return elementCount(weights.dims) < MIN_WEIGHTS ? null : { a, weights, bias, origin: source.node.origin };
}

/** Keeps the results of a function of weights: every predictor step has products with the same ones. */
function onceForWeights<Result>(compute: (weights: Value) => Result): (weights: Value) => Result {
  const known = new Map<Value, Result>();
  return (weights) => {
    let result = known.get(weights);
    if (result === undefined) known.set(weights, (result = compute(weights)));
    return result;
  };
}

function float16Product(builder: GraphBuilder): (product: Product, value: Value) => Value {
  const halvesOf = onceForWeights((weights) =>
    builder.constant({ ...evaluateFixed(weights), type: 'float16' }),
  );
  return ({ a, weights }, value) => {
    const halves = halvesOf(weights);
    const product = builder.node('MatMul', [builder.cast(a, 'float16'), halves], {}, 'float16', value.dims);
    return builder.cast(product, 'float32');
  };
}

function int8Product(builder: GraphBuilder): (product: Product, value: Value) => Value {
  const quantised = onceForWeights((weights) => {
    const { matrix, scale } = quantiseColumns(evaluateFixed(weights));
    return { matrix: builder.constant(matrix), scale: builder.constant(scale) };
  });
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
  const columns = at(dims, 1);
  const magnitudes = new Float64Array(columns);
  for (const [index, value] of data.entries()) {
    const column = index % columns;
    magnitudes[column] = Math.max(at(magnitudes, column), Math.abs(value));
  }
  const scale = magnitudes.map((value) => Math.fround(value === 0 ? 1 : value / MAX_INT8));
  const codes = data.map((value, index) => Math.round(value / at(scale, index % columns)));
  return {
    matrix: { type: 'int8', dims, data: codes },
    scale: { type: 'float32', dims: [columns], data: scale },
  };
}

/** Elements of a value that is the same for every plan ({@link isFixed}): a weight, or a part of one. */
function evaluateFixed(value: Value): Constant {
  const { source } = value;
  if (source.kind === 'constant') return source.constant;
  if (source.kind === 'weight') {
    const { tensor, external } = source;
    return readTensor(tensor, isExternal(tensor) ? external?.read(tensor) : undefined);
  }
  if (source.kind === 'input') throw notFixed(value);
  const { operator, inputs, attributes } = source.node;
  const [first, ...rest] = inputs as readonly [Value, ...Value[]];
  const inner = evaluateFixed(first);
  switch (operator) {
    case 'Reshape':
      return { ...inner, dims: value.dims };
    case 'Transpose':
      return transposeConstant(inner, attributes['perm'] as readonly number[]);
    case 'Slice': {
      const [start, end, axis] = rest.map((input) => constantOf(input)?.data[0]);
      if (start === undefined || end === undefined || axis === undefined) throw notFixed(value);
      return sliceConstant(inner, axis, start, end);
    }
    default:
      throw notFixed(value);
  }
}

function notFixed(value: Value): JepaMpcError {
  return compilerDefect(`value ${String(value.id)}, which depends on the data`, 'a weight');
}
