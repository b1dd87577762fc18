import type { JepaMpcError } from '../../../../src/core/errors.js';
import { compilerDefect, unsupported } from '../compiler-errors.js';
import type { Constant } from '../graph/constant.js';
import { writeDims } from '../graph/dims.js';
import type { GraphBuilder } from '../graph/graph-builder.js';
import type { NodeAttributes } from './node-attributes.js';
import { dimsOf, wholeOf, type Split, type Traced } from './split-value.js';
import { constantOf, type Value } from '../graph/value.js';

/** An operator of a model file, with the values of its inputs, as a rule of operators.ts sees it. */
export interface TracedNode {
  readonly builder: GraphBuilder;
  readonly operator: string;
  readonly attributes: NodeAttributes;
  /** Null for an optional input that is not given. */
  readonly inputs: readonly (Traced | null)[];
  /** Number of outputs. */
  readonly outputs: number;
}

/** The error for an operator, or a use of it, that the compiler cannot follow. */
export function cannot(node: TracedNode, found: string, expected: string): JepaMpcError {
  const shapes = node.inputs
    .map((traced) => (traced === null ? '' : `[${writeDims(dimsOf(traced))}]`))
    .join(', ');
  return unsupported(found, expected, `operator ${node.operator} (${shapes})`);
}

/** An input that must be there. @throws JepaMpcError `model.unsupported` */
export function input(node: TracedNode, index: number): Traced {
  const traced = node.inputs[index];
  if (traced === null || traced === undefined) throw cannot(node, `no input ${String(index)}`, 'one');
  return traced;
}

/** Asserts that a callback was given an operand for each that it was to get. @throws JepaMpcError `model.unsupported` */
export function given(value: Value | undefined): Value {
  if (value === undefined) throw compilerDefect('a missing operand', 'one');
  return value;
}

/** An input in one piece. @throws JepaMpcError `model.unsupported` if it is not given */
export function wholeInput(node: TracedNode, index: number): Value {
  return wholeOf(node.builder, input(node, index));
}

/**
 * An input that must be constant, since the output's shape depends on it: axes, sizes, indices.
 *
 * @throws JepaMpcError `model.unsupported` if it depends on the data
 */
export function known(node: TracedNode, index: number): Constant {
  const found = constantOf(wholeInput(node, index));
  if (found === null)
    throw cannot(
      node,
      `input ${String(index)} that depends on the data`,
      'one that is known when the graph is compiled',
    );
  return found;
}

/** As {@link known}; null if the input is not given. */
export function knownOrNull(node: TracedNode, index: number): Constant | null {
  const traced = node.inputs[index];
  return traced === null || traced === undefined ? null : known(node, index);
}

/** Axes from an input (newer opsets) or from the attribute `axes` (older ones); null if there are neither. */
export function axesOf(node: TracedNode, index: number): number[] | null {
  const constant = knownOrNull(node, index);
  return constant === null ? node.attributes.ints('axes') : [...constant.data];
}

/** Changes each piece of a split tensor. @param axis where the time axis is in the changed pieces */
export function withPieces(split: Split, axis: number, change: (piece: Value) => Value): Split {
  return { axis, pieces: split.pieces.map(change), isMerged: split.isMerged };
}

/** An optional input in one piece; null if it is not given. */
export function wholeInputOrNull(node: TracedNode, index: number): Value | null {
  const traced = node.inputs[index];
  return traced === null || traced === undefined ? null : wholeOf(node.builder, traced);
}
