import type { JointLimit } from '../core/types.js';

/** Measured less desired position, rad or m. A continuous joint may be reported wrapped into one turn: whole turns do not count. */
export function positionError(
  measured: number,
  desired: number,
  { continuous }: Pick<JointLimit, 'continuous'>,
): number {
  const error = measured - desired;
  return continuous ? error - 2 * Math.PI * Math.round(error / (2 * Math.PI)) : error;
}
