import { f32, f64 } from '../../core/array-access.js';
import type { JointTravel } from '../../core/model-spec.js';

/**
 * Joint positions at the end of each period: `q[k] = q[0] + gain * Σ action`, or the action itself.
 *
 * @param start measured positions `[J]`, rad or m
 * @param actions raw `[N, K, J]`
 * @param periods K
 * @param out positions `[N, K, J]`
 */
export function foreseePositions(
  start: Float64Array,
  actions: Float32Array,
  periods: number,
  { isSum, gain }: JointTravel,
  out: Float32Array,
): void {
  if (!isSum) {
    out.set(actions);
    return;
  }
  const joints = start.length;
  const size = periods * joints;
  for (let sequence = 0; sequence < actions.length; sequence += size) {
    for (let joint = 0; joint < joints; joint++) {
      let position = f64(start, joint);
      for (let i = sequence + joint; i < sequence + size; i += joints) {
        position += f32(actions, i) * gain;
        out[i] = position;
      }
    }
  }
}
