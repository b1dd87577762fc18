import { at, f64 } from '../../core/array-access.js';
import type { Boxes } from '../../math/segment-box-distance.js';
import { capsuleOf, type Capsule } from '../../robot/capsules.js';
import { shapesOf, type GeometrySource, type PlacedShape } from '../../robot/collision-geometry.js';
import type { LinkPoses } from '../../robot/link-poses.js';
import { multiplyRotations, translate } from '../../robot/rigid-transform.js';
import { rotationFromRpy } from '../../robot/rotation.js';
import type { Urdf } from '../../robot/urdf.js';
import type { Vector3 } from '../../robot/urdf-xml.js';

/** The capsules or the boxes of a link, as a range of those of the robot: from `first` up to `end`. */
export interface ShapeRange {
  readonly first: number;
  readonly end: number;
}

/** A box in the frame of its link, m. */
interface PlacedBox {
  readonly centre: Vector3;
  readonly rotation: Float64Array;
  readonly size: Vector3;
}

interface OfLink<T> {
  readonly link: number;
  readonly shape: T;
}

/** The shapes of all links, as capsules and boxes. A link without a primitive has a capsule of no size at its origin. */
export class RobotShapes {
  /** Start and end of the segment of every capsule in the frame of the root link `[C, 2, 3]`, m: overwritten by each update. */
  readonly ends: Float64Array;
  /** Of the capsules `[C]`, m. */
  readonly radii: Float64Array;
  /** In the frame of the root link: centres and rotations are overwritten by each update. */
  readonly boxes: Boxes;
  readonly #poses: LinkPoses;
  readonly #capsules: readonly OfLink<Capsule>[];
  readonly #boxes: readonly OfLink<PlacedBox>[];
  readonly #capsuleRanges: readonly ShapeRange[];
  readonly #boxRanges: readonly ShapeRange[];
  readonly #hasShape: readonly boolean[];
  readonly #withoutShape: readonly (readonly string[])[];

  constructor(urdf: Urdf, poses: LinkPoses, source: GeometrySource) {
    const shapes = poses.links.map((link) => shapesOf(urdf.geometry.get(link), source));
    const capsules = shapes.map((ofLink) =>
      ofLink.shapes.length > 0 ? capsulesAmong(ofLink.shapes) : [POINT],
    );
    const boxes = shapes.map((ofLink) => boxesAmong(ofLink.shapes));
    this.#poses = poses;
    this.#hasShape = shapes.map((ofLink) => ofLink.shapes.length > 0);
    this.#withoutShape = shapes.map((ofLink) => ofLink.withoutShape);
    this.#capsules = listed(capsules);
    this.#boxes = listed(boxes);
    this.#capsuleRanges = rangesOf(capsules);
    this.#boxRanges = rangesOf(boxes);
    this.ends = new Float64Array(6 * this.#capsules.length);
    this.radii = Float64Array.from(this.#capsules, ({ shape }) => shape.radius);
    this.boxes = {
      centres: new Float64Array(3 * this.#boxes.length),
      rotations: new Float64Array(9 * this.#boxes.length),
      halves: Float64Array.from(this.#boxes.flatMap(({ shape }) => shape.size.map((side) => side / 2))),
    };
  }

  capsulesOf(link: number): ShapeRange {
    return at(this.#capsuleRanges, link);
  }

  boxesOf(link: number): ShapeRange {
    return at(this.#boxRanges, link);
  }

  /** Whether the pose of a link is known and the link has a shape of its own. */
  hasShape(link: number): boolean {
    return at(this.#hasShape, link) && this.#poses.isPlaced(link);
  }

  /** The elements of a link that have no shape, in words. */
  withoutShape(link: number): readonly string[] {
    return at(this.#withoutShape, link);
  }

  /** Computes where the shapes are, from the poses of the last update. No arrays are made. */
  update(): void {
    const { positions, rotations } = this.#poses;
    const { centres, rotations: turned } = this.boxes;
    for (let index = 0; index < this.#capsules.length; index++) {
      const { link, shape } = at(this.#capsules, index);
      translate(this.ends, 2 * index, positions, link, rotations, 9 * link, shape.from, 1);
      translate(this.ends, 2 * index + 1, positions, link, rotations, 9 * link, shape.to, 1);
    }
    for (let index = 0; index < this.#boxes.length; index++) {
      const { link, shape } = at(this.#boxes, index);
      translate(centres, index, positions, link, rotations, 9 * link, shape.centre, 1);
      multiplyRotations(rotations, 9 * link, shape.rotation, turned, 9 * index);
    }
  }

  /**
   * How far the shapes of a link reach against a direction: the least dot product of the direction with a point of theirs, m. No arrays are made.
   *
   * @param x @param y @param z unit vector in the frame of the root link
   */
  leastAlong(link: number, x: number, y: number, z: number): number {
    let least = Infinity;
    const capsules = this.capsulesOf(link);
    for (let index = capsules.first; index < capsules.end; index++) {
      for (let place = 6 * index; place < 6 * index + 6; place += 3)
        least = Math.min(least, along(this.ends, place, 1, x, y, z) - f64(this.radii, index));
    }
    const { centres, rotations, halves } = this.boxes;
    const boxes = this.boxesOf(link);
    for (let index = boxes.first; index < boxes.end; index++) {
      let corner = along(centres, 3 * index, 1, x, y, z);
      for (let edge = 0; edge < 3; edge++)
        corner -= f64(halves, 3 * index + edge) * Math.abs(along(rotations, 9 * index + edge, 3, x, y, z));
      least = Math.min(least, corner);
    }
    return least;
  }
}

const POINT: Capsule = { from: [0, 0, 0], to: [0, 0, 0], radius: 0 };

function capsulesAmong(shapes: readonly PlacedShape[]): Capsule[] {
  return shapes.flatMap(({ shape, xyz, rpy }) => (shape.kind === 'box' ? [] : [capsuleOf(shape, xyz, rpy)]));
}

function boxesAmong(shapes: readonly PlacedShape[]): PlacedBox[] {
  return shapes.flatMap(({ shape, xyz, rpy }) =>
    shape.kind === 'box' ? [{ centre: xyz, rotation: rotationFromRpy(rpy), size: shape.size }] : [],
  );
}

/** @param shapes of each link */
function listed<T>(shapes: readonly (readonly T[])[]): OfLink<T>[] {
  return shapes.flatMap((ofLink, link) => ofLink.map((shape) => ({ link, shape })));
}

/** @param shapes of each link */
function rangesOf(shapes: readonly (readonly unknown[])[]): ShapeRange[] {
  const ranges: ShapeRange[] = [];
  for (const ofLink of shapes) {
    const first = ranges.at(-1)?.end ?? 0;
    ranges.push({ first, end: first + ofLink.length });
  }
  return ranges;
}

/** The dot product of (x, y, z) with three numbers of an array that are `stride` apart. */
function along(values: Float64Array, start: number, stride: number, x: number, y: number, z: number): number {
  return x * f64(values, start) + y * f64(values, start + stride) + z * f64(values, start + 2 * stride);
}
