import { at, isCandidates, type Dim } from '../graph/dims.js';
import type { GraphBuilder } from '../graph/graph-builder.js';
import type { Value } from '../graph/value.js';

/**
 * A tensor kept in pieces along its time axis, one for each frame of the window. That separates operators on one frame from those that mix
 * frames, so that an operator on a frame that was in the window before is found again, and frames that no output needs are left out.
 */
export interface Split {
  /** Axis that the pieces lie along. */
  readonly axis: number;
  /** Oldest first; all of one rank. */
  readonly pieces: readonly Value[];
  /**
   * The axis is batch and time in one, batch outermost (`[B * T, D]`, as flattened by `reshape(-1, D)`): row `b * T + t` of the tensor is
   * row `b` of piece `t`.
   */
  readonly isMerged: boolean;
}

/** A tensor of a model file being traced: in one piece, or split along time. */
export type Traced = Value | Split;

export function isSplit(traced: Traced | null | undefined): traced is Split {
  return traced !== null && traced !== undefined && 'pieces' in traced;
}

/** Shape of the whole tensor. */
export function dimsOf(traced: Traced): readonly Dim[] {
  if (!isSplit(traced)) return traced.dims;
  const { axis, pieces } = traced;
  const along = pieces.reduce((sum, piece) => sum + at(piece.dims, axis), 0);
  return (pieces[0]?.dims ?? []).map((dim, i) => (i === axis ? along : dim));
}

/** The tensor in one piece. */
export function wholeOf(builder: GraphBuilder, traced: Traced): Value {
  if (!isSplit(traced)) return traced;
  const { axis, pieces, isMerged } = traced;
  if (!isMerged) return builder.concat(pieces, axis);
  const rows = pieces.map((piece) => {
    const shape = [...piece.dims];
    shape.splice(axis + 1, 0, 1);
    return builder.reshape(piece, shape);
  });
  return builder.reshape(builder.concat(rows, axis + 1), dimsOf(traced));
}

/**
 * Applies an operator that broadcasts its operands, piece by piece where they are split alike, else to the whole tensors.
 *
 * @param operate given one value for each operand
 */
export function mapPieces(
  builder: GraphBuilder,
  operands: readonly Traced[],
  operate: (values: readonly Value[]) => Value,
): Traced {
  const split = operands.find(isSplit);
  if (split === undefined) return operate(operands as readonly Value[]);
  const rank = Math.max(...operands.map((operand) => dimsOf(operand).length));
  const fromEnd = split.axis - rankOf(split);
  const sizes = sizesOf(split);
  const isAlike = (operand: Traced): boolean =>
    !isSplit(operand) ||
    (operand.axis - rankOf(operand) === fromEnd &&
      operand.isMerged === split.isMerged &&
      sizesOf(operand).join() === sizes.join());
  const isApart = (operand: Traced): boolean =>
    isSplit(operand) || !split.isMerged || (dimsOf(operand).at(fromEnd) ?? 1) === 1;
  if (!operands.every(isAlike) || !operands.every(isApart)) {
    return operate(operands.map((operand) => wholeOf(builder, operand)));
  }
  let start = 0;
  const pieces = split.pieces.map((_, index) => {
    const size = at(sizes, index);
    const values = operands.map((operand) => {
      if (isSplit(operand)) return operand.pieces[index] as Value;
      return (operand.dims.at(fromEnd) ?? 1) === 1
        ? operand
        : builder.slice(operand, fromEnd, start, start + size);
    });
    start += size;
    return operate(values);
  });
  return { axis: rank + fromEnd, pieces, isMerged: split.isMerged };
}

function rankOf(split: Split): number {
  return split.pieces[0]?.dims.length ?? 0;
}

/** Sizes of the pieces along the axis; 1 each for a merged axis, where the number of pieces counts. */
export function sizesOf({ axis, pieces, isMerged }: Split): number[] {
  return pieces.map((piece) => (isMerged ? 1 : at(piece.dims, axis)));
}

/** Reshapes, keeping the pieces where the time axis can be followed. */
export function reshapeTraced(builder: GraphBuilder, traced: Traced, dims: readonly Dim[]): Traced {
  if (!isSplit(traced)) return builder.reshape(traced, dims);
  const followed = followAxis(traced, dims);
  if (followed === null) return builder.reshape(wholeOf(builder, traced), dims);
  const { axis, isMerged } = followed;
  const source = dimsOf(traced);
  const pieces = traced.pieces.map((piece) => {
    const share =
      isMerged || traced.isMerged
        ? 1 / traced.pieces.length
        : at(piece.dims, traced.axis) / at(source, traced.axis);
    return builder.reshape(
      piece,
      dims.map((dim, i) => (i === axis ? dim * share : dim)),
    );
  });
  return { axis, pieces, isMerged };
}

/** Where the time axis is after a reshape; null if no axis keeps the pieces apart. */
function followAxis(split: Split, dims: readonly Dim[]): { axis: number; isMerged: boolean } | null {
  const source = dimsOf(split);
  const count = split.pieces.length;
  const before = (shape: readonly Dim[], axis: number): Dim =>
    shape.slice(0, axis).reduce((total, dim) => total * dim, 1);
  if (split.isMerged) {
    // [B * T, D] -> [B * T, ...], or apart again: [B, T, ...]
    if (split.axis !== 0) return null;
    const rows = at(source, 0);
    if (dims[0] === rows) return { axis: 0, isMerged: true };
    return dims[0] === rows / count && dims[1] === count ? { axis: 1, isMerged: false } : null;
  }
  const ahead = before(source, split.axis);
  const size = at(source, split.axis);
  for (const [axis, dim] of dims.entries()) {
    if (before(dims, axis) !== ahead) continue;
    const isPiecewise = sizesOf(split).every(
      (piece) => Number.isInteger((dim * piece) / size) && (dim * piece) / size >= 1,
    );
    if (dim !== 1 && isPiecewise && !(isCandidates(dim) && !isCandidates(size)))
      return { axis, isMerged: false };
  }
  const isFlattened = split.axis === 1 && size === count && dims[0] === at(source, 0) * count;
  return isFlattened ? { axis: 0, isMerged: true } : null;
}
