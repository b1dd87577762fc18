import { broadcast, type Dim } from '../graph/dims.js';
import type { GraphBuilder } from '../graph/graph-builder.js';
import type { OperatorNode, Value } from '../graph/value.js';

/**
 * Inputs of an operator as ONNX requires them: parts of a concatenation that all candidates share are repeated for each candidate, unless a
 * rewriting took the concatenation apart before.
 */
export function legalInputs(builder: GraphBuilder, node: OperatorNode): readonly (Value | null)[] {
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
  builder.origin = node.origin;
  return parts.map((part) =>
    builder.expand(
      part,
      part.dims.map((dim, i) => (i === axis ? dim : (widest[i] ?? dim))),
    ),
  );
}

/**
 * Everything that these values depend on, and they themselves, each after what it is made of. Without recursion: a rollout may be deeper
 * than the stack.
 *
 * @param operandsOf what a value is made of; none for inputs and constants
 */
export function inOrder(values: readonly Value[], operandsOf: (value: Value) => readonly Value[]): Value[] {
  const ordered = new Set<Value>();
  const stack = values.map((value) => ({ value, isReady: false })).reverse();
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    const { value, isReady } = top;
    if (ordered.has(value)) continue;
    if (isReady) {
      ordered.add(value);
      continue;
    }
    stack.push({ value, isReady: true });
    for (const operand of operandsOf(value))
      if (!ordered.has(operand)) stack.push({ value: operand, isReady: false });
  }
  return [...ordered];
}
