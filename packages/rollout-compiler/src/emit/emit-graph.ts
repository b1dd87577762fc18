import { create } from '@bufbuild/protobuf';

import { elementTypeCode, rawBytes, type Constant } from '../graph/constant.js';
import { dimName, type Dim } from '../graph/dims.js';
import type { GraphBuilder } from '../graph/graph-builder.js';
import {
  AttributeProto_AttributeType as AttributeType,
  AttributeProtoSchema,
  GraphProtoSchema,
  NodeProtoSchema,
  TensorProtoSchema,
  ValueInfoProtoSchema,
  type AttributeProto,
  type GraphProto,
  type NodeProto,
  type TensorProto,
  type ValueInfoProto,
} from '../onnx/onnx_pb.js';
import type { Attribute, LoopBody, OperatorNode, Value } from '../graph/value.js';
import { inOrder, legalInputs } from './operands.js';

const text = new TextEncoder();

/**
 * Writes what the outputs depend on, and nothing else, as an ONNX graph. Weights share their data with the model files that they come from.
 * What the body of a loop needs and does not depend on its round is written before the loop, and so is computed once.
 *
 * @param inputs in the order in which they are declared, including those that no output needs
 * @param outputs by name
 * @param lower maps a value to what is written in its place; the replacement is not mapped again
 */
export function emitGraph(
  builder: GraphBuilder,
  name: string,
  inputs: readonly Value[],
  outputs: ReadonlyMap<string, Value>,
  lower: (value: Value) => Value = (value) => value,
): GraphProto {
  return new GraphWriter(builder, lower).write(name, inputs, outputs);
}

/** What has been written of one ONNX graph: the whole graph, or the body of a loop. */
interface Scope {
  readonly nodes: NodeProto[];
  /** Node of each operator written so far. */
  readonly written: Map<OperatorNode, NodeProto>;
  readonly initializers: TensorProto[];
  /**
   * Names of constants. Each graph has its own: when ONNX Runtime fuses operators, it looks for their constants only in the graph that
   * they are in.
   */
  readonly constants: Map<Value, string>;
  /** Appended to the names of its constants. */
  readonly suffix: string;
}

class GraphWriter {
  readonly #builder: GraphBuilder;
  readonly #lower: (value: Value) => Value;
  readonly #lowered = new Map<Value, Value>();
  readonly #operandsOf = new Map<OperatorNode, readonly Value[]>();
  readonly #names = new Map<Value, string>();
  readonly #weights: TensorProto[] = [];

  constructor(builder: GraphBuilder, lower: (value: Value) => Value) {
    this.#builder = builder;
    this.#lower = lower;
  }

  write(name: string, inputs: readonly Value[], outputs: ReadonlyMap<string, Value>): GraphProto {
    const scope = newScope('');
    this.#writeAll(scope, [...outputs.values()], () => true);
    const last = this.#nameOutputs(scope, outputs);
    return create(GraphProtoSchema, {
      name,
      node: scope.nodes,
      initializer: [...this.#weights, ...scope.initializers],
      input: inputs.map((value) => valueInfo(this.#nameIn(scope, value), value)),
      output: last,
    });
  }

  /** Writes the operators that these values depend on and that belong to the scope, each after those that it needs. */
  #writeAll(scope: Scope, values: readonly Value[], isInScope: (value: Value) => boolean): void {
    for (const value of this.#order(values)) if (isInScope(value)) this.#writeValue(scope, value);
  }

  #writeValue(scope: Scope, value: Value): void {
    if (value.source.kind !== 'node') return;
    const name = this.#nameIn(scope, value);
    const { node, output } = value.source;
    const written = scope.written.get(node);
    if (written !== undefined) {
      written.output[output] = name;
      return;
    }
    const proto = create(NodeProtoSchema, {
      name: `${node.origin}/${node.operator}_${String(value.id)}`,
      opType: node.operator,
      input: this.#needs(node).map((input) => (input === null ? '' : this.#nameIn(scope, input))),
      attribute: Object.entries(node.attributes).map(([key, attribute]) => attributeProto(key, attribute)),
    });
    proto.output = Array.from({ length: node.outputs }, (_, index) => (index === output ? name : ''));
    if (node.body !== null) {
      const body = this.#writeBody(node.body, name);
      proto.attribute.push(
        create(AttributeProtoSchema, { name: 'body', type: AttributeType.GRAPH, g: body }),
      );
    }
    scope.nodes.push(proto);
    scope.written.set(node, proto);
  }

  #writeBody(body: LoopBody, name: string): GraphProto {
    const scope = newScope(`_${name}`);
    const ofRound = this.#dependents(body);
    this.#writeAll(scope, body.outputs, (value) => ofRound.has(this.#lowerOnce(value)));
    const outputs = new Map(body.outputs.map((value, index) => [`${name}_out${String(index)}`, value]));
    const last = this.#nameOutputs(scope, outputs);
    return create(GraphProtoSchema, {
      name: `${name}_body`,
      node: scope.nodes,
      initializer: scope.initializers,
      input: body.inputs.map((value) => valueInfo(this.#nameIn(scope, value), value)),
      output: last,
    });
  }

  /** Values of a loop's body that change from round to round. */
  #dependents({ inputs, outputs }: LoopBody): ReadonlySet<Value> {
    const dependents = new Set<Value>(inputs);
    for (const value of this.#order(outputs)) {
      if (value.source.kind !== 'node') continue;
      if (this.#operands(value.source.node).some((operand) => dependents.has(operand))) dependents.add(value);
    }
    return dependents;
  }

  #nameOutputs(scope: Scope, outputs: ReadonlyMap<string, Value>): ValueInfoProto[] {
    return [...outputs].map(([name, value]) => {
      const input = [this.#nameIn(scope, value)];
      scope.nodes.push(
        create(NodeProtoSchema, { name: `output/${name}`, opType: 'Identity', input, output: [name] }),
      );
      return valueInfo(name, value);
    });
  }

  /** Everything behind these values, as it will be written, each after what it is made of. */
  #order(values: readonly Value[]): Value[] {
    return inOrder(
      values.map((value) => this.#lowerOnce(value)),
      ({ source }) => (source.kind === 'node' ? this.#operands(source.node) : []),
    );
  }

  #needs(node: OperatorNode): readonly (Value | null)[] {
    return legalInputs(this.#builder, node).map((input) => (input === null ? null : this.#lowerOnce(input)));
  }

  /** What has to be written before an operator: its inputs, and what a loop's body takes from outside. */
  #operands(node: OperatorNode): readonly Value[] {
    const known = this.#operandsOf.get(node);
    if (known !== undefined) return known;
    const operands = this.#needs(node).filter((input) => input !== null);
    if (node.body !== null) {
      const ofRound = this.#dependents(node.body);
      operands.push(...this.#order(node.body.outputs).filter((value) => !ofRound.has(value)));
    }
    this.#operandsOf.set(node, operands);
    return operands;
  }

  #lowerOnce(value: Value): Value {
    let lowered = this.#lowered.get(value);
    if (lowered === undefined) {
      lowered = this.#lower(value);
      this.#lowered.set(value, lowered);
      this.#lowered.set(lowered, lowered);
    }
    return lowered;
  }

  #nameIn(scope: Scope, unlowered: Value): string {
    const value = this.#lowerOnce(unlowered);
    const { source } = value;
    const known = scope.constants.get(value) ?? this.#names.get(value);
    if (known !== undefined) return known;
    const own = ownName(value);
    if (source.kind === 'constant') {
      const name = `${own}${scope.suffix}`;
      scope.constants.set(value, name);
      scope.initializers.push(tensorOf(name, source.constant));
      return name;
    }
    this.#names.set(value, own);
    if (source.kind === 'weight') this.#weights.push({ ...source.tensor, name: own });
    return own;
  }
}

/** Computed values carry their origin: ONNX Runtime renames operators that it fuses, but not their outputs. Profiles rely on it. */
function ownName({ id, source }: Value): string {
  if (source.kind === 'input') return source.name;
  return source.kind === 'node' ? `${source.node.origin}/v${String(id)}` : `v${String(id)}`;
}

function newScope(suffix: string): Scope {
  return { nodes: [], written: new Map(), initializers: [], constants: new Map(), suffix };
}

function tensorOf(name: string, constant: Constant): TensorProto {
  return create(TensorProtoSchema, {
    name,
    dims: constant.dims.map(BigInt),
    dataType: elementTypeCode(constant.type),
    rawData: rawBytes(constant),
  });
}

function valueInfo(name: string, { type, dims }: Value): ValueInfoProto {
  return create(ValueInfoProtoSchema, {
    name,
    type: {
      value: {
        case: 'tensorType',
        value: { elemType: elementTypeCode(type), shape: { dim: dims.map(dimension) } },
      },
    },
  });
}

function dimension(dim: Dim) {
  const name = dimName(dim);
  return name === null
    ? { value: { case: 'dimValue' as const, value: BigInt(dim) } }
    : { value: { case: 'dimParam' as const, value: name } };
}

function attributeProto(name: string, attribute: Attribute): AttributeProto {
  const make = (init: Parameters<typeof create<typeof AttributeProtoSchema>>[1]): AttributeProto =>
    create(AttributeProtoSchema, { name, ...init });
  if (typeof attribute === 'number') return make({ type: AttributeType.INT, i: BigInt(attribute) });
  if (typeof attribute === 'string') return make({ type: AttributeType.STRING, s: text.encode(attribute) });
  if (Array.isArray(attribute)) return make({ type: AttributeType.INTS, ints: attribute.map(BigInt) });
  if ('float' in attribute) return make({ type: AttributeType.FLOAT, f: attribute.float });
  if ('floats' in attribute) return make({ type: AttributeType.FLOATS, floats: [...attribute.floats] });
  return make({ type: AttributeType.INTS, ints: [] });
}
