import { createHash } from 'node:crypto';

import type { Constant, ElementType } from './constant.js';
import { broadcast } from './dims.js';

/* What exporters leave to compute at run time although it is known before: shapes, positions, masks. */

type Arithmetic = (a: number, b: number, c: number) => number;

const truth = (condition: boolean): number => (condition ? 1 : 0);

/** Operators on elements, by ONNX name; operands that an operator does not have are 0. */
const ARITHMETIC: Readonly<Record<string, Arithmetic>> = {
  Abs: (a) => Math.abs(a),
  Add: (a, b) => a + b,
  And: (a, b) => truth(a !== 0 && b !== 0),
  Equal: (a, b) => truth(a === b),
  Exp: (a) => Math.exp(a),
  Greater: (a, b) => truth(a > b),
  GreaterOrEqual: (a, b) => truth(a >= b),
  Less: (a, b) => truth(a < b),
  LessOrEqual: (a, b) => truth(a <= b),
  Log: (a) => Math.log(a),
  Max: (a, b) => Math.max(a, b),
  Min: (a, b) => Math.min(a, b),
  Mod: (a, b) => a - b * Math.floor(a / b),
  Mul: (a, b) => a * b,
  Neg: (a) => -a,
  Not: (a) => truth(a === 0),
  Or: (a, b) => truth(a !== 0 || b !== 0),
  Pow: (a, b) => a ** b,
  Reciprocal: (a) => 1 / a,
  Sqrt: (a) => Math.sqrt(a),
  Sub: (a, b) => a - b,
  Where: (a, b, c) => (a === 0 ? c : b),
};

/**
 * The result of an elementwise operator on constants, or null when it is not one of these.
 *
 * @param type element type of the result
 */
export function foldElementwise(
  operator: string,
  operands: readonly Constant[],
  type: ElementType,
): Constant | null {
  const isInteger = type.startsWith('int');
  const arithmetic =
    operator === 'Div'
      ? (a: number, b: number) => (isInteger ? Math.trunc(a / b) : a / b)
      : operator === 'Cast' || operator === 'Identity'
        ? (a: number) => (isInteger ? Math.trunc(a) : a)
        : ARITHMETIC[operator];
  const [a, b = a, c = a] = operands;
  if (arithmetic === undefined || a === undefined || b === undefined || c === undefined) return null;
  const dims = operands.reduce<readonly number[]>((all, { dims: own }) => broadcast(all, own), []);
  const round =
    type === 'float32'
      ? Math.fround
      : type === 'bool'
        ? (value: number) => truth(value !== 0)
        : (value: number) => value;
  const places = operands.map((operand) => broadcastIndices(operand.dims, dims));
  const count = dims.reduce((total, dim) => total * dim, 1);
  const at = ({ data }: Constant, operand: number, index: number): number =>
    data[places[operand]?.[index] ?? 0] ?? 0;
  const data = Float64Array.from({ length: count }, (_, index) =>
    round(
      arithmetic(
        at(a, 0, index),
        operands.length > 1 ? at(b, 1, index) : 0,
        operands.length > 2 ? at(c, 2, index) : 0,
      ),
    ),
  );
  return { type, dims, data };
}

/** For each element of a broadcast result, the element of the operand it comes from. */
function broadcastIndices(own: readonly number[], dims: readonly number[]): Uint32Array {
  const strides = stridesOf(own);
  const count = dims.reduce((total, dim) => total * dim, 1);
  const offset = dims.length - own.length;
  const indices = new Uint32Array(count);
  for (let index = 0; index < count; index++) {
    let rest = index;
    let place = 0;
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      const dim = dims[axis] ?? 1;
      const position = rest % dim;
      rest = (rest - position) / dim;
      if ((own[axis - offset] ?? 1) !== 1) place += position * (strides[axis - offset] ?? 0);
    }
    indices[index] = place;
  }
  return indices;
}

function stridesOf(dims: readonly number[]): number[] {
  const strides = dims.map(() => 1);
  for (let axis = dims.length - 2; axis >= 0; axis--)
    strides[axis] = (strides[axis + 1] ?? 1) * (dims[axis + 1] ?? 1);
  return strides;
}

export function expandConstant(constant: Constant, dims: readonly number[]): Constant {
  const full = broadcast(constant.dims, dims);
  return pick(constant, full, broadcastIndices(constant.dims, full));
}

export function transposeConstant(constant: Constant, order: readonly number[]): Constant {
  const strides = stridesOf(constant.dims);
  return gatherStrided(
    constant,
    order.map((axis) => constant.dims[axis] ?? 1),
    order.map((axis) => strides[axis] ?? 0),
    0,
  );
}

export function sliceConstant(constant: Constant, axis: number, start: number, end: number): Constant {
  const strides = stridesOf(constant.dims);
  const dims = constant.dims.map((dim, i) => (i === axis ? end - start : dim));
  return gatherStrided(constant, dims, strides, start * (strides[axis] ?? 0));
}

export function concatConstants(parts: readonly Constant[], axis: number, dims: readonly number[]): Constant {
  const outer = dims.slice(0, axis).reduce((total, dim) => total * dim, 1);
  const data = new Float64Array(dims.reduce((total, dim) => total * dim, 1));
  let position = 0;
  for (let row = 0; row < outer; row++) {
    for (const part of parts) {
      const length = part.data.length / outer;
      data.set(part.data.subarray(row * length, (row + 1) * length), position);
      position += length;
    }
  }
  return { type: parts[0]?.type ?? 'float32', dims, data };
}

/** The lower (or upper) triangle of the last two axes. */
export function triluConstant(constant: Constant, diagonal: number, isUpper: boolean): Constant {
  const columns = constant.dims.at(-1) ?? 1;
  const rows = constant.dims.at(-2) ?? 1;
  const data = constant.data.map((value, index) => {
    const column = index % columns;
    const row = Math.floor(index / columns) % rows;
    const isKept = isUpper ? column - row >= diagonal : column - row <= diagonal;
    return isKept ? value : 0;
  });
  return { ...constant, data };
}

export function gatherConstant(constant: Constant, indices: Constant, axis: number): Constant {
  const size = constant.dims[axis] ?? 1;
  const outer = constant.dims.slice(0, axis).reduce((total, dim) => total * dim, 1);
  const inner = constant.dims.slice(axis + 1).reduce((total, dim) => total * dim, 1);
  const dims = [...constant.dims.slice(0, axis), ...indices.dims, ...constant.dims.slice(axis + 1)];
  const data = new Float64Array(outer * indices.data.length * inner);
  let position = 0;
  for (let row = 0; row < outer; row++) {
    for (const index of indices.data) {
      const at = (row * size + (index < 0 ? index + size : index)) * inner;
      data.set(constant.data.subarray(at, at + inner), position);
      position += inner;
    }
  }
  return { type: constant.type, dims, data };
}

function gatherStrided(
  constant: Constant,
  dims: readonly number[],
  strides: readonly number[],
  offset: number,
): Constant {
  const count = dims.reduce((total, dim) => total * dim, 1);
  const indices = new Uint32Array(count);
  for (let index = 0; index < count; index++) {
    let rest = index;
    let place = offset;
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      const dim = dims[axis] ?? 1;
      const position = rest % dim;
      rest = (rest - position) / dim;
      place += position * (strides[axis] ?? 0);
    }
    indices[index] = place;
  }
  return pick(constant, dims, indices);
}

function pick({ type, data }: Constant, dims: readonly number[], indices: Uint32Array): Constant {
  return { type, dims, data: Float64Array.from(indices, (index) => data[index] ?? 0) };
}

const equalElements = new WeakMap<Constant, number | null>();

/** Whether every element of a constant is this number. */
export function isFilledWith(constant: Constant, value: number): boolean {
  let known = equalElements.get(constant);
  if (known === undefined) {
    const [first] = constant.data;
    known = first !== undefined && constant.data.every((element) => element === first) ? first : null;
    equalElements.set(constant, known);
  }
  return known === value;
}

/** A text that is the same for equal data and another for any other. */
export function digestOf(data: Float64Array): string {
  if (data.length <= 16) return data.join();
  return createHash('sha1')
    .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    .digest('hex');
}
