import { createHash } from 'node:crypto';

import type { Constant, ElementType } from './constant.js';
import { at, broadcast, elementCount } from './dims.js';

/*
 * Arithmetic on constants, for what exporters leave to be computed at run time although it is known before: shapes, positions, masks.
 * Data is row-major, as in ONNX.
 */

type Arithmetic = (a: number, b: number, c: number) => number;

const truth = (condition: boolean): number => (condition ? 1 : 0);

/** Operators on elements, by ONNX name. Operands that an operator does not have are 0. */
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
  if (arithmetic === undefined || operands.length === 0) return null;
  const dims = operands.reduce<readonly number[]>((all, { dims: own }) => broadcast(all, own), []);
  const round =
    type === 'float32'
      ? Math.fround
      : type === 'bool'
        ? (value: number) => truth(value !== 0)
        : (value: number) => value;
  const [first, second, third] = operands.map((operand) => expandConstant(operand, dims).data);
  const data = Float64Array.from({ length: elementCount(dims) }, (_, index) =>
    round(
      arithmetic(
        first === undefined ? 0 : at(first, index),
        second === undefined ? 0 : at(second, index),
        third === undefined ? 0 : at(third, index),
      ),
    ),
  );
  return { type, dims, data };
}

/** For each element of a broadcast result, the element of the operand it comes from. */
function broadcastIndices(own: readonly number[], dims: readonly number[]): Uint32Array {
  const ownStrides = stridesOf(own);
  const offset = dims.length - own.length;
  // An axis that the operand lacks, or has with size 1, stays at the same element.
  const strides = dims.map((_, axis) =>
    axis < offset || at(own, axis - offset) === 1 ? 0 : at(ownStrides, axis - offset),
  );
  return stridedIndices(dims, strides, 0);
}

function stridesOf(dims: readonly number[]): number[] {
  const strides = dims.map(() => 1);
  for (let axis = dims.length - 2; axis >= 0; axis--)
    strides[axis] = at(strides, axis + 1) * at(dims, axis + 1);
  return strides;
}

/** Repeats a constant along axes of size 1 until it has this shape. */
export function expandConstant(constant: Constant, dims: readonly number[]): Constant {
  const full = broadcast(constant.dims, dims);
  return pick(constant, full, broadcastIndices(constant.dims, full));
}

/** @param order axis `i` of the result is axis `order[i]` of the constant */
export function transposeConstant(constant: Constant, order: readonly number[]): Constant {
  const strides = stridesOf(constant.dims);
  const dims = order.map((axis) => at(constant.dims, axis));
  const moved = order.map((axis) => at(strides, axis));
  return pick(constant, dims, stridedIndices(dims, moved, 0));
}

/** Entries `start` to below `end` of an axis. */
export function sliceConstant(constant: Constant, axis: number, start: number, end: number): Constant {
  const strides = stridesOf(constant.dims);
  const dims = constant.dims.map((dim, i) => (i === axis ? end - start : dim));
  return pick(constant, dims, stridedIndices(dims, strides, start * at(strides, axis)));
}

/**
 * Joins constants along an axis.
 *
 * @param dims shape of the result
 */
export function concatConstants(parts: readonly Constant[], axis: number, dims: readonly number[]): Constant {
  const outer = elementCount(dims.slice(0, axis));
  const data = new Float64Array(elementCount(dims));
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

/**
 * Keeps a triangle of the last two axes and zeroes the rest.
 *
 * @param diagonal of the lower or upper triangle that is kept, 0 for the main one
 */
export function triluConstant(constant: Constant, diagonal: number, isUpper: boolean): Constant {
  const columns = at(constant.dims, -1);
  const rows = at(constant.dims, -2);
  const data = constant.data.map((value, index) => {
    const column = index % columns;
    const row = Math.floor(index / columns) % rows;
    const isKept = isUpper ? column - row >= diagonal : column - row <= diagonal;
    return isKept ? value : 0;
  });
  return { ...constant, data };
}

/** Entries of an axis by index; negative indices count from the end. The shape of `indices` takes the place of the axis. */
export function gatherConstant(constant: Constant, indices: Constant, axis: number): Constant {
  const size = at(constant.dims, axis);
  const outer = elementCount(constant.dims.slice(0, axis));
  const inner = elementCount(constant.dims.slice(axis + 1));
  const dims = [...constant.dims.slice(0, axis), ...indices.dims, ...constant.dims.slice(axis + 1)];
  const data = new Float64Array(outer * indices.data.length * inner);
  let position = 0;
  for (let row = 0; row < outer; row++) {
    for (const index of indices.data) {
      const from = (row * size + (index < 0 ? index + size : index)) * inner;
      data.set(constant.data.subarray(from, from + inner), position);
      position += inner;
    }
  }
  return { type: constant.type, dims, data };
}

/** For each element of a tensor of this shape, where it lies in data of these strides that starts at `offset`. */
function stridedIndices(dims: readonly number[], strides: readonly number[], offset: number): Uint32Array {
  const indices = new Uint32Array(elementCount(dims));
  const position = dims.map(() => 0);
  let place = offset;
  for (let index = 0; index < indices.length; index++) {
    indices[index] = place;
    // Counts the position up by one, as an odometer: the last axis first, and the one before it on overflow.
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      const next = at(position, axis) + 1;
      place += at(strides, axis);
      if (next < at(dims, axis)) {
        position[axis] = next;
        break;
      }
      position[axis] = 0;
      place -= next * at(strides, axis);
    }
  }
  return indices;
}

function pick({ type, data }: Constant, dims: readonly number[], indices: Uint32Array): Constant {
  const picked = new Float64Array(indices.length);
  for (const [i, index] of indices.entries()) picked[i] = at(data, index);
  return { type, dims, data: picked };
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

/** A text that is equal for equal data, and for no other. */
export function digestOf(data: Float64Array): string {
  if (data.length <= 16) return data.join();
  return createHash('sha1')
    .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    .digest('hex');
}
