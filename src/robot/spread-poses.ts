import { at } from '../core/array-access.js';
import type { Urdf } from './urdf.js';
import type { UrdfJoint } from './urdf-joint.js';

/**
 * Joint positions spread evenly over the ranges of the joints: the same ones each time. The first is the middle of every range. They are an
 * additive recurrence with the powers of the generalised golden ratio, the root of x^(J + 1) = x + 1, which leaves no gaps in J dimensions.
 *
 * A joint without limits ranges over a revolution; a prismatic one stays at 0.
 *
 * @returns `[count, J]`, rad or m
 */
export function spreadPoses(urdf: Urdf, jointNames: readonly string[], count: number): Float64Array[] {
  const ranges = jointNames.map((name) => rangeOf(urdf.joints.find((joint) => joint.name === name)));
  let ratio = 2;
  for (let step = 0; step < 32; step++) ratio = (1 + ratio) ** (1 / (jointNames.length + 1));
  return Array.from({ length: count }, (_, pose) =>
    Float64Array.from(ranges, (_range, joint) => {
      const [lower, upper] = at(ranges, joint);
      const share = (0.5 + pose * ratio ** -(joint + 1)) % 1;
      return lower + share * (upper - lower);
    }),
  );
}

function rangeOf(joint: UrdfJoint | undefined): readonly [number, number] {
  const lower = joint?.limit?.lower ?? null;
  const upper = joint?.limit?.upper ?? null;
  if (joint?.type !== 'continuous' && lower !== null && upper !== null) return [lower, upper];
  return joint?.type === 'prismatic' ? [0, 0] : [-Math.PI, Math.PI];
}
