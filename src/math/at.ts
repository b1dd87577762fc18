import { JepaMpcError } from '../core/errors.js';

/**
 * An element of an array, for an index that must be inside. A wrong index throws here, instead of becoming `undefined` and then NaN or 0 in
 * a result. It allocates nothing, so that it can stand in inner loops.
 *
 * @throws JepaMpcError `planner.wrong-shape` for an index outside of the array
 */
export function at(values: ArrayLike<number>, index: number): number {
  const value = values[index];
  if (value === undefined) throw outside(values.length, index);
  return value;
}

function outside(length: number, index: number): JepaMpcError {
  return new JepaMpcError('planner.wrong-shape', {
    subject: `array of ${String(length)} numbers`,
    found: `index ${String(index)}`,
    expected: 'an index inside',
    remedy: 'This is a defect: please report it.',
  });
}
