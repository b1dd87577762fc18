import { assertLength, at, f64 } from '../core/array-access.js';
import type { LinkPoses, MovingJoint } from './link-poses.js';

/** The Jacobian of the origin of one link, from the poses of all links. */
export class LinkJacobian {
  readonly #poses: LinkPoses;
  readonly #link: number;
  readonly #jointCount: number;
  readonly #chain: readonly MovingJoint[];

  /** @param link index in `poses.links` @param jointCount J, number of joint positions */
  constructor(poses: LinkPoses, link: number, jointCount: number) {
    this.#poses = poses;
    this.#link = link;
    this.#jointCount = jointCount;
    const chain: MovingJoint[] = [];
    for (let above = link; above >= 0; above = poses.parentOf(above)) {
      const joint = poses.movingJoint(above);
      if (joint !== null) chain.push(joint);
    }
    this.#chain = chain;
  }

  /**
   * Writes the Jacobian at the poses of the last update. Rows are the velocity along x, y, z [m/s] and the angular velocity about x, y, z
   * [rad/s] of the root frame, for a velocity of 1 of each joint. No arrays are made.
   *
   * @param out `[6, J]`, written
   * @throws RangeError for another size of `out`
   */
  compute(out: Float64Array): void {
    const joints = this.#jointCount;
    assertLength('Jacobian', out, 6 * joints);
    const { positions, rotations } = this.#poses;
    out.fill(0);
    for (let index = 0; index < this.#chain.length; index++) {
      const { link, position, multiplier, slides, axis } = at(this.#chain, index);
      const frame = 9 * link;
      const x = multiplier * component(rotations, frame, axis);
      const y = multiplier * component(rotations, frame + 3, axis);
      const z = multiplier * component(rotations, frame + 6, axis);
      if (slides) {
        add(out, position, x);
        add(out, position + joints, y);
        add(out, position + 2 * joints, z);
        continue;
      }
      const armX = f64(positions, 3 * this.#link) - f64(positions, 3 * link);
      const armY = f64(positions, 3 * this.#link + 1) - f64(positions, 3 * link + 1);
      const armZ = f64(positions, 3 * this.#link + 2) - f64(positions, 3 * link + 2);
      add(out, position, y * armZ - z * armY);
      add(out, position + joints, z * armX - x * armZ);
      add(out, position + 2 * joints, x * armY - y * armX);
      add(out, position + 3 * joints, x);
      add(out, position + 4 * joints, y);
      add(out, position + 5 * joints, z);
    }
  }
}

function component(rotations: Float64Array, start: number, axis: MovingJoint['axis']): number {
  return (
    f64(rotations, start) * axis[0] +
    f64(rotations, start + 1) * axis[1] +
    f64(rotations, start + 2) * axis[2]
  );
}

function add(out: Float64Array, place: number, value: number): void {
  out[place] = f64(out, place) + value;
}
