import { at, isCandidates, paddedDim, positiveAxis, product, writeDims, type Dim } from '../graph/dims.js';
import { gatherConstant } from '../graph/constant-arithmetic.js';
import type { GraphBuilder } from '../graph/graph-builder.js';
import { dimsOf, isSplit, mapPieces, reshapeTraced, sizesOf, wholeOf, type Traced } from './split-value.js';
import {
  axesOf,
  cannot,
  given,
  input,
  known,
  knownOrNull,
  withPieces,
  type TracedNode,
} from './traced-node.js';
import { constantOf, type Value } from '../graph/value.js';

/*
 * Rules for operators that pick, join and rearrange, without computing anything. Most keep the pieces of a split tensor and only move its
 * time axis. Each throws JepaMpcError `model.unsupported` for uses that it cannot follow.
 */

/** The same elements in another shape. A 0 in the target keeps the size of the axis, a -1 is inferred. */
export function reshape(node: TracedNode): Traced {
  const x = input(node, 0);
  const source = dimsOf(x);
  const isZeroKept = node.attributes.int('allowzero', 0) === 0;
  const wanted = [...known(node, 1).data].map((dim, axis) =>
    dim === 0 && isZeroKept ? at(source, axis) : dim,
  );
  return reshapeTraced(node.builder, x, inferred(node, source, wanted));
}

/** A target shape with the size in place of its -1. */
function inferred(node: TracedNode, source: readonly Dim[], wanted: readonly Dim[]): Dim[] {
  const open = wanted.indexOf(-1);
  if (open < 0) return [...wanted];
  const rest = product(wanted.filter((_, axis) => axis !== open));
  const size = product(source) / rest;
  if (!Number.isInteger(size)) throw cannot(node, `a reshape to [${writeDims(wanted)}]`, 'one that fits');
  return wanted.map((dim, axis) => (axis === open ? size : dim));
}

/** All axes before `axis` as one, and all from it on as another. */
export function flatten(node: TracedNode): Traced {
  const x = input(node, 0);
  const dims = dimsOf(x);
  const axis = positiveAxis(node.attributes.int('axis', 1), dims.length);
  return reshapeTraced(node.builder, x, [product(dims.slice(0, axis)), product(dims.slice(axis))]);
}

/** Axes of size 1 inserted. */
export function unsqueeze(node: TracedNode): Traced {
  const x = input(node, 0);
  const source = dimsOf(x);
  const axes = axesOf(node, 1) ?? [];
  const rank = source.length + axes.length;
  const added = new Set(axes.map((axis) => positiveAxis(axis, rank)));
  const rest = [...source];
  const dims = Array.from({ length: rank }, (_, axis) => (added.has(axis) ? 1 : (rest.shift() ?? 1)));
  if (!isSplit(x) || x.isMerged) return reshapeTraced(node.builder, x, dims);
  const moved = axisAfter(
    x.axis,
    [...added].sort((a, b) => a - b),
  );
  return withPieces(x, moved, (piece) =>
    node.builder.reshape(
      piece,
      dims.map((dim, axis) => (axis === moved ? at(piece.dims, x.axis) : dim)),
    ),
  );
}

/** Index of an axis after axes were inserted at these places, given in ascending order. */
function axisAfter(axis: number, added: readonly number[]): number {
  return added.reduce((place, at) => (at <= place ? place + 1 : place), axis);
}

/** Axes of size 1 removed: those given, or all of them. */
export function squeeze(node: TracedNode): Traced {
  const x = input(node, 0);
  const source = dimsOf(x);
  const axes =
    axesOf(node, 1)?.map((axis) => positiveAxis(axis, source.length)) ??
    [...source.keys()].filter((axis) => source[axis] === 1);
  const dims = source.filter((_, axis) => !axes.includes(axis));
  if (!isSplit(x) || x.isMerged || axes.includes(x.axis))
    return node.builder.reshape(wholeOf(node.builder, x), dims);
  const moved = x.axis - axes.filter((axis) => axis < x.axis).length;
  return withPieces(x, moved, (piece) =>
    node.builder.reshape(
      piece,
      piece.dims.filter((_, axis) => !axes.includes(axis)),
    ),
  );
}

/** Axes in another order, by default reversed. */
export function transpose(node: TracedNode): Traced {
  const { builder } = node;
  const x = input(node, 0);
  const rank = dimsOf(x).length;
  const order = node.attributes.ints('perm') ?? Array.from({ length: rank }, (_, axis) => rank - 1 - axis);
  if (!isSplit(x) || x.isMerged) return builder.transpose(wholeOf(builder, x), order);
  return withPieces(x, order.indexOf(x.axis), (piece) => builder.transpose(piece, order));
}

/** Axes of size 1 repeated to a constant shape. */
export function expand(node: TracedNode): Traced {
  const { builder } = node;
  const x = input(node, 0);
  const own = dimsOf(x);
  const wanted = [...known(node, 1).data];
  const rank = Math.max(own.length, wanted.length);
  const dims = Array.from({ length: rank }, (_, axis) => {
    const mine = paddedDim(own, axis, rank);
    const asked = paddedDim(wanted, axis, rank);
    return mine === 1 || isCandidates(asked) ? asked : mine;
  });
  if (!isSplit(x) || x.isMerged) return builder.expand(wholeOf(builder, x), dims);
  const axis = x.axis + rank - own.length;
  return withPieces(x, axis, (piece) =>
    builder.expand(
      piece,
      dims.map((dim, i) => (i === axis ? at(piece.dims, x.axis) : dim)),
    ),
  );
}

/** Tensors joined along an axis. Along the time axis the pieces are only listed. */
export function concat(node: TracedNode): Traced {
  const { builder } = node;
  const operands = node.inputs.filter((traced) => traced !== null);
  const first = input(node, 0);
  const axis = positiveAxis(node.attributes.int('axis', 0), dimsOf(first).length);
  const isAlong = operands.some((operand) => isSplit(operand) && !operand.isMerged && operand.axis === axis);
  if (!isAlong) {
    return mapPieces(builder, operands, (values) => builder.concat(values, axis));
  }
  const pieces = operands.flatMap((operand) =>
    isSplit(operand) && operand.axis === axis ? operand.pieces : [wholeOf(builder, operand)],
  );
  return { axis, pieces, isMerged: false };
}

/** A tensor cut into parts along an axis: sizes from the input, from the attribute, or equal. */
export function split(node: TracedNode): Traced[] {
  const { builder, attributes, outputs } = node;
  const x = input(node, 0);
  const dims = dimsOf(x);
  const axis = positiveAxis(attributes.int('axis', 0), dims.length);
  const size = at(dims, axis);
  const even = Math.ceil(size / outputs);
  const sizes =
    knownOrNull(node, 1)?.data ??
    attributes.ints('split') ??
    Array.from({ length: outputs }, (_, i) => Math.min(even, size - i * even));
  let start = 0;
  return Array.from(sizes, (length) => {
    const part = sliceTraced(builder, x, axis, start, start + length);
    start += length;
    return part;
  });
}

/** Ranges of axes, with steps of 1. */
export function slice(node: TracedNode): Traced {
  const { builder } = node;
  let x = input(node, 0);
  const starts = known(node, 1).data;
  const ends = known(node, 2).data;
  const axes = knownOrNull(node, 3)?.data ?? starts.map((_, index) => index);
  const steps = knownOrNull(node, 4)?.data;
  for (const [index, given] of axes.entries()) {
    const step = steps === undefined ? 1 : at(steps, index);
    if (step !== 1) throw cannot(node, `a step of ${String(step)}`, 'a step of 1');
    const dims = dimsOf(x);
    const axis = positiveAxis(given, dims.length);
    const size = at(dims, axis);
    const place = (position: number): number =>
      Math.min(Math.max(position < 0 ? position + size : position, 0), size);
    const start = place(at(starts, index));
    const end = place(at(ends, index));
    if (end > start) x = sliceTraced(builder, x, axis, start, end);
    else throw cannot(node, 'an empty slice', 'at least one element');
  }
  return x;
}

/** A slice of a tensor, whole or split. Along the time axis it picks pieces. */
function sliceTraced(builder: GraphBuilder, x: Traced, axis: number, start: number, end: number): Traced {
  if (!isSplit(x)) return builder.slice(x, axis, start, end);
  if (start === 0 && end === dimsOf(x)[axis]) return x;
  if (axis !== x.axis) return withPieces(x, x.axis, (piece) => builder.slice(piece, axis, start, end));
  if (x.isMerged) return builder.slice(wholeOf(builder, x), axis, start, end);
  if (!builder.savings.lastFrameOnly) return builder.sliceOfAll(wholeOf(builder, x), axis, start, end);
  const pieces: Value[] = [];
  let from = 0;
  for (const [index, size] of sizesOf(x).entries()) {
    const low = Math.max(start - from, 0);
    const high = Math.min(end - from, size);
    if (low < high) pieces.push(builder.slice(given(x.pieces[index]), axis, low, high));
    from += size;
  }
  return pieces.length === 1 ? given(pieces[0]) : { axis, pieces, isMerged: false };
}

/** Entries of an axis by constant indices. Along the time axis they pick pieces. */
export function gather(node: TracedNode): Traced {
  const { builder } = node;
  const x = input(node, 0);
  const dims = dimsOf(x);
  const axis = positiveAxis(node.attributes.int('axis', 0), dims.length);
  const indices = known(node, 1);
  const size = at(dims, axis);
  const whole = isSplit(x) ? null : constantOf(x);
  if (whole !== null) return builder.constant(gatherConstant(whole, indices, axis));
  const places = [...indices.data].map((index) => (index < 0 ? index + size : index));
  const picked = places.map((place) => sliceTraced(builder, x, axis, place, place + 1));
  if (indices.dims.length > 1) throw cannot(node, 'a table of indices', 'an index or a list of them');
  if (indices.dims.length === 0) {
    const [only] = picked;
    const rest = dims.filter((_, i) => i !== axis);
    if (only === undefined) throw cannot(node, 'no index', 'one');
    if (!isSplit(only) || only.isMerged) return reshapeTraced(builder, only, rest);
    return withPieces(only, only.axis - (axis < only.axis ? 1 : 0), (piece) =>
      builder.reshape(
        piece,
        piece.dims.filter((_, i) => i !== axis),
      ),
    );
  }
  if (picked.every((part) => !isSplit(part))) return builder.concat(picked as Value[], axis);
  return mapPieces(builder, picked, (values) => builder.concat(values, axis));
}

/** The shape of a tensor as a constant. N stays symbolic: see dims.ts. */
export function shape(node: TracedNode): Traced {
  const dims = dimsOf(input(node, 0));
  const start = positiveAxis(node.attributes.int('start', 0), dims.length);
  const end = positiveAxis(node.attributes.int('end', dims.length), dims.length);
  return node.builder.ints(dims.slice(start, end));
}
