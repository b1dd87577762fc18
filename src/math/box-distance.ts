import { f64 } from '../core/array-access.js';
import { distanceOutside, type Boxes } from './segment-box-distance.js';

/** The pose of the second box in the frame of the first: of every pair that is measured. */
const centre = new Float64Array(3);
const rotation = new Float64Array(9);

/**
 * The signed distance of two boxes, m: 0 where they touch. Where they overlap, it is minus the length of the shortest translation that parts them.
 * No arrays are made.
 *
 * Boxes that are apart have their nearest points on an edge of one of them, or at a corner, where edges end. So the distance is that of
 * the nearest edge. Boxes that overlap are parted soonest along a normal of a face, or along one of a plane through an edge of each.
 *
 * @param far m: boxes that one of these normals parts by more than this are not measured further. The gap along it is returned, a lower bound
 */
export function boxDistance(boxes: Boxes, first: number, second: number, far = Infinity): number {
  place(boxes, first, second);
  const gap = largestGap(boxes.halves, 3 * first, 3 * second, far);
  if (gap <= 0 || gap > far) return gap;
  const toFirst = nearestEdge(boxes.halves, 3 * first, 3 * second);
  place(boxes, second, first);
  return Math.min(toFirst, nearestEdge(boxes.halves, 3 * second, 3 * first));
}

/** Computes the pose of the second box in the frame of the first. */
function place({ centres, rotations }: Boxes, first: number, second: number): void {
  const p = 9 * first;
  const q = 9 * second;
  for (let row = 0; row < 3; row++) {
    const x = f64(rotations, p + row);
    const y = f64(rotations, p + 3 + row);
    const z = f64(rotations, p + 6 + row);
    centre[row] =
      x * (f64(centres, 3 * second) - f64(centres, 3 * first)) +
      y * (f64(centres, 3 * second + 1) - f64(centres, 3 * first + 1)) +
      z * (f64(centres, 3 * second + 2) - f64(centres, 3 * first + 2));
    for (let column = 0; column < 3; column++) {
      rotation[3 * row + column] =
        x * f64(rotations, q + column) +
        y * f64(rotations, q + 3 + column) +
        z * f64(rotations, q + 6 + column);
    }
  }
}

/**
 * The largest gap between the two boxes along the directions that can part them, m: negative where none does, and more than `far` where one of
 * the first directions shows that.
 *
 * @param a where the halves of the first box begin
 * @param b where those of the second begin
 */
function largestGap(halves: Float64Array, a: number, b: number, far: number): number {
  let gap = -Infinity;
  for (let axis = 0; axis < 3; axis++) {
    let alongFirst = Math.abs(f64(centre, axis)) - f64(halves, a + axis);
    let alongSecond = -f64(halves, b + axis);
    let along = 0;
    for (let other = 0; other < 3; other++) {
      alongFirst -= f64(halves, b + other) * Math.abs(f64(rotation, 3 * axis + other));
      alongSecond -= f64(halves, a + other) * Math.abs(f64(rotation, 3 * other + axis));
      along += f64(centre, other) * f64(rotation, 3 * other + axis);
    }
    gap = Math.max(gap, alongFirst, alongSecond + Math.abs(along));
  }
  if (gap > far) return gap;
  for (let axis = 0; axis < 3; axis++) {
    const i = (axis + 1) % 3;
    const k = (axis + 2) % 3;
    for (let edge = 0; edge < 3; edge++) {
      // The direction is the cross product of this axis of the first box and an edge of the second, so it has no part along the axis.
      const u = f64(rotation, 3 * k + edge);
      const v = f64(rotation, 3 * i + edge);
      const length = Math.sqrt(u * u + v * v);
      if (length < PARALLEL) continue;
      let along = Math.abs(f64(centre, k) * v - f64(centre, i) * u);
      along -= f64(halves, a + i) * Math.abs(u) + f64(halves, a + k) * Math.abs(v);
      for (let other = 0; other < 3; other++) {
        if (other === edge) continue;
        along -=
          f64(halves, b + other) *
          Math.abs(f64(rotation, 3 * k + other) * v - f64(rotation, 3 * i + other) * u);
      }
      gap = Math.max(gap, along / length);
    }
  }
  return gap;
}

/** The distance of the nearest edge of the second box from the first, m. @param a @param b as for {@link largestGap} */
function nearestEdge(halves: Float64Array, a: number, b: number): number {
  const hx = f64(halves, a);
  const hy = f64(halves, a + 1);
  const hz = f64(halves, a + 2);
  let nearest = Infinity;
  for (let axis = 0; axis < 3; axis++) {
    const i = (axis + 1) % 3;
    const k = (axis + 2) % 3;
    const along = f64(halves, b + axis);
    const dx = along * f64(rotation, axis);
    const dy = along * f64(rotation, 3 + axis);
    const dz = along * f64(rotation, 6 + axis);
    for (let corner = 0; corner < 4; corner++) {
      const u = corner % 2 === 0 ? f64(halves, b + i) : -f64(halves, b + i);
      const v = corner < 2 ? f64(halves, b + k) : -f64(halves, b + k);
      const x = f64(centre, 0) + u * f64(rotation, i) + v * f64(rotation, k) - dx;
      const y = f64(centre, 1) + u * f64(rotation, 3 + i) + v * f64(rotation, 3 + k) - dy;
      const z = f64(centre, 2) + u * f64(rotation, 6 + i) + v * f64(rotation, 6 + k) - dz;
      nearest = Math.min(nearest, distanceOutside(x, y, z, 2 * dx, 2 * dy, 2 * dz, hx, hy, hz));
    }
  }
  return nearest;
}

/** Sine of the angle between edges that count as parallel: the direction of their cross product is rounding. */
const PARALLEL = 1e-9;
