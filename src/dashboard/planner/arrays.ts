import type { ArrayMessage, LineMessage, TrajectoryMessage } from './wire.js';

/** An array of float32 with its shape, for a channel. */
export interface NumberArray {
  readonly shape: readonly number[];
  readonly numbers: Float32Array;
}

/** A column of each point for each of the joints, in their order; NaN for a joint that the message does not have. @returns `[points, J]` */
export function pointsByJoint(
  { joints: named, positions, velocities }: TrajectoryMessage,
  field: 'positions' | 'velocities',
  joints: readonly string[],
): NumberArray {
  const columns = joints.map((joint) => named.indexOf(joint));
  const points = field === 'positions' ? positions : velocities;
  const numbers = Float32Array.from(points.flatMap((point) => columns.map((column) => point[column] ?? NaN)));
  return { shape: [points.length, joints.length], numbers };
}

/** Line strips of a namespace by their id. @returns `[lines, longest, 3]`, filled up with NaN */
export function pathsOf(lines: readonly LineMessage[], namespace: string): NumberArray {
  const paths = lines.filter((line) => line.namespace === namespace).toSorted((a, b) => a.id - b.id);
  const longest = paths.reduce((most, { points }) => Math.max(most, points.length), 0);
  const numbers = new Float32Array(paths.length * longest).fill(NaN);
  paths.forEach(({ points }, index) => {
    numbers.set(points, index * longest);
  });
  return { shape: [paths.length, longest / 3, 3], numbers };
}

/** A multi-array whose layout fits its data; else null. */
export function arrayOf({ shape, data }: ArrayMessage): NumberArray | null {
  const count = shape.reduce((product, size) => product * size, 1);
  return shape.length > 0 && count === data.length ? { shape, numbers: Float32Array.from(data) } : null;
}
