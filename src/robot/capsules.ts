import { at, f64 } from '../core/array-access.js';
import type { PlacedShape, Shape } from './collision-geometry.js';
import { rotated, rotationFromRpy } from './rotation.js';
import type { Vector3 } from './urdf-xml.js';

/** All points within a radius of a segment: in the frame of a link, m. */
export interface Capsule {
  readonly from: Vector3;
  readonly to: Vector3;
  readonly radius: number;
}

/** A capsule about an axis through the origin of a shape. */
interface AxialCapsule {
  /** 0 is x, 1 is y, 2 is z. */
  readonly axis: number;
  /** Half the length of the segment, m. */
  readonly half: number;
  readonly radius: number;
}

/**
 * The capsule of a shape: it contains the whole shape. A sphere or capsule is exact. A cylinder gets the capsule of smallest volume on its axis,
 * a box that on its longest axis, so both reach further than the shape: a box at least to the circle around its cross-section.
 */
export function capsuleOf({ shape, xyz, rpy }: PlacedShape): Capsule {
  const { axis, half, radius } = axialCapsule(shape);
  const tip = new Float64Array(3);
  tip[axis] = half;
  const offset = rotated(rotationFromRpy(rpy), tip);
  const end = (sign: number): Vector3 => [
    xyz[0] + sign * f64(offset, 0),
    xyz[1] + sign * f64(offset, 1),
    xyz[2] + sign * f64(offset, 2),
  ];
  return { from: end(-1), to: end(1), radius };
}

function axialCapsule(shape: Shape): AxialCapsule {
  switch (shape.kind) {
    case 'sphere':
      return { axis: 2, half: 0, radius: shape.radius };
    case 'capsule':
      return { axis: 2, half: shape.length / 2, radius: shape.radius };
    case 'cylinder':
      return { axis: 2, ...capsuleAround(shape.radius, shape.length / 2) };
    case 'box': {
      const axis = shape.size.indexOf(Math.max(...shape.size));
      const across = shape.size.filter((_, side) => side !== axis);
      return { axis, ...capsuleAround(Math.hypot(...across) / 2, at(shape.size, axis) / 2) };
    }
  }
}

/** Halvings of the range in which the capsule of smallest volume is sought: more than a double resolves. */
const HALVINGS = 60;

/**
 * The capsule of smallest volume around a cylinder. Its half spheres have to contain the rims. Where their centres are `t` inside the ends, the
 * radius is √(radius² + t²). Its volume falls with t until the derivative, which grows with t, is 0; for a flat cylinder it falls until
 * the capsule is a sphere.
 */
function capsuleAround(radius: number, half: number): { half: number; radius: number } {
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
