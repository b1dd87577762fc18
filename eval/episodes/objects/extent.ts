import { f64 } from '../../../src/core/array-access.js';
import type { PlacedShape, Shape } from '../../../src/robot/collision-geometry.js';
import { rotated, rotationFromRpy } from '../../../src/robot/rotation.js';

/** How much room an object takes about its middle, at its orientation, m. */
export interface Extent {
  /** Of the smallest upright cylinder about its middle that it is in. */
  readonly radius: number;
  readonly halfHeight: number;
}

const CORNERS = [-1, 1].flatMap((x) => [-1, 1].flatMap((y) => [-1, 1].map((z) => [x, y, z] as const)));
const CIRCLE_POINTS = 64;

/** The room that an object takes, as training/jepa_mpc_training/reach_map.py measures it. */
export function extentOf({ shape, rpy }: Pick<PlacedShape, 'shape' | 'rpy'>): Extent {
  if (shape.kind === 'sphere') return { radius: shape.radius, halfHeight: shape.radius };
  const rotation = rotationFromRpy(rpy);
  const points = hullOf(shape).map((point) => rotated(rotation, Float64Array.from(point)));
  return {
    radius: Math.max(...points.map((point) => Math.hypot(f64(point, 0), f64(point, 1)))),
    halfHeight: Math.max(...points.map((point) => f64(point, 2))),
  };
}

/** Points of the hull: corners of a box, circles at the ends of a cylinder. */
function hullOf(shape: Exclude<Shape, { readonly kind: 'sphere' }>): number[][] {
  if (shape.kind === 'box')
    return CORNERS.map((corner) => corner.map((sign, axis) => (sign * (shape.size[axis] ?? 0)) / 2));
  return Array.from({ length: CIRCLE_POINTS }, (_, index) => (2 * Math.PI * index) / CIRCLE_POINTS).flatMap(
    (angle) =>
      [-1, 1].map((end) => [
        shape.radius * Math.cos(angle),
        shape.radius * Math.sin(angle),
        (end * shape.length) / 2,
      ]),
  );
}
