import { assertMultiple } from '../core/array-access.js';
import type { JointLimit } from '../core/types.js';
import { ActionMotion } from './action-motion.js';
import type { ActionSemantics } from '../core/ports.js';
import { chainTo, ForwardKinematics } from './forward-kinematics.js';
import type { Urdf } from './urdf.js';
import type { UrdfJoint } from './urdf-joint.js';

/** Maximum number of points of a path. A longer plan keeps every n-th point, and its last. */
const MAX_POINTS = 33;

/** Paths `[M, P, 3]`, m, in the frame of {@link TipPaths.frame}. */
export interface Paths {
  readonly points: Float64Array;
  /** M */
  readonly count: number;
  /** P */
  readonly length: number;
}

/** Paths of one link of the robot under action sequences, from its kinematics alone: for display. */
export class TipPaths {
  /** The root link of the robot description. */
  readonly frame: string;
  readonly link: string;
  readonly #kinematics: ForwardKinematics;
  readonly #motion: ActionMotion;
  /** A */
  readonly #actionSize: number;
  readonly #point = new Float64Array(3);

  /**
   * @param limits of the joints of the action, in their order
   * @param link whose origin is traced; empty: the last link of the chain of these joints
   * @throws JepaMpcError `urdf.invalid` (no such link), `urdf.unknown-joint` (a joint of its chain is not a joint of the action)
   */
  constructor(urdf: Urdf, limits: readonly JointLimit[], semantics: ActionSemantics, link = '') {
    const joints = limits.map(({ name }) => name);
    this.frame = urdf.rootLink;
    this.link = link === '' ? lastLink(urdf, joints) : link;
    this.#kinematics = new ForwardKinematics(urdf, this.link, joints);
    this.#motion = new ActionMotion(limits, semantics);
    this.#actionSize = semantics.size;
  }

  /**
   * Computes the paths. The first point of each is the present position of the link.
   *
   * @param start joint positions `[J]`, rad or m
   * @param sequences raw actions `[M, K, A]`
   * @param periods K, at least 1
   * @param periodS length of a period, s
   * @throws RangeError when `sequences` is not a whole number of sequences
   */
  trace(start: Float64Array, sequences: Float32Array, periods: number, periodS: number): Paths {
    const size = periods * this.#actionSize;
    assertMultiple('action sequences', sequences, size);
    const count = sequences.length / size;
    const stride = Math.ceil(periods / (MAX_POINTS - 1));
    const length = 1 + Math.ceil(periods / stride);
    const points = new Float64Array(count * length * 3);
    for (let path = 0; path < count; path++) {
      const actions = sequences.subarray(path * size, (path + 1) * size);
      let place = path * length * 3;
      this.#motion.startFrom(start);
      points.set(this.#kinematics.position(this.#motion.position, this.#point), place);
      for (let period = 0; period < periods; period++) {
        this.#motion.advance(actions, period, periodS);
        if ((period + 1) % stride !== 0 && period + 1 !== periods) continue;
        place += 3;
        points.set(this.#kinematics.position(this.#motion.position, this.#point), place);
      }
    }
    return { points, count, length };
  }
}

/** The child link of the joint farthest from the root, and on through fixed joints, along the longest branch. */
export function lastLink(urdf: Urdf, joints: readonly string[]): string {
  const depthOf = (link: string): number => chainTo(urdf, link).length;
  const children = urdf.joints
    .filter(({ name }) => joints.includes(name))
    .map(({ child }) => child)
    .sort((a, b) => depthOf(b) - depthOf(a));
  const branch = (link: string): string[] => {
    const fixed = urdf.joints.filter((joint: UrdfJoint) => joint.parent === link && joint.type === 'fixed');
    const longest = fixed.map(({ child }) => branch(child)).sort((a, b) => b.length - a.length)[0] ?? [];
    return [link, ...longest];
  };
  return branch(children[0] ?? urdf.rootLink).at(-1) ?? urdf.rootLink;
}
