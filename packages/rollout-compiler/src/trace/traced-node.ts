import { JepaMpcError } from '../../../../src/core/errors.js';
import type { Constant } from '../graph/constant.js';
import { writeDims } from '../graph/dims.js';
import type { GraphBuilder } from '../graph/graph-builder.js';
import type { NodeAttributes } from './node-attributes.js';
import { dimsOf, wholeOf, type Split, type Traced } from './split-value.js';
import { constantOf, type Value } from '../graph/value.js';

/** An operator of a model file being traced. */
export interface TracedNode {
  readonly builder: GraphBuilder;
  readonly operator: string;
  readonly attributes: NodeAttributes;
  /** Inputs that are not given are null. */
  readonly inputs: readonly (Traced | null)[];
  /** How many outputs the node has. */
  readonly outputs: number;
}

export function cannot(node: TracedNode, found: string, expected: string): JepaMpcError {
  const shapes = node.inputs
    .map((traced) => (traced === null ? '' : `[${writeDims(dimsOf(traced))}]`))
    .join(', ');
  return new JepaMpcError('model.unsupported', {
    subject: `operator ${node.operator} (${shapes})`,
    found,
    expected,
    remedy:
      'The rollout runs step by step instead; export the graph with plain operators to have it compiled.',
  });
}

export function input(node: TracedNode, index: number): Traced {
  const traced = node.inputs[index];
  if (traced === null || traced === undefined) throw cannot(node, `no input ${String(index)}`, 'one');
  return traced;
}

export function given(value: Value | undefined): Value {
  if (value === undefined)
    throw new JepaMpcError('model.unsupported', {
      subject: 'graph compiler',
      found: 'a missing operand',
      expected: 'one',
      remedy: 'This is a defect: please report it.',
    });
  return value;
}

export function wholeInput(node: TracedNode, index: number): Value {
  return wholeOf(node.builder, input(node, index));
}

/** An input that says how, not what: its numbers have to be known. */
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

export function knownOrNull(node: TracedNode, index: number): Constant | null {
  const traced = node.inputs[index];
  return traced === null || traced === undefined ? null : known(node, index);
}

export function axesOf(node: TracedNode, index: number): number[] | null {
  const constant = knownOrNull(node, index);
  return constant === null ? node.attributes.ints('axes') : [...constant.data];
}

export function withPieces(split: Split, axis: number, change: (piece: Value) => Value): Split {
  return { axis, pieces: split.pieces.map(change), isMerged: split.isMerged };
}
