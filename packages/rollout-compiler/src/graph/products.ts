import type { Algebra } from './algebra.js';
import { attentionProduct } from './attention.js';
import { at, broadcast, isCandidates, product, sameDims, writeDims } from './dims.js';
import { unsupported } from '../compiler-errors.js';
import { constantOf, isAll, isFixed, nodeOf, type OperatorNode, type Value } from './value.js';

/** `a [M, K]` times a fixed `b [K, C]` plus a fixed `bias [C]`, in one operator. */
export function gemm(builder: Algebra, a: Value, b: Value, bias: Value): Value {
  const parts = nodeOf(a, 'Concat');
  const terms = parts?.attributes['axis'] === 1 ? productTerms(builder, parts, b) : null;
  if (terms !== null) return builder.add(terms, bias);
  const once = builder.once([a], ([inner]) => builder.gemm(inner, b, bias));
  if (once !== null) return once;
  return builder.node('Gemm', [a, b, bias], {}, a.type, [at(a.dims, 0), at(b.dims, 1)]);
}

/** `a` times `b` over the last two axes, leading axes broadcast. */
export function matmul(builder: Algebra, a: Value, b: Value): Value {
  const parts = nodeOf(a, 'Concat');
  if (parts !== null && parts.attributes['axis'] === a.dims.length - 1 && b.dims.length >= 2) {
    const terms = productTerms(builder, parts, b);
    if (terms !== null) return terms;
  }
  const isRowBatch = a.dims.length === 2;
  if (isRowBatch ? isFixed(b) : a.dims.length === b.dims.length || isFixed(b)) {
    const once = isRowBatch
      ? builder.once([a], ([inner]) => builder.matmul(inner, b))
      : builder.once([a, b], ([left, right]) => builder.matmul(left, right));
    if (once !== null) return once;
  }
  if (a.dims.length < 2 || b.dims.length < 2 || a.dims.at(-1) !== b.dims.at(-2)) {
    throw unsupported(`MatMul of [${writeDims(a.dims)}] and [${writeDims(b.dims)}]`, 'shapes that fit');
  }
  const rows = at(a.dims, -2);
  const columns = at(b.dims, -1);
  if (a.dims.length > 2 && b.dims.length === 2 && isFixed(b)) {
    const flat = builder.reshape(a, [product(a.dims.slice(0, -1)), at(a.dims, -1)]);
    return builder.reshape(builder.matmul(flat, b), [...a.dims.slice(0, -1), columns]);
  }
  // Not in front of a weight: the factor may belong to an activation that ONNX Runtime fuses as a whole.
  const [left, right] = isFixed(b) ? [plainly(a), plainly(b)] : [unscaled(builder, a), unscaled(builder, b)];
  if (left.factor * right.factor !== 1)
    return builder.mul(builder.matmul(left.value, right.value), builder.scalar(left.factor * right.factor));
  const leading = broadcast(a.dims.slice(0, -2), b.dims.slice(0, -2));
  const ones = nodeOf(a, 'Expand')?.inputs[0] ?? a;
  if (isAll(ones, 1) && a.dims.at(-1) === 1 && rows === 1) return builder.expand(b, [...leading, 1, columns]);
  return (
    attentionProduct(builder, a, b) ?? builder.node('MatMul', [a, b], {}, a.type, [...leading, rows, columns])
  );
}

/** A product with a fixed matrix and a fixed bias as one operator; null if `a` is no such product or `bias` no such bias. */
export function withBias(builder: Algebra, a: Value, bias: Value): Value | null {
  const inner = nodeOf(a, 'Reshape')?.inputs[0] ?? a;
  const [left, right] = nodeOf(inner, 'MatMul')?.inputs ?? [];
  if (!left || !right || left.dims.length !== 2 || !isFixed(right)) return null;
  if (!isFixed(bias) || !sameDims(bias.dims, right.dims.slice(-1)) || a.dims.at(-1) !== bias.dims[0])
    return null;
  return builder.reshape(builder.gemm(left, right, bias), a.dims);
}

/**
 * `concat(parts) @ b` as the sum of `part @ rows of b`. That skips parts that are zero, and separates those that do not depend on the
 * candidates from those that do.
 *
 * @returns null if there are neither
 */
function productTerms(builder: Algebra, parts: OperatorNode, b: Value): Value | null {
  const operands = parts.inputs as readonly Value[];
  const zero = operands.filter((part) => isAll(part, 0));
  const shared = operands.filter((part) => !part.dims.some(isCandidates));
  const mixed = shared.length > 0 && shared.length < operands.length && isFixed(b);
  if (zero.length === 0 && !mixed) return null;
  const groups: { readonly parts: Value[]; readonly isShared: boolean; readonly from: number; to: number }[] =
    [];
  let from = 0;
  for (const part of operands) {
    const to = from + at(part.dims, -1);
    const isShared = shared.includes(part);
    const group = groups.at(-1);
    // A part of zeros leaves a gap between `to` of the group before it and `from` of the next part: that starts another group.
    if (!zero.includes(part)) {
      if (group?.to === from && (!mixed || group.isShared === isShared)) {
        group.parts.push(part);
        group.to = to;
      } else groups.push({ parts: [part], isShared, from, to });
    }
    from = to;
  }
  const terms = groups.map((group) =>
    builder.matmul(builder.concat(group.parts, -1), builder.slice(b, -2, group.from, group.to)),
  );
  return terms.length === 0 ? null : terms.reduce((sum, term) => builder.add(sum, term));
}

/** A value that is `value * factor`. */
interface Scaled {
  readonly value: Value;
  readonly factor: number;
}

function plainly(value: Value): Scaled {
  return { value, factor: 1 };
}

/** Takes a constant factor out of `x`, so that attention scales its scores, which are small, instead of its queries and keys. */
function unscaled(builder: Algebra, x: Value): Scaled {
  const { source } = x;
  const plain = plainly(x);
  if (source.kind !== 'node') return plain;
  const { operator, attributes, inputs } = source.node;
  const [first, second] = inputs as readonly Value[];
  if (first === undefined) return plain;
  switch (operator) {
    case 'Mul': {
      const factor = second === undefined ? null : oneNumber(second);
      if (factor === null || !sameDims(first.dims, x.dims)) return plain;
      const inner = unscaled(builder, first);
      return { value: inner.value, factor: factor * inner.factor };
    }
    case 'Reshape': {
      const inner = unscaled(builder, first);
      return inner.factor === 1
        ? plain
        : { value: builder.reshape(inner.value, x.dims), factor: inner.factor };
    }
    case 'Transpose': {
      const inner = unscaled(builder, first);
      if (inner.factor === 1) return plain;
      return {
        value: builder.transpose(inner.value, attributes['perm'] as readonly number[]),
        factor: inner.factor,
      };
    }
    case 'Concat': {
      const parts = (inputs as readonly Value[]).map((part) => unscaled(builder, part));
      const factor = parts[0]?.factor ?? 1;
      if (factor === 1 || parts.some((part) => part.factor !== factor)) return plain;
      return {
        value: builder.concat(
          parts.map(({ value }) => value),
          attributes['axis'] as number,
        ),
        factor,
      };
    }
    default:
      return plain;
  }
}

/** The number that a constant of one element holds; null for any other value. */
function oneNumber(value: Value): number | null {
  const constant = constantOf(value);
  return constant?.data.length === 1 ? (constant.data[0] ?? null) : null;
}
