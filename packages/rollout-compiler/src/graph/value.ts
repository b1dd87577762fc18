import type { Constant, ElementType } from './constant.js';
import { isFilledWith } from './constant-arithmetic.js';
import type { Dim } from './dims.js';
import type { ExternalData } from '../onnx/external-data.js';
import type { TensorProto } from '../onnx/onnx_pb.js';

/** The value of an operator's attribute. A number is an ONNX INT unless it is wrapped in `{ float }`. */
export type Attribute =
  number | readonly number[] | string | { readonly float: number } | { readonly floats: readonly number[] };
/** Attributes of an operator, by their ONNX names. */
export type Attributes = Readonly<Record<string, Attribute>>;

/** What makes a value. */
export type Source =
  | { readonly kind: 'input'; readonly name: string }
  /** A weight of a model file, passed on as it is. Its data may lie in another file. */
  | { readonly kind: 'weight'; readonly tensor: TensorProto; readonly external: ExternalData | null }
  | { readonly kind: 'constant'; readonly constant: Constant }
  | { readonly kind: 'node'; readonly node: OperatorNode; readonly output: number };

/** An operator of the graph under construction. */
export interface OperatorNode {
  /** Id of its first value; -1 before it has one. */
  readonly id: number;
  readonly operator: string;
  /** Null for an optional input that is not given. */
  readonly inputs: readonly (Value | null)[];
  readonly attributes: Attributes;
  /** Number of outputs. */
  readonly outputs: number;
  /** Part of the rollout that it belongs to, for profiles. */
  readonly origin: string;
  /** What a `Loop` does in each round; null for other operators. */
  readonly body: LoopBody | null;
}

/** The body of an ONNX `Loop`. */
export interface LoopBody {
  /** Index of the round `[]` int64, whether to go on `[]` bool, then what is carried from round to round. */
  readonly inputs: readonly Value[];
  /** Whether to go on `[]` bool, then what is carried, then what every round adds to a list. */
  readonly outputs: readonly Value[];
}

/** A tensor of the graph under construction. Equal tensors of one graph are the same object (value-table.ts). */
export interface Value {
  readonly id: number;
  readonly source: Source;
  readonly type: ElementType;
  readonly dims: readonly Dim[];
}

/** The operator that makes a value, if it is one of this kind; null otherwise. */
export function nodeOf(value: Value, operator: string): OperatorNode | null {
  const { source } = value;
  return source.kind === 'node' && source.node.operator === operator ? source.node : null;
}

/** The constant that a value is; null for any other value. */
export function constantOf(value: Value): Constant | null {
  return value.source.kind === 'constant' ? value.source.constant : null;
}

/** Whether a value is the same for every plan: a constant, a weight, or a part of one. */
export function isFixed({ source }: Value): boolean {
  if (source.kind !== 'node') return source.kind !== 'input';
  const { operator, inputs } = source.node;
  return (
    ['Slice', 'Transpose', 'Reshape'].includes(operator) &&
    inputs.every((input) => input === null || isFixed(input))
  );
}

/** Whether a value is a constant with this number everywhere. */
export function isAll(value: Value, element: number): boolean {
  const constant = constantOf(value);
  return constant !== null && isFilledWith(constant, element);
}
