import type { Constant, ElementType } from './constant.js';
import { isFilledWith } from './constant-arithmetic.js';
import type { Dim } from './dims.js';
import type { ExternalData } from '../onnx/external-data.js';
import type { TensorProto } from '../onnx/onnx_pb.js';

/** Attribute of an operator, by its ONNX name. A number is an INT unless it is wrapped in `{ float }`. */
export type Attribute =
  number | readonly number[] | string | { readonly float: number } | { readonly floats: readonly number[] };
export type Attributes = Readonly<Record<string, Attribute>>;

/** Where a value comes from. */
export type Source =
  | { readonly kind: 'input'; readonly name: string }
  /** A weight of a model file, passed on as it is; its data may lie in another file. */
  | { readonly kind: 'weight'; readonly tensor: TensorProto; readonly external: ExternalData | null }
  | { readonly kind: 'constant'; readonly constant: Constant }
  | { readonly kind: 'node'; readonly node: OperatorNode; readonly output: number };

export interface OperatorNode {
  readonly id: number;
  readonly operator: string;
  /** Optional inputs that are not given are null. */
  readonly inputs: readonly (Value | null)[];
  readonly attributes: Attributes;
  readonly outputs: number;
  /** Which part of the rollout asked for it; for profiles. */
  readonly origin: string;
  /** Of a loop, what it does in each round. */
  readonly body: LoopBody | null;
}

/** The body of an ONNX `Loop`. */
export interface LoopBody {
  /** Number of the round `[]` int64, whether to go on `[]` bool, then what is carried from round to round. */
  readonly inputs: readonly Value[];
  /** Whether to go on, then what is carried, then what every round adds to a list. */
  readonly outputs: readonly Value[];
}

/** A tensor of the graph under construction. Two values with the same meaning are the same object. */
export interface Value {
  readonly id: number;
  readonly source: Source;
  readonly type: ElementType;
  readonly dims: readonly Dim[];
}

/** The operator that makes a value, or null for inputs and constants. */
export function nodeOf(value: Value, operator: string): OperatorNode | null {
  const { source } = value;
  return source.kind === 'node' && source.node.operator === operator ? source.node : null;
}

export function constantOf(value: Value): Constant | null {
  return value.source.kind === 'constant' ? value.source.constant : null;
}

/** Whether a value is the same for every plan: a weight, or a part of one. */
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
