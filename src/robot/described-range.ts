import { f64 } from '../core/array-access.js';
import type { JointUnit } from '../core/types.js';
import type { Urdf } from './urdf.js';

/** The position range that a robot description states for a joint, before soft limits and margins. */
export interface DescribedRange {
  readonly name: string;
  readonly unit: JointUnit;
  /** rad or m; -Infinity where there is none. */
  readonly lower: number;
  /** rad or m; Infinity where there is none. */
  readonly upper: number;
}

/** A joint at its stop may be measured this far beyond it, rad or m: encoders have noise. */
const NOISE = 1e-4;

/** The described ranges of the named joints, in their order. A joint that the description does not have, or that turns endlessly, has none. */
export function describedRanges(urdf: Urdf, jointNames: readonly string[]): DescribedRange[] {
  return jointNames.map((name) => {
    const joint = urdf.joints.find((candidate) => candidate.name === name);
    const limit = joint?.type === 'continuous' ? null : joint?.limit;
    return {
      name,
      unit: joint?.type === 'prismatic' ? 'm' : 'rad',
      lower: limit?.lower ?? -Infinity,
      upper: limit?.upper ?? Infinity,
    };
  });
}

/**
 * The joints that are measured outside their described range, in words for a person; null if none is.
 *
 * @param position `[J]`, rad or m
 */
export function outsideRanges(ranges: readonly DescribedRange[], position: Float64Array): string | null {
  const outside = ranges.flatMap(({ name, unit, lower, upper }, joint) => {
    const q = f64(position, joint);
    if (q >= lower - NOISE && q <= upper + NOISE) return [];
    const range = `${String(lower)} to ${String(upper)} ${unit}`;
    return [`joint '${name}' at ${q.toFixed(4)} ${unit}, outside its limits ${range}`];
  });
  return outside.length === 0 ? null : outside.join('; ');
}
