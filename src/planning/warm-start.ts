import { f32 } from '../core/array-access.js';
import type { PlannerState } from '../core/ports.js';

/**
 * The last plan's mean on the grid of a new plan that starts `state.ageMs` later. Actions are held for a period each, so a
 * period of the new grid that straddles two old ones gets their time-weighted mean. Past its end the old
 * plan repeats its last action: an arm that was moving keeps moving, one that had arrived has a last action near zero.
 *
 * @param mean `[K, J]`, written from the old plan
 * @returns false, with `mean` untouched, if the old plan is from the future, wholly past, or not finite
 */
export function shiftWarmStart(
  state: PlannerState,
  joints: number,
  periodMs: number,
  mean: Float32Array,
): boolean {
  const oldPeriods = state.mean.length / joints;
  const shift = state.ageMs / periodMs;
  if (!Number.isInteger(oldPeriods) || !(shift >= 0 && shift < oldPeriods)) return false;
  if (!state.mean.every((value) => Number.isFinite(value))) return false;

  const whole = Math.floor(shift);
  const fraction = shift - whole;
  const old = (period: number, joint: number): number =>
    f32(state.mean, Math.min(period, oldPeriods - 1) * joints + joint);
  for (let i = 0; i < mean.length; i++) {
    const joint = i % joints;
    const period = (i - joint) / joints + whole;
    mean[i] = (1 - fraction) * old(period, joint) + fraction * old(period + 1, joint);
  }
  return true;
}
