import type { JointLimit } from '../core/types.js';

/** Measured less desired position, rad or m. A continuous joint may be reported wrapped into one turn: whole turns do not count. */
export function positionError(
  measured: number,
  desired: number,
  { lower, upper }: Pick<JointLimit, 'lower' | 'upper'>,
): number {
  const error = measured - desired;
  const isContinuous = lower === -Infinity && upper === Infinity;
  return isContinuous ? error - 2 * Math.PI * Math.round(error / (2 * Math.PI)) : error;
}
