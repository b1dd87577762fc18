import type { JointLimit } from '../core/types.js';

/**
 * Largest difference between desired and measured position of each joint, `[J]`, in its unit.
 *
 * @param toleranceRad of joints that turn, rad
 * @param toleranceM of joints that slide, m
 */
export function trackingTolerances(
  limits: readonly Pick<JointLimit, 'unit'>[],
  toleranceRad: number,
  toleranceM: number,
): Float64Array {
  return Float64Array.from(limits, ({ unit }) => (unit === 'm' ? toleranceM : toleranceRad));
}
