import type { Algebra } from './algebra.js';
import { at } from './dims.js';
import { constantOf, type OperatorNode, type Value } from './value.js';

/**
 * Takes a slice of what `x` is computed from, instead of `x`.
 *
 * @param along axis, not negative
 * @param start first entry
 * @param end entry after the last
 * @returns null if the slice has to be taken of `x` itself
 */
export function sliceSource(
  builder: Algebra,
  x: Value,
  along: number,
  start: number,
  end: number,
): Value | null {
  const { source } = x;
  if (source.kind !== 'node') return null;
  const { node } = source;
  const inputs = node.inputs as readonly Value[];
  const [first] = inputs;
  if (first === undefined) return null;
  const rank = x.dims.length;
  switch (node.operator) {
    case 'Concat':
      return sliceConcat(builder, node, along, start, end);
    case 'Add':
    case 'Sub':
    case 'Mul':
    case 'Div':
    case 'Where': {
      const [a, b, c] = inputs.map((input) => sliceBroadcast(builder, input, rank, along, start, end));
      if (a === undefined || b === undefined) return null;
      if (node.operator !== 'Where') return builder.binary(node.operator, a, b, x.type);
      return c === undefined ? null : builder.where(a, b, c);
    }
    case 'MatMul': {
      const [a, b] = inputs;
      if (a === undefined || b === undefined || along < rank - 2) return null;
      return along === rank - 1
        ? builder.matmul(a, builder.slice(b, -1, start, end))
        : builder.matmul(builder.slice(a, -2, start, end), b);
    }
    case 'Gemm': {
      const [a, b, bias] = inputs;
      if (a === undefined || b === undefined || bias === undefined || along !== 1) return null;
      return builder.gemm(a, builder.slice(b, 1, start, end), builder.slice(bias, 0, start, end));
    }
    case 'Reshape': {
      // The last axis stays as it is if only those before it are reshaped.
      if (along !== rank - 1 || first.dims.at(-1) !== x.dims[along]) return null;
      return builder.reshape(builder.slice(first, -1, start, end), [...x.dims.slice(0, -1), end - start]);
    }
    case 'Transpose': {
      const order = node.attributes['perm'] as readonly number[];
      return builder.transpose(builder.slice(first, at(order, along), start, end), order);
    }
    case 'Slice': {
      const [axis] = constantOf(inputs[3] ?? x)?.data ?? [];
      const [offset] = constantOf(inputs[1] ?? x)?.data ?? [];
      if (axis !== along || offset === undefined) return null;
      return builder.slice(first, along, offset + start, offset + end);
    }
    default:
      return null;
  }
}

function sliceBroadcast(
  builder: Algebra,
  input: Value,
  rank: number,
  along: number,
  start: number,
  end: number,
): Value {
  const own = along - rank + input.dims.length;
  return own < 0 || input.dims[own] === 1 ? input : builder.slice(input, own, start, end);
}

function sliceConcat(
  builder: Algebra,
  node: OperatorNode,
  along: number,
  start: number,
  end: number,
): Value | null {
  const parts = node.inputs as readonly Value[];
  const axis = node.attributes['axis'];
  if (axis !== along) {
    const whole = parts.every((part) => at(part.dims, along) >= end);
    return whole
      ? builder.concat(
          parts.map((part) => builder.slice(part, along, start, end)),
          axis as number,
        )
      : null;
  }
  const kept: Value[] = [];
  let from = 0;
  for (const part of parts) {
    const size = at(part.dims, along);
    const low = Math.max(start - from, 0);
    const high = Math.min(end - from, size);
    if (low < high) kept.push(builder.slice(part, along, low, high));
    from += size;
  }
  return kept.length === 0 ? null : builder.concat(kept, along);
}
