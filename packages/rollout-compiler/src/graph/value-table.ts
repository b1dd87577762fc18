import { digestOf } from './constant-arithmetic.js';
import { readTensor, type Constant, type ElementType } from './constant.js';
import { product, type Dim } from './dims.js';
import { SMALL_ELEMENTS, type ExternalData } from '../onnx/external-data.js';
import type { TensorProto } from '../onnx/onnx_pb.js';
import { isFixed, type Attributes, type OperatorNode, type Source, type Value } from './value.js';

/**
 * Exact savings of the compiler. Costs are the same with and without each of them, except for rounding. A benchmark switches them off to
 * measure what they bring (bench/README.md).
 */
export interface Savings {
  /** The last layers compute only what the newest frame needs, instead of the whole window. */
  readonly lastFrameOnly: boolean;
  /** What all candidates share is computed once, not once per candidate. */
  readonly sharedOnce: boolean;
  /** Work on frames and actions that several steps need (embeddings, keys, values, …) is done in the first of them. */
  readonly keptBetweenSteps: boolean;
}

export const ALL_SAVINGS: Savings = { lastFrameOnly: true, sharedOnce: true, keptBetweenSteps: true };

/**
 * The values of a graph under construction, each of them once: asking for an operator on inputs that it was asked for before returns the
 * same object (hash-consing). Values are made as they are asked for; {@link GraphBuilder} adds the rewriting.
 */
export class ValueTable {
  readonly #values = new Map<string, Value>();
  readonly #weights = new Map<TensorProto, Value>();
  #nextId = 0;
  #step = 0;
  /** What is not computed twice, or not at all. */
  readonly savings: Savings;
  /** Part of the rollout that new operators belong to; part of their names, for profiles. */
  origin = '';

  constructor(savings: Savings = ALL_SAVINGS) {
    this.savings = savings;
  }

  /** A graph input. Its name identifies it. */
  input(name: string, type: ElementType, dims: readonly Dim[]): Value {
    return this.#intern(`input ${name}`, { kind: 'input', name }, type, dims);
  }

  /**
   * A tensor of a model file. Small ones become constants, large ones are passed on untouched.
   *
   * @param external where its data is, for a tensor that has it in another file
   * @throws JepaMpcError `model.unsupported` for a small tensor of an element type of no use
   */
  weight(tensor: TensorProto, type: ElementType, external: ExternalData | null = null): Value {
    const known = this.#weights.get(tensor);
    if (known !== undefined) return known;
    const dims = tensor.dims.map(Number);
    const value =
      product(dims) <= SMALL_ELEMENTS
        ? this.constant(readTensor(tensor))
        : this.#intern(
            `weight ${String(this.#weights.size)}`,
            { kind: 'weight', tensor, external },
            type,
            dims,
          );
    this.#weights.set(tensor, value);
    return value;
  }

  constant(constant: Constant): Value {
    const key = `constant ${constant.type} [${constant.dims.join()}] ${digestOf(constant.data)}`;
    return this.#intern(key, { kind: 'constant', constant }, constant.type, constant.dims);
  }

  /** A float32 constant of this shape, row-major. */
  floats(values: readonly number[], dims: readonly number[]): Value {
    return this.constant({ type: 'float32', dims, data: Float64Array.from(values, Math.fround) });
  }

  /** A float32 constant `[]`. */
  scalar(value: number): Value {
    return this.floats([value], []);
  }

  /** An int64 constant with one axis. */
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

  /** An operator with several outputs of these shapes, as it stands: no rewriting. */
  nodes(
    operator: string,
    inputs: readonly (Value | null)[],
    attributes: Attributes,
    outputs: readonly { readonly type: ElementType; readonly dims: readonly Dim[] }[],
  ): Value[] {
    const node = this.#operator(operator, inputs, attributes, outputs.length);
    return outputs.map(({ type, dims }, index) => this.#output(node, index, type, dims));
  }

  /** Marks the start of a predictor step. Without the saving `keptBetweenSteps`, a step reuses no data-dependent value of an earlier one. */
  beginStep(): void {
    if (!this.savings.keptBetweenSteps) this.#step++;
  }

  /**
   * An ONNX `Loop`: rounds of a computation, for as long as it says to go on, but at most `rounds` of them.
   *
   * @param rounds `[]` int64
   * @param roundsDim size of the axis of rounds in the lists
   * @param carried what the first round starts from
   * @param body given the index of the round and what is carried; returns whether to go on (`[]` bool), what is carried on (same types and
   *   shapes), and what to list
   * @returns what is carried after the last round, then each listed value of all rounds, `[rounds, ...]`
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
