import { unsupported } from '../compiler-errors.js';
import type { Algebra } from './algebra.js';
import { isAttention, softmax } from './attention.js';
import { elementTypeCode, type ElementType } from './constant.js';
import {
  concatConstants,
  expandConstant,
  foldElementwise,
  sliceConstant,
  transposeConstant,
} from './constant-arithmetic.js';
import {
  at,
  broadcast,
  CANDIDATES,
  dimName,
  isCandidates,
  positiveAxis,
  product,
  sameDims,
  writeDims,
  type Dim,
} from './dims.js';
import { gemm, matmul, withBias } from './products.js';
import { sliceSource } from './slices.js';
import { ValueTable } from './value-table.js';
import { constantOf, isAll, nodeOf, type Attributes, type Value } from './value.js';

/** Constants are expanded when the graph is compiled as long as they get no more elements than this. */
const FOLDED_ELEMENTS = 1 << 20;

/**
 * Builds an ONNX graph in which nothing is computed twice ({@link ValueTable}), and nothing that no output needs. Operators that only pick,
 * shape or mask are rewritten as they are asked for:
 *
 * - A slice moves to its source through what is computed element by element, row by row or column by column (slices.ts).
 * - A transposition that moves only axes of size 1 becomes a reshape.
 * - Columns that an attention mask hides from every row are cut off before the product that would fill them (attention.ts).
 * - What is the same for all candidates is computed once and repeated (`Expand`) as late as possible, usually never: an operator on
 *   repeated values becomes one on the values themselves ({@link once}).
 * - A product with a concatenation skips parts that are zero. If only some parts depend on the candidates, it becomes a sum of products
 *   (products.ts).
 *
 * Emission leaves out what was asked for and is not used by an output (emit/emit-graph.ts). All methods throw JepaMpcError
 * `model.unsupported` for shapes that do not fit.
 */
export class GraphBuilder extends ValueTable implements Algebra {
  #candidateCount: Value | null = null;

  /** An operator that works on each element by itself, such as `Exp`. */
  unary(operator: string, x: Value, attributes: Attributes = {}, type: ElementType = x.type): Value {
    return (
      this.#fold(operator, [x], type) ??
      this.once([x], ([inner]) => this.unary(operator, inner, attributes, type)) ??
      this.node(operator, [x], attributes, type, x.dims)
    );
  }

  /** An operator on pairs of elements, operands broadcast. */
  binary(operator: string, a: Value, b: Value, type: ElementType = a.type): Value {
    if (operator === 'Add' || operator === 'Sub') {
      if (isAll(b, 0) && sameDims(broadcast(a.dims, b.dims), a.dims)) return a;
      if (operator === 'Add' && isAll(a, 0) && sameDims(broadcast(a.dims, b.dims), b.dims)) return b;
    }
    if (operator === 'Mul' || operator === 'Div') {
      if (isAll(b, 1) && sameDims(broadcast(a.dims, b.dims), a.dims)) return a;
      if (operator === 'Mul' && isAll(a, 1) && sameDims(broadcast(a.dims, b.dims), b.dims)) return b;
    }
    return (
      this.#fold(operator, [a, b], type) ??
      this.once([a, b], ([left, right]) => this.binary(operator, left, right, type)) ??
      this.node(operator, [a, b], {}, type, broadcast(a.dims, b.dims))
    );
  }

  /** A sum. A product with a fixed matrix takes a fixed bias in: both become one operator. */
  add(a: Value, b: Value): Value {
    return withBias(this, a, b) ?? withBias(this, b, a) ?? this.binary('Add', a, b);
  }

  sub(a: Value, b: Value): Value {
    return this.binary('Sub', a, b);
  }

  mul(a: Value, b: Value): Value {
    return this.binary('Mul', a, b);
  }

  div(a: Value, b: Value): Value {
    return this.binary('Div', a, b);
  }

  /** `a` where the condition (bool) holds, `b` elsewhere; all three broadcast. */
  where(condition: Value, a: Value, b: Value): Value {
    const dims = broadcast(condition.dims, broadcast(a.dims, b.dims));
    if (isAll(condition, 1) && sameDims(a.dims, dims)) return a;
    if (isAll(condition, 0) && sameDims(b.dims, dims)) return b;
    // What exporters write around an attention whose mask may hide everything.
    if (isAll(a, 0) && nodeOf(condition, 'IsNaN')?.inputs[0] === b && isAttention(b)) return b;
    return (
      this.#fold('Where', [condition, a, b], a.type) ??
      this.once([condition, a, b], ([c, left, right]) => this.where(c, left, right)) ??
      this.node('Where', [condition, a, b], {}, a.type, dims)
    );
  }

  /** The same numbers as another type. */
  cast(x: Value, type: ElementType): Value {
    return x.type === type ? x : this.unary('Cast', x, { to: elementTypeCode(type) }, type);
  }

  /** Normalisation over the last axes, from `axis` (negative) on, with a scale and an optional bias. */
  layerNormalization(x: Value, scale: Value, bias: Value | null, axis: number, epsilon: number): Value {
    const attributes = { axis, epsilon: { float: epsilon } };
    return (
      this.once([x], ([inner]) => this.layerNormalization(inner, scale, bias, axis, epsilon)) ??
      this.node(
        'LayerNormalization',
        bias === null ? [x, scale] : [x, scale, bias],
        attributes,
        x.type,
        x.dims,
      )
    );
  }

  /** Sum, mean, minimum and so on over axes, which stay with size 1 if `keepDims`. */
  reduce(operator: string, x: Value, axes: readonly number[], keepDims: boolean): Value {
    const over = new Set(axes.map((axis) => positiveAxis(axis, x.dims.length)));
    if (!over.has(0)) {
      const once = this.once([x], ([inner]) => this.reduce(operator, inner, axes, keepDims));
      if (once !== null) return once;
    }
    const kept = x.dims.map((dim, axis) => (over.has(axis) ? 1 : dim));
    const dims = keepDims ? kept : kept.filter((_, axis) => !over.has(axis));
    return this.node(operator, [x, this.ints([...over])], { keepdims: keepDims ? 1 : 0 }, x.type, dims);
  }

  /** Softmax over the last axis; see attention.ts. */
  softmax(x: Value): Value {
    return softmax(this, x);
  }

  /** `a [M, K]` times a fixed `b [K, C]` plus a fixed `bias [C]`, in one operator; see products.ts. */
  gemm(a: Value, b: Value, bias: Value): Value {
    return gemm(this, a, b, bias);
  }

  /** `a` times `b` over the last two axes, leading axes broadcast; see products.ts. */
  matmul(a: Value, b: Value): Value {
    return matmul(this, a, b);
  }

  /** The same elements in the same order, in another shape. */
  reshape(x: Value, dims: readonly Dim[]): Value {
    if (sameDims(x.dims, dims)) return x;
    if (product(x.dims) !== product(dims)) {
      throw unsupported(`a reshape of [${writeDims(x.dims)}] to [${writeDims(dims)}]`, 'as many elements');
    }
    const constant = constantOf(x);
    if (constant !== null) return this.constant({ ...constant, dims });
    const inner = nodeOf(x, 'Reshape')?.inputs[0] ?? x;
    if (sameDims(inner.dims, dims)) return inner;
    if (dims[0] === CANDIDATES) {
      const once = this.once([inner], ([shared]) => this.reshape(shared, [1, ...dims.slice(1)]));
      if (once !== null) return once;
    }
    const target = dims.map((dim) => (dimName(dim) === null ? dim : -1));
    return this.node('Reshape', [inner, this.ints(target)], {}, x.type, dims);
  }

  /** @param order axis `i` of the result is axis `order[i]` of `x` */
  transpose(x: Value, order: readonly number[]): Value {
    const dims = order.map((axis) => at(x.dims, axis));
    const moved = order.filter((axis) => x.dims[axis] !== 1);
    if (moved.every((axis, index) => index === 0 || axis > at(moved, index - 1)))
      return this.reshape(x, dims);
    const constant = constantOf(x);
    if (constant !== null) return this.constant(transposeConstant(constant, order));
    if (order[0] === 0) {
      const once = this.once([x], ([inner]) => this.transpose(inner, order));
      if (once !== null) return once;
    }
    return this.node('Transpose', [x], { perm: order }, x.type, dims);
  }

  /** Joins values along an axis. Parts that all candidates share may join parts that they do not. */
  concat(parts: readonly Value[], axis: number): Value {
    const [first] = parts;
    if (first === undefined) throw unsupported('a concatenation of nothing', 'at least one tensor');
    const along = positiveAxis(axis, first.dims.length);
    const flat = parts.flatMap((part) => {
      const inner = nodeOf(part, 'Concat');
      return inner?.attributes['axis'] === along ? (inner.inputs as readonly Value[]) : [part];
    });
    if (flat.length === 1) return first;
    if (along > 0) {
      const once = this.once(flat, (inner) => this.concat(inner, along));
      if (once !== null) return once;
    }
    const others = flat.reduce<Dim[]>(
      (dims, part) =>
        broadcast(
          dims,
          part.dims.map((dim, i) => (i === along ? 1 : dim)),
        ),
      first.dims.map((dim, i) => (i === along ? 1 : dim)),
    );
    const dims = others.map((dim, i) =>
      i === along ? flat.reduce((sum, part) => sum + at(part.dims, along), 0) : dim,
    );
    const constants = flat.map(constantOf);
    if (constants.every((constant) => constant !== null))
      return this.constant(concatConstants(constants, along, dims));
    return this.node('Concat', flat, { axis: along }, first.type, dims);
  }

  /** Elements `start` to below `end` of an axis. */
  slice(x: Value, axis: number, start: number, end: number): Value {
    const along = positiveAxis(axis, x.dims.length);
    if (start === 0 && end === at(x.dims, along)) return x;
    const once = along > 0 ? this.once([x], ([inner]) => this.slice(inner, along, start, end)) : null;
    if (once !== null) return once;
    const moved = sliceSource(this, x, along, start, end);
    if (moved !== null) return moved;
    const constant = constantOf(x);
    if (constant !== null) return this.constant(sliceConstant(constant, along, start, end));
    return this.sliceOfAll(x, along, start, end);
  }

  /**
   * The same as `slice`, but with all of `x` computed first.
   *
   * @param axis not negative
   */
  sliceOfAll(x: Value, axis: number, start: number, end: number): Value {
    const dims = x.dims.map((dim, i) => (i === axis ? end - start : dim));
    return this.node('Slice', [x, this.ints([start]), this.ints([end]), this.ints([axis])], {}, x.type, dims);
  }

  /** `x` repeated along axes of size 1 until it has this shape. */
  expand(x: Value, dims: readonly Dim[]): Value {
    if (sameDims(x.dims, dims)) return x;
    if (!dims.some(isCandidates)) {
      const constant = constantOf(x);
      if (constant !== null && product(dims) <= FOLDED_ELEMENTS)
        return this.constant(expandConstant(constant, dims));
      return this.node('Expand', [x, this.ints(dims)], {}, x.type, dims);
    }
    const sizes = dims.map((dim) => (isCandidates(dim) ? this.#candidates(dim) : this.ints([dim])));
    return this.node('Expand', [x, this.concat(sizes, 0)], {}, x.type, dims);
  }

  /** Sets where the graph reads N while it runs: an axis of this value. To be called before anything is repeated for the candidates. */
  countCandidatesFrom(value: Value, axis = 0): void {
    this.#candidateCount = this.node('Shape', [value], { start: axis, end: axis + 1 }, 'int64', [1]);
  }

  /** Repeats `x [1, ...]` for all candidates, `[N, ...]`. */
  forAllCandidates(x: Value): Value {
    return this.expand(x, [CANDIDATES, ...x.dims.slice(1)]);
  }

  /**
   * Moves an operator in front of the repetition of its operands for the candidates, and repeats its result if no operand depends on them.
   *
   * @param operate given the operands as they are before the repetition
   * @returns null when no operand of full rank is such a repetition
   */
  once(operands: readonly Value[], operate: (inner: [Value, Value, Value]) => Value): Value | null {
    if (!this.savings.sharedOnce) return null;
    const rank = Math.max(...operands.map(({ dims }) => dims.length));
    const inner = operands.map((operand) => (operand.dims.length === rank ? sharedBehind(operand) : operand));
    if (inner.every((value, index) => value === operands[index])) return null;
    const result = operate(inner as [Value, Value, Value]);
    return result.dims.some(isCandidates) ? result : this.forAllCandidates(result);
  }

  #candidates(dim: Dim): Value {
    const count = this.#candidateCount;
    if (count === null)
      throw unsupported('a shape with candidates before there are any', 'an input of candidates first');
    return dim === CANDIDATES ? count : this.binary('Mul', count, this.ints([dim / CANDIDATES]));
  }

  #fold(operator: string, inputs: readonly Value[], type: ElementType): Value | null {
    const constants = inputs.map(constantOf);
    if (!constants.every((constant) => constant !== null)) return null;
    const folded = foldElementwise(operator, constants, type);
    return folded === null ? null : this.constant(folded);
  }
}

/** What a value repeats for all candidates; the value itself if it is no repetition. */
function sharedBehind(value: Value): Value {
  const [inner] = nodeOf(value, 'Expand')?.inputs ?? [];
  if (!inner || value.dims[0] !== CANDIDATES) return value;
  return sameDims(inner.dims, [1, ...value.dims.slice(1)]) ? inner : value;
}
