import { f64 } from '../core/array-access.js';
import type { Shape } from './collision-geometry.js';
import { rotated, rotationFromRpy } from './rotation.js';
import type { Vector3 } from './urdf-xml.js';

/** All points within a radius of a segment: in the frame of a link, m. */
export interface Capsule {
  readonly from: Vector3;
  readonly to: Vector3;
  readonly radius: number;
}

/** A capsule about the z axis of a shape, through its origin. */
interface UprightCapsule {
  /** Half the length of the segment, m. */
  readonly half: number;
  readonly radius: number;
}

/** A shape that a capsule fits. */
export type RoundShape = Exclude<Shape, { readonly kind: 'box' }>;

/**
 * The capsule of a shape: it contains the whole shape. A sphere or capsule is exact. A cylinder gets the capsule of smallest volume on its axis,
 * which reaches further than the cylinder.
 *
 * @param xyz @param rpy of the shape in the frame of its link, m and rad
 */
export function capsuleOf(shape: RoundShape, xyz: Vector3, rpy: Vector3): Capsule {
  const { half, radius } = uprightCapsule(shape);
  const offset = rotated(rotationFromRpy(rpy), Float64Array.of(0, 0, half));
  const end = (sign: number): Vector3 => [
    xyz[0] + sign * f64(offset, 0),
    xyz[1] + sign * f64(offset, 1),
    xyz[2] + sign * f64(offset, 2),
  ];
  return { from: end(-1), to: end(1), radius };
}

function uprightCapsule(shape: RoundShape): UprightCapsule {
  switch (shape.kind) {
    case 'sphere':
      return { half: 0, radius: shape.radius };
    case 'capsule':
      return { half: shape.length / 2, radius: shape.radius };
    case 'cylinder':
      return capsuleAround(shape.radius, shape.length / 2);
  }
}

/** Halvings of the range in which the capsule of smallest volume is sought: more than a double resolves. */
const HALVINGS = 60;

/**
 * The capsule of smallest volume around a cylinder. Its half spheres have to contain the rims. Where their centres are `t` inside the ends, the
 * radius is √(radius² + t²). Its volume falls with t until the derivative, which grows with t, is 0; for a flat cylinder it falls until
 * the capsule is a sphere.
 */
function capsuleAround(radius: number, half: number): UprightCapsule {
  const derivative = (t: number): number =>
    2 * t * half - 3 * t ** 2 - radius ** 2 + 2 * t * Math.hypot(radius, t);
  let inside = 0;
  let beyond = half;
  if (derivative(half) <= 0) {
    inside = half;
  } else {
    for (let step = 0; step < HALVINGS; step++) {
      const middle = (inside + beyond) / 2;
      if (derivative(middle) <= 0) inside = middle;
      else beyond = middle;
    }
  }
  return { half: half - inside, radius: Math.hypot(radius, inside) };
}
