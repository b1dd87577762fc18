import { at, positiveAxis } from '../graph/dims.js';
import { dimsOf, isSplit, mapPieces, wholeOf, type Traced } from './split-value.js';
import {
  cannot,
  given,
  input,
  wholeInput,
  wholeInputOrNull,
  withPieces,
  type TracedNode,
} from './traced-node.js';
import { isFixed, type Value } from '../graph/value.js';

/*
 * Rules for products and normalisations: operators that mix the numbers of a token, or, in attention, the frames of a window. Each throws
 * JepaMpcError `model.unsupported` for uses that it cannot follow.
 */

/** A linear layer with fixed weights. */
export function gemm(node: TracedNode): Traced {
  const { builder, attributes } = node;
  const transposed = attributes.int('transB', 0) !== 0;
  const b = wholeInput(node, 1);
  const scaled =
    attributes.float('alpha', 1) !== 1 ||
    attributes.float('beta', 1) !== 1 ||
    attributes.int('transA', 0) !== 0;
  if (scaled || !isFixed(b)) throw cannot(node, 'a scaled or data-dependent Gemm', 'a plain linear layer');
  const matrix = transposed ? builder.transpose(b, [1, 0]) : b;
  const bias = wholeInputOrNull(node, 2);
  const apply = (x: Value): Value =>
    bias === null ? builder.matmul(x, matrix) : builder.gemm(x, matrix, bias);
  const x = input(node, 0);
  if (!isSplit(x) || x.axis === 1) return apply(wholeOf(builder, x));
  return withPieces(x, 0, apply);
}

/** A matrix product. Pieces of the left operand stay apart, unless they lie along the summed axis; the right operand is joined. */
export function matmul(node: TracedNode): Traced {
  const { builder } = node;
  const a = input(node, 0);
  const b = input(node, 1);
  if (!isSplit(a)) return builder.matmul(a, wholeOf(builder, b));
  const rank = dimsOf(a).length;
  if (a.axis === rank - 1) return builder.matmul(wholeOf(builder, a), wholeOf(builder, b));
  if (a.axis === rank - 2) {
    const whole = wholeOf(builder, b);
    return withPieces(a, a.axis, (piece) => builder.matmul(piece, whole));
  }
  return mapPieces(builder, [a, b], ([left, right]) => builder.matmul(given(left), given(right)));
}

/** A 1-D convolution of kernel size 1: a product over the channels. */
export function pointwiseConvolution(node: TracedNode): Traced {
  const { builder, attributes } = node;
  const weight = wholeInput(node, 1);
  const [channelsOut = 1, channelsIn = 1, ...kernel] = weight.dims;
  const isPointwise =
    kernel.every((size) => size === 1) &&
    attributes.int('group', 1) === 1 &&
    (attributes.ints('pads') ?? []).every((pad) => pad === 0) &&
    (attributes.ints('strides') ?? []).every((stride) => stride === 1);
  if (!isPointwise || kernel.length !== 1)
    throw cannot(node, 'a convolution over several places', 'one of kernel size 1');
  const matrix = builder.transpose(builder.reshape(weight, [channelsOut, channelsIn]), [1, 0]);
  const bias = wholeInputOrNull(node, 2);
  const apply = (x: Value): Value => {
    const rows = builder.matmul(builder.transpose(x, [0, 2, 1]), matrix);
    return builder.transpose(bias === null ? rows : builder.add(rows, bias), [0, 2, 1]);
  };
  const x = input(node, 0);
  if (!isSplit(x) || x.axis !== 2) return apply(wholeOf(builder, x));
  return withPieces(x, 2, apply);
}

/** A softmax over the last axis. */
export function softmax(node: TracedNode): Traced {
  const { builder } = node;
  const x = input(node, 0);
  const rank = dimsOf(x).length;
  if (positiveAxis(node.attributes.int('axis', -1), rank) !== rank - 1)
    throw cannot(node, 'a softmax over another axis', 'the last axis');
  if (!isSplit(x) || x.axis === rank - 1) return builder.softmax(wholeOf(builder, x));
  return withPieces(x, x.axis, (piece) => builder.softmax(piece));
}

/** Normalisation over the last axes. Pieces stay apart if their axis is not among those. */
export function layerNormalization(node: TracedNode): Traced {
  const { builder, attributes } = node;
  const x = input(node, 0);
  const rank = dimsOf(x).length;
  const axis = positiveAxis(attributes.int('axis', -1), rank);
  const scale = wholeInput(node, 1);
  const bias = wholeInputOrNull(node, 2);
  const normalise = (value: Value): Value =>
    builder.layerNormalization(value, scale, bias, axis - rank, attributes.float('epsilon', 1e-5));
  if (!isSplit(x) || x.axis >= axis) return normalise(wholeOf(builder, x));
  return withPieces(x, x.axis, normalise);
}

/** Batch normalisation with fixed statistics: one product and one sum per channel (axis 1). */
export function batchNormalization(node: TracedNode): Traced {
  const { builder } = node;
  const [scale, bias, mean, variance] = [1, 2, 3, 4].map((index) => wholeInput(node, index)) as [
    Value,
    Value,
    Value,
    Value,
  ];
  const epsilon = builder.scalar(node.attributes.float('epsilon', 1e-5));
  const gain = builder.div(scale, builder.unary('Sqrt', builder.add(variance, epsilon)));
  const offset = builder.sub(bias, builder.mul(mean, gain));
  const trailing = dimsOf(input(node, 0))
    .slice(2)
    .map(() => 1);
  const channels = (value: Value): Value => builder.reshape(value, [at(value.dims, 0), ...trailing]);
  return mapPieces(builder, [input(node, 0), channels(gain), channels(offset)], ([x, g, o]) =>
    builder.add(builder.mul(given(x), given(g)), given(o)),
  );
}
