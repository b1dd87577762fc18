import { f64 } from '../../../src/core/array-access.js';
import { shapesOf, type PlacedShape, type Shape } from '../../../src/robot/collision-geometry.js';
import type { LinkPoses } from '../../../src/robot/link-poses.js';
import { multiplyRotations, translate } from '../../../src/robot/rigid-transform.js';
import { rotationFromRpy } from '../../../src/robot/rotation.js';
import type { Urdf } from '../../../src/robot/urdf.js';
import { isMoved } from './moved-links.js';

/** A shape in the frame of the root link: its middle [m] and a row-major 3x3 matrix. */
export interface Solid {
  readonly shape: Shape;
  readonly centre: Float64Array;
  readonly rotation: Float64Array;
}

/** An interval of heights, m. */
type Interval = readonly [low: number, high: number];

const NO_END: Interval = [-Infinity, Infinity];

/** A solid of an object that stands in the frame of the root link. */
export function solidOf({ shape, xyz, rpy }: PlacedShape): Solid {
  return { shape, centre: Float64Array.from(xyz), rotation: rotationFromRpy(rpy) };
}

/**
 * The shapes of all links that no joint of the positions moves, as the simulator lets them touch things: collision shapes, or else visuals. Meshes are left out.
 *
 * @param poses after an update
 */
export function fixedSolids(urdf: Urdf, poses: LinkPoses): Solid[] {
  return poses.links.flatMap((name, link) =>
    isMoved(poses, link)
      ? []
      : shapesOf(urdf.geometry.get(name), 'collision_or_visual').shapes.map(({ shape, xyz, rpy }) => {
          const solid = { shape, centre: new Float64Array(3), rotation: new Float64Array(9) };
          translate(solid.centre, 0, poses.positions, link, poses.rotations, 9 * link, xyz, 1);
          multiplyRotations(poses.rotations, 9 * link, rotationFromRpy(rpy), solid.rotation, 0);
          return solid;
        }),
  );
}

/**
 * The height of the highest surface at or below a point, m.
 *
 * @returns -Infinity where there is nothing below; NaN where the point is inside a solid
 */
export function surfaceBelow(solids: readonly Solid[], x: number, y: number, z: number): number {
  let highest = -Infinity;
  for (const solid of solids) {
    const heights = heightsAt(solid, x, y);
    if (heights === null || heights[0] > z) continue;
    if (heights[1] > z) return Number.NaN;
    highest = Math.max(highest, heights[1]);
  }
  return highest;
}

/** Where the vertical line through a point is inside a solid; null: nowhere. */
export function heightsAt({ shape, centre, rotation }: Solid, x: number, y: number): Interval | null {
  const offset = [x - f64(centre, 0), y - f64(centre, 1), 0];
  // In the frame of the shape: a point of the line, at the height of the centre, and its direction.
  const from = [0, 1, 2].map((axis) =>
    [0, 1, 2].reduce((sum, row) => sum + f64(rotation, 3 * row + axis) * (offset[row] ?? 0), 0),
  );
  const along = [6, 7, 8].map((index) => f64(rotation, index));
  const inside = insideOf(shape, from, along);
  if (inside === null) return null;
  const height = f64(centre, 2);
  return [height + inside[0], height + inside[1]];
}

/** The round ends of a capsule do not count. */
function insideOf(shape: Shape, from: readonly number[], along: readonly number[]): Interval | null {
  switch (shape.kind) {
    case 'box':
      return shape.size.reduce<Interval | null>(
        (inside, size, axis) => common(inside, between(from[axis] ?? 0, along[axis] ?? 0, size / 2)),
        NO_END,
      );
    case 'sphere':
      return within(from, along, shape.radius);
    case 'cylinder':
    case 'capsule':
      return common(
        within(from.slice(0, 2), along.slice(0, 2), shape.radius),
        between(from[2] ?? 0, along[2] ?? 0, shape.length / 2),
      );
  }
}

const PARALLEL = 1e-12;

/** Where a number that begins at `from` and changes by `along` is within `half` of 0. */
function between(from: number, along: number, half: number): Interval | null {
  if (Math.abs(along) < PARALLEL) return Math.abs(from) <= half ? NO_END : null;
  const ends = [(-half - from) / along, (half - from) / along];
  return [Math.min(...ends), Math.max(...ends)];
}

/** Where a point that begins at `from` and moves by `along` is within a radius of 0. */
function within(from: readonly number[], along: readonly number[], radius: number): Interval | null {
  const dot = (a: readonly number[], b: readonly number[]): number =>
    a.reduce((sum, value, axis) => sum + value * (b[axis] ?? 0), 0);
  const [a, b, c] = [dot(along, along), dot(from, along), dot(from, from) - radius * radius];
  if (a < PARALLEL) return c <= 0 ? NO_END : null;
  const root = Math.sqrt(b * b - a * c);
  return Number.isNaN(root) ? null : [(-b - root) / a, (-b + root) / a];
}

function common(first: Interval | null, second: Interval | null): Interval | null {
  if (first === null || second === null) return null;
  const both: Interval = [Math.max(first[0], second[0]), Math.min(first[1], second[1])];
  return both[0] <= both[1] ? both : null;
}
