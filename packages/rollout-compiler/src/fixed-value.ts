import { JepaMpcError } from '../../../src/core/errors.js';
import { readTensor, type Constant } from './constant.js';
import { isExternal } from './external-data.js';
import { sliceConstant, transposeConstant } from './constant-arithmetic.js';
import { constantOf, type Value } from './value.js';

/** The numbers of a weight, or of the part of one, that {@link isFixed} knows to be the same for every plan. */
export function evaluateFixed(value: Value): Constant {
  const { source } = value;
  if (source.kind === 'constant') return source.constant;
  if (source.kind === 'weight') {
    const { tensor, external } = source;
    return readTensor(tensor, isExternal(tensor) ? external?.read(tensor) : undefined);
  }
  if (source.kind === 'input') throw notFixed(value);
  const { operator, inputs, attributes } = source.node;
  const [first, ...rest] = inputs as readonly [Value, ...Value[]];
  const inner = evaluateFixed(first);
  switch (operator) {
    case 'Reshape':
      return { ...inner, dims: value.dims };
    case 'Transpose':
      return transposeConstant(inner, attributes['perm'] as readonly number[]);
    case 'Slice': {
      const [start = 0, end = 0, axis = 0] = rest.map((input) => constantOf(input)?.data[0] ?? 0);
      return sliceConstant(inner, axis, start, end);
    }
    default:
      throw notFixed(value);
  }
}

function notFixed(value: Value): JepaMpcError {
  return new JepaMpcError('model.unsupported', {
    subject: 'graph compiler',
    found: `value ${String(value.id)}, which depends on the data`,
    expected: 'a weight',
    remedy: 'This is a defect: please report it.',
  });
}
