import { at } from '../graph/dims.js';
import { triluConstant } from '../graph/constant-arithmetic.js';
import type { Traced } from './split-value.js';
import { cannot, known, knownOrNull, type TracedNode } from './traced-node.js';

/*
 * Rules for operators whose results are known when a graph is compiled. Each throws JepaMpcError `model.unsupported` where an input is not.
 */

/** The value of a `Constant`: a tensor, a number, or a list of integers. */
export function constant(node: TracedNode): Traced {
  const { builder, attributes } = node;
  const tensor = attributes.tensor('value');
  if (tensor !== null) return builder.constant(tensor);
  const ints = attributes.ints('value_ints');
  if (ints !== null) return builder.ints(ints);
  if (attributes.has('value_float')) return builder.scalar(attributes.float('value_float', 0));
  if (attributes.has('value_int'))
    return builder.constant({
      type: 'int64',
      dims: [],
      data: Float64Array.of(attributes.int('value_int', 0)),
    });
  throw cannot(node, 'a constant of another kind', 'a tensor, numbers or a number');
}

/** One number, repeated to a constant shape; 0 by default. */
export function constantOfShape(node: TracedNode): Traced {
  const { builder, attributes } = node;
  const dims = [...known(node, 0).data];
  const fill = attributes.tensor('value') ?? { type: 'float32', dims: [1], data: Float64Array.of(0) };
  const one = builder.constant({ type: fill.type, dims: dims.map(() => 1), data: fill.data });
  return builder.expand(one, dims);
}

/** Numbers from `start` to below `limit`, `delta` apart. */
export function range(node: TracedNode): Traced {
  const [start, limit, delta] = [0, 1, 2].map((index) => at(known(node, index).data, 0)) as [
    number,
    number,
    number,
  ];
  const count = Math.max(0, Math.ceil((limit - start) / delta));
  return node.builder.constant({
    type: known(node, 0).type,
    dims: [count],
    data: Float64Array.from({ length: count }, (_, index) => start + index * delta),
  });
}

/** The upper (default) or lower triangle of a constant matrix. */
export function trilu(node: TracedNode): Traced {
  const diagonal = knownOrNull(node, 1)?.data[0] ?? 0;
  return node.builder.constant(
    triluConstant(known(node, 0), diagonal, node.attributes.int('upper', 1) !== 0),
  );
}
