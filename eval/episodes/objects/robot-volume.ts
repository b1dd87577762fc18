import { f64 } from '../../../src/core/array-access.js';
import { segmentBoxDistance } from '../../../src/math/segment-box-distance.js';
import { segmentDistance } from '../../../src/math/segment-distance.js';
import type { Capsule } from '../../../src/robot/capsules.js';
import type { LinkPoses } from '../../../src/robot/link-poses.js';
import type { Urdf } from '../../../src/robot/urdf.js';
import { RobotShapes } from '../../../src/safety/workspace/robot-shapes.js';
import { isMoved } from './moved-links.js';

/**
 * The room that the moved links take, by their collision shapes or else their visuals. A link that has only a mesh counts as the point at its
 * origin.
 */
export class RobotVolume {
  readonly #poses: LinkPoses;
  readonly #shapes: RobotShapes;
  readonly #links: readonly number[];
  /** The capsules of the robot, and one more `[C + 1, 2, 3]`. */
  readonly #ends: Float64Array;

  /** @param poses of the same robot: overwritten by each use */
  constructor(urdf: Urdf, poses: LinkPoses) {
    this.#poses = poses;
    this.#shapes = new RobotShapes(urdf, poses, 'collision_or_visual');
    this.#links = [...poses.links.keys()].filter((link) => isMoved(poses, link));
    this.#ends = new Float64Array(this.#shapes.ends.length + 6);
  }

  /**
   * The distance between the moved links and a capsule in the frame of the root link, m; negative where they overlap.
   *
   * @param pose joint positions `[J]`, rad or m
   */
  distance(pose: readonly number[], { from, to, radius }: Capsule): number {
    this.#poses.update(pose);
    this.#shapes.update();
    const { ends, radii, boxes } = this.#shapes;
    const own = ends.length / 6;
    this.#ends.set(ends);
    this.#ends.set([...from, ...to], ends.length);
    let distance = Infinity;
    for (const link of this.#links) {
      const capsules = this.#shapes.capsulesOf(link);
      for (let index = capsules.first; index < capsules.end; index++)
        distance = Math.min(distance, segmentDistance(this.#ends, index, own) - f64(radii, index));
      const ofLink = this.#shapes.boxesOf(link);
      for (let index = ofLink.first; index < ofLink.end; index++)
        distance = Math.min(distance, segmentBoxDistance(this.#ends, own, boxes, index));
    }
    return distance - radius;
  }
}
