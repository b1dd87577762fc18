import { f32 } from './array-access.js';
import type { ActionSpec } from './model-spec.js';

/** The bounds of raw actions as float32, never wider than the doubles of the manifest. */
export class ActionBounds {
  readonly joints: number;
  /** `[J]` */
  readonly lower: Float32Array;
  /** `[J]` */
  readonly upper: Float32Array;

  constructor(action: ActionSpec) {
    this.joints = action.names.length;
    this.lower = Float32Array.from(action.lower, (bound) => -roundDown(-bound));
    this.upper = Float32Array.from(action.upper, roundDown);
  }

  /** Half the range of a joint, the unit of standard deviations. */
  halfRange(joint: number): number {
    return (f32(this.upper, joint) - f32(this.lower, joint)) / 2;
  }

  /** The larger bound of a joint, the unit in which actions are penalised. */
  largest(joint: number): number {
    return Math.max(Math.abs(f32(this.lower, joint)), Math.abs(f32(this.upper, joint)));
  }

  clamp(value: number, joint: number): number {
    return Math.min(Math.max(value, f32(this.lower, joint)), f32(this.upper, joint));
  }
}

/** The largest float32 that is not above `value`. */
function roundDown(value: number): number {
  const word = new DataView(new ArrayBuffer(4));
  word.setFloat32(0, value);
  const rounded = word.getFloat32(0);
  if (rounded <= value) return rounded;
  word.setInt32(0, word.getInt32(0) + (rounded > 0 ? -1 : 1));
  return word.getFloat32(0);
}
