import { assertLength, at, f64 } from '../../core/array-access.js';
import { capsuleOf } from '../../robot/capsules.js';
import { shapesOf, type GeometrySource } from '../../robot/collision-geometry.js';
import type { LinkPoses } from '../../robot/link-poses.js';
import type { Urdf } from '../../robot/urdf.js';
import type { Vector3 } from '../../robot/urdf-xml.js';

/** The capsules of a link, as a range of the capsules of the robot: from `first` up to `end`. */
export interface CapsuleRange {
  readonly first: number;
  readonly end: number;
}

/** The capsules of all links. A link without a primitive has one of no size at its origin. */
export class RobotCapsules {
  /** Start and end of every segment in the frame of the root link `[C, 2, 3]`, m: overwritten by each update. */
  readonly ends: Float64Array;
  /** `[C]`, m */
  readonly radii: Float64Array;
  readonly #poses: LinkPoses;
  /** As `ends`, in the frame of the link. */
  readonly #local: Float64Array;
  /** Index of the link of each capsule `[C]`. */
  readonly #links: readonly number[];
  readonly #ranges: readonly CapsuleRange[];
  readonly #hasShape: readonly boolean[];
  readonly #withoutShape: readonly (readonly string[])[];

  constructor(urdf: Urdf, poses: LinkPoses, source: GeometrySource) {
    const shapes = poses.links.map((link) => shapesOf(urdf.geometry.get(link), source));
    const capsules = shapes.map((ofLink) => {
      const fitted = ofLink.shapes.map(capsuleOf);
      return fitted.length > 0 ? fitted : [{ from: ORIGIN, to: ORIGIN, radius: 0 }];
    });
    this.#poses = poses;
    this.#hasShape = shapes.map((ofLink) => ofLink.shapes.length > 0);
    this.#withoutShape = shapes.map((ofLink) => ofLink.withoutShape);
    this.#links = capsules.flatMap((ofLink, link) => ofLink.map(() => link));
    const ranges: CapsuleRange[] = [];
    for (const ofLink of capsules) {
      const first = ranges.at(-1)?.end ?? 0;
      ranges.push({ first, end: first + ofLink.length });
    }
    this.#ranges = ranges;
    const all = capsules.flat();
    this.#local = Float64Array.from(all.flatMap(({ from, to }) => [...from, ...to]));
    this.ends = new Float64Array(this.#local.length);
    this.radii = Float64Array.from(all, ({ radius }) => radius);
  }

  rangeOf(link: number): CapsuleRange {
    return at(this.#ranges, link);
  }

  /** Whether a link has a capsule of its own, and its pose is known. */
  hasShape(link: number): boolean {
    return at(this.#hasShape, link) && this.#poses.isPlaced(link);
  }

  /** The elements of a link that no capsule could be fitted to, in words. */
  withoutShape(link: number): readonly string[] {
    return at(this.#withoutShape, link);
  }

  /** Computes {@link RobotCapsules.ends} from the poses of the last update. No arrays are made. */
  update(): void {
    const { positions, rotations } = this.#poses;
    assertLength('ends of capsules', this.ends, 6 * this.#links.length);
    for (let capsule = 0; capsule < this.#links.length; capsule++) {
      const link = at(this.#links, capsule);
      for (let end = 6 * capsule; end < 6 * capsule + 6; end += 3) {
        const x = f64(this.#local, end);
        const y = f64(this.#local, end + 1);
        const z = f64(this.#local, end + 2);
        for (let row = 0; row < 3; row++) {
          const entry = 9 * link + 3 * row;
          this.ends[end + row] =
            f64(positions, 3 * link + row) +
            f64(rotations, entry) * x +
            f64(rotations, entry + 1) * y +
            f64(rotations, entry + 2) * z;
        }
      }
    }
  }
}

const ORIGIN: Vector3 = [0, 0, 0];
