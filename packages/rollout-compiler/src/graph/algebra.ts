import type { Constant, ElementType } from './constant.js';
import type { Dim } from './dims.js';
import type { Attributes, Value } from './value.js';

/**
 * What the rewriting rules in this folder need of a graph under construction. It keeps them free of an import circle: GraphBuilder, its only
 * implementation, imports the rules.
 */
export interface Algebra {
  node(
    operator: string,
    inputs: readonly (Value | null)[],
    attributes: Attributes,
    type: ElementType,
    dims: readonly Dim[],
  ): Value;
  constant(constant: Constant): Value;
  scalar(value: number): Value;
  binary(operator: string, a: Value, b: Value, type?: ElementType): Value;
  add(a: Value, b: Value): Value;
  mul(a: Value, b: Value): Value;
  where(condition: Value, a: Value, b: Value): Value;
  reduce(operator: string, x: Value, axes: readonly number[], keepDims: boolean): Value;
  matmul(a: Value, b: Value): Value;
  gemm(a: Value, b: Value, bias: Value): Value;
  softmax(x: Value): Value;
  reshape(x: Value, dims: readonly Dim[]): Value;
  transpose(x: Value, order: readonly number[]): Value;
  concat(parts: readonly Value[], axis: number): Value;
  slice(x: Value, axis: number, start: number, end: number): Value;
  expand(x: Value, dims: readonly Dim[]): Value;
  /** See {@link GraphBuilder.once}. */
  once(operands: readonly Value[], operate: (inner: [Value, Value, Value]) => Value): Value | null;
}
