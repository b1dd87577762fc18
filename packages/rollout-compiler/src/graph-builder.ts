import type { Algebra } from './algebra.js';
import { isAttention, softmax } from './attention.js';
import { elementTypeCode, readTensor, type Constant, type ElementType } from './constant.js';
import {
  concatConstants,
  digestOf,
  expandConstant,
  foldElementwise,
  sliceConstant,
  transposeConstant,
} from './constant-arithmetic.js';
import {
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
import { SMALL_ELEMENTS, type ExternalData } from './external-data.js';
import type { TensorProto } from './onnx/onnx_pb.js';
import { gemm, matmul, withBias } from './products.js';
import { ALL_SAVINGS, type Savings } from './savings.js';
import { sliceSource } from './slices.js';
import { unsupported } from './unsupported.js';
import {
  constantOf,
  isAll,
  isFixed,
  nodeOf,
  type Attributes,
  type OperatorNode,
  type Source,
  type Value,
} from './value.js';

/** Constants up to this many elements are computed when the graph is compiled, and looked into. */
const FOLDED_ELEMENTS = 1 << 20;

/**
 * Builds an ONNX graph so that nothing is computed twice: asking for an operator on inputs that it was asked for before gives the same
 * value (hash-consing), and operators that only pick, shape or mask are rewritten so that what is not needed in the end is never computed:
 *
 * - a slice moves through what is computed element by element, row by row or column by column, to its source;
 * - a transposition that moves only axes of size 1 is a reshape;
 * - columns that an attention mask hides from every row are cut off before the product that would fill them;
 * - what is the same for all candidates is computed once and repeated (`Expand`) as late as possible, mostly never: an operator on repeated
 *   values is one on the values themselves;
 * - a product with a concatenation of zeros skips them, and one of whose parts only some depend on the candidates is a sum of products.
 *
 * What is asked for and not used in an output is left out when the model is written (emit-model.ts).
 */
export class GraphBuilder implements Algebra {
  readonly #values = new Map<string, Value>();
  readonly #weightIds = new Map<TensorProto, number>();
  #nextId = 0;
  #candidateCount: Value | null = null;
  #step = 0;
  /** What is not computed twice, or at all. */
  readonly savings: Savings;
  /** Noted on the operators made from here on. */
  origin = '';

  constructor(savings: Savings = ALL_SAVINGS) {
    this.savings = savings;
  }

  /** A graph input. Inputs are told apart by name. */
  input(name: string, type: ElementType, dims: readonly Dim[]): Value {
    return this.#intern(`input ${name}`, { kind: 'input', name }, type, dims);
  }

  /** A tensor of a model file; small ones are known to the compiler, large ones are passed on untouched. */
  weight(tensor: TensorProto, type: ElementType, external: ExternalData | null = null): Value {
    const dims = tensor.dims.map(Number);
    if (product(dims) <= SMALL_ELEMENTS) return this.constant(readTensor(tensor));
    let id = this.#weightIds.get(tensor);
    if (id === undefined) this.#weightIds.set(tensor, (id = this.#weightIds.size));
    return this.#intern(`weight ${String(id)}`, { kind: 'weight', tensor, external }, type, dims);
  }

  constant(constant: Constant): Value {
    const key = `constant ${constant.type} [${constant.dims.join()}] ${digestOf(constant.data)}`;
    return this.#intern(key, { kind: 'constant', constant }, constant.type, constant.dims);
  }

  floats(values: readonly number[], dims: readonly number[]): Value {
    return this.constant({ type: 'float32', dims, data: Float64Array.from(values, Math.fround) });
  }

  scalar(value: number): Value {
    return this.floats([value], []);
  }

  ints(values: readonly number[]): Value {
    return this.constant({ type: 'int64', dims: [values.length], data: Float64Array.from(values) });
  }

  /** An operator with one output, as it stands: no rewriting. */
  node(
    operator: string,
    inputs: readonly (Value | null)[],
    attributes: Attributes,
    type: ElementType,
    dims: readonly Dim[],
  ): Value {
    return this.#output(this.#operator(operator, inputs, attributes, 1), 0, type, dims);
  }

  /** An operator with several outputs of these shapes, as it stands. */
  nodes(
    operator: string,
    inputs: readonly (Value | null)[],
    attributes: Attributes,
    outputs: readonly { readonly type: ElementType; readonly dims: readonly Dim[] }[],
  ): Value[] {
    const node = this.#operator(operator, inputs, attributes, outputs.length);
    return outputs.map(({ type, dims }, index) => this.#output(node, index, type, dims));
  }

  /** Says that a predictor step begins. Without the saving of what steps have in common, nothing that depends on data is taken over from before. */
  beginStep(): void {
    if (!this.savings.keptBetweenSteps) this.#step++;
  }

  /**
   * Rounds of a computation, as long as it says to go on and at most `rounds` times.
   *
   * @param carried what the first round starts from
   * @param body given the number of the round and what is carried; gives whether to go on, what is carried on, and what to list
   * @returns what is carried after the last round, then for each listed value all of them, `[rounds, ...]`
   */
  loop(
    name: string,
    rounds: Value,
    roundsDim: Dim,
    carried: readonly Value[],
    body: (
      round: Value,
      carried: readonly Value[],
    ) => { goOn: Value; carried: readonly Value[]; listed: readonly Value[] },
  ): { readonly carried: Value[]; readonly listed: Value[] } {
    const round = this.input(`${name}_round`, 'int64', []);
    const goOn = this.input(`${name}_go_on`, 'bool', []);
    const inside = carried.map(({ type, dims }, index) =>
      this.input(`${name}_carried${String(index)}`, type, dims),
    );
    const result = body(round, inside);
    const always = this.constant({ type: 'bool', dims: [], data: Float64Array.of(1) });
    const node: OperatorNode = {
      ...this.#operator('Loop', [rounds, always, ...carried], {}, carried.length + result.listed.length),
      body: { inputs: [round, goOn, ...inside], outputs: [result.goOn, ...result.carried, ...result.listed] },
    };
    const outputs = [...result.carried, ...result.listed].map(({ type, dims }, index) =>
      this.#intern(
        `loop ${name} ${String(index)}`,
        { kind: 'node', node, output: index },
        type,
        index < carried.length ? dims : [roundsDim, ...dims],
      ),
    );
    return { carried: outputs.slice(0, carried.length), listed: outputs.slice(carried.length) };
  }

  /** An operator that works on each element by itself. */
  unary(operator: string, x: Value, attributes: Attributes = {}, type: ElementType = x.type): Value {
    return (
      this.#fold(operator, [x], type) ??
      this.once([x], ([inner]) => this.unary(operator, inner, attributes, type)) ??
      this.node(operator, [x], attributes, type, x.dims)
    );
  }

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

  /** A product with a fixed matrix takes a fixed bias in with it. */
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

  cast(x: Value, type: ElementType): Value {
    return x.type === type ? x : this.unary('Cast', x, { to: elementTypeCode(type) }, type);
  }

  /** Normalisation over the last axes, from `axis` (negative) on, with a scale and perhaps a bias. */
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

  transpose(x: Value, order: readonly number[]): Value {
    const dims = order.map((axis) => x.dims[axis] ?? 1);
    const moved = order.filter((axis) => x.dims[axis] !== 1);
    if (moved.every((axis, index) => index === 0 || axis > (moved[index - 1] ?? 0)))
      return this.reshape(x, dims);
    const constant = constantOf(x);
    if (constant !== null) return this.constant(transposeConstant(constant, order));
    if (order[0] === 0) {
      const once = this.once([x], ([inner]) => this.transpose(inner, order));
      if (once !== null) return once;
    }
    return this.node('Transpose', [x], { perm: order }, x.type, dims);
  }

  concat(parts: readonly Value[], axis: number): Value {
    const [first] = parts;
    if (first === undefined) throw unsupported('a concatenation of nothing', 'at least one tensor');
    const at = positiveAxis(axis, first.dims.length);
    const flat = parts.flatMap((part) => {
      const inner = nodeOf(part, 'Concat');
      return inner?.attributes['axis'] === at ? (inner.inputs as readonly Value[]) : [part];
    });
    if (flat.length === 1) return first;
    if (at > 0) {
      const once = this.once(flat, (inner) => this.concat(inner, at));
      if (once !== null) return once;
    }
    const others = flat.reduce<Dim[]>(
      (dims, part) =>
        broadcast(
          dims,
          part.dims.map((dim, i) => (i === at ? 1 : dim)),
        ),
      first.dims.map((dim, i) => (i === at ? 1 : dim)),
    );
    const dims = others.map((dim, i) =>
      i === at ? flat.reduce((sum, part) => sum + (part.dims[at] ?? 0), 0) : dim,
    );
    const constants = flat.map(constantOf);
    if (constants.every((constant) => constant !== null))
      return this.constant(concatConstants(constants, at, dims));
    return this.node('Concat', flat, { axis: at }, first.type, dims);
  }

  /** Elements `start` to below `end` of an axis. */
  slice(x: Value, axis: number, start: number, end: number): Value {
    const at = positiveAxis(axis, x.dims.length);
    const size = x.dims[at] ?? 1;
    if (start === 0 && end === size) return x;
    const once = at > 0 ? this.once([x], ([inner]) => this.slice(inner, at, start, end)) : null;
    if (once !== null) return once;
    const moved = sliceSource(this, x, at, start, end);
    if (moved !== null) return moved;
    const dims = x.dims.map((dim, i) => (i === at ? end - start : dim));
    const constant = constantOf(x);
    if (constant !== null) return this.constant(sliceConstant(constant, at, start, end));
    return this.node('Slice', [x, this.ints([start]), this.ints([end]), this.ints([at])], {}, x.type, dims);
  }

  /** The same, with all of `x` computed first. */
  sliceOfAll(x: Value, axis: number, start: number, end: number): Value {
    const dims = x.dims.map((dim, i) => (i === axis ? end - start : dim));
    return this.node('Slice', [x, this.ints([start]), this.ints([end]), this.ints([axis])], {}, x.type, dims);
  }

  /** `x` repeated along axes of size 1 until it has these sizes. */
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

  /**
   * Inputs of an operator as ONNX wants them: parts of a concatenation that all candidates share are repeated for each, where nothing
   * after it took them apart.
   */
  legalInputs(node: OperatorNode): readonly (Value | null)[] {
    if (node.operator !== 'Concat') return node.inputs;
    const parts = node.inputs as readonly Value[];
    const axis = node.attributes['axis'];
    const widest = parts.reduce<readonly Dim[]>(
      (dims, part) =>
        broadcast(
          dims,
          part.dims.map((dim, i) => (i === axis ? 1 : dim)),
        ),
      [],
    );
    this.origin = node.origin;
    return parts.map((part) =>
      this.expand(
        part,
        part.dims.map((dim, i) => (i === axis ? dim : (widest[i] ?? dim))),
      ),
    );
  }

  /** Tells where N can be read off while the graph runs: an axis of this value. */
  countCandidatesFrom(value: Value, axis = 0): void {
    this.#candidateCount = this.node('Shape', [value], { start: axis, end: axis + 1 }, 'int64', [1]);
  }

  /** `x [1, ...]`, the same for all candidates, as `[N, ...]`. */
  forAllCandidates(x: Value): Value {
    return this.expand(x, [CANDIDATES, ...x.dims.slice(1)]);
  }

  /**
   * The operator on what was repeated for the candidates, before the repetition; repeated after it if no operand depends on them. Null when
   * no operand is a repetition, or one of lower rank would be repeated along another axis.
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

  #operator(
    operator: string,
    inputs: readonly (Value | null)[],
    attributes: Attributes,
    outputs: number,
  ): OperatorNode {
    return { id: -1, operator, inputs, attributes, outputs, origin: this.origin, body: null };
  }

  #output(node: OperatorNode, output: number, type: ElementType, dims: readonly Dim[]): Value {
    const inputs = node.inputs.map((input) => (input === null ? '' : String(input.id))).join();
    const isOfStep = this.#step > 0 && !node.inputs.every((input) => input === null || isFixed(input));
    const step = isOfStep ? `step ${String(this.#step)} ` : '';
    const key = `${step}${node.operator} ${JSON.stringify(node.attributes)} (${inputs})`;
    const first = this.#values.get(`${key} 0`);
    // All outputs of one operator share its node, the one made first.
    const shared = first?.source.kind === 'node' ? first.source.node : { ...node, id: this.#nextId };
    return this.#intern(`${key} ${String(output)}`, { kind: 'node', node: shared, output }, type, dims);
  }

  #intern(key: string, source: Source, type: ElementType, dims: readonly Dim[]): Value {
    const known = this.#values.get(key);
    if (known !== undefined) return known;
    const value: Value = { id: this.#nextId++, source, type, dims };
    this.#values.set(key, value);
    return value;
  }
}

/** What a repetition for all candidates repeats; the value itself where it is none. */
function sharedBehind(value: Value): Value {
  const [inner] = nodeOf(value, 'Expand')?.inputs ?? [];
  if (!inner || value.dims[0] !== CANDIDATES) return value;
  return sameDims(inner.dims, [1, ...value.dims.slice(1)]) ? inner : value;
}
