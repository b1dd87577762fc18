import { f64 } from '../core/array-access.js';
import { displacement } from '../core/joint-positions.js';
import type { FrameSet } from '../core/model-info.js';
import type { ValuesOf } from '../core/parameter.js';
import type { ImageFrame, JointLimit } from '../core/types.js';
import type { watchdogParameters } from './watchdog-parameters.js';

type FrozenImageValues = Pick<
  ValuesOf<typeof watchdogParameters>,
  'watchdog.frozen_image_travel' | 'watchdog.frozen_image_travel_m'
>;

/** A picture of one camera, and where the robot was when it first came. */
interface Seen {
  readonly frame: ImageFrame;
  /** `[J]`, rad or m. */
  readonly position: Float64Array;
  readonly isStale: boolean;
}

/**
 * Notices a camera that repeats one picture while the robot moves: frozen, covered, or black. Its stamps may be fresh, so only the pixels tell.
 * A picture that stays the same in front of a robot at rest is no fault.
 */
export class FrozenImage {
  readonly #joints: readonly Pick<JointLimit, 'unit' | 'continuous'>[];
  readonly #values: () => FrozenImageValues;
  /** By camera. */
  #seen: readonly Seen[] = [];

  /** @param values read at each use: they may change while the node runs */
  constructor(joints: readonly Pick<JointLimit, 'unit' | 'continuous'>[], values: () => FrozenImageValues) {
    this.#joints = joints;
    this.#values = values;
  }

  /** Why the pictures cannot show where the robot is; null when they may. */
  get found(): string | null {
    const stale = this.#seen.flatMap(({ isStale }, camera) => (isStale ? [String(camera + 1)] : []));
    if (stale.length === 0) return null;
    const whose = this.#seen.length === 1 ? '' : ` of camera ${stale.join(', ')}`;
    return `the picture${whose} has not changed while the robot moved`;
  }

  /** @param position `[J]` of the robot at the stamp of the frames, rad or m; NaN where it is not known */
  note({ frames }: FrameSet, position: Float64Array): void {
    this.#seen = frames.map((frame, camera) => {
      const before = this.#seen[camera];
      if (before === undefined || !isSame(before.frame, frame)) return { frame, position, isStale: false };
      const isStale = before.isStale || this.#hasMoved(before.position, position);
      // Until the first reading nobody knows where the robot is.
      const from = before.position.some(Number.isNaN) ? position : before.position;
      return { frame, position: from, isStale };
    });
  }

  /** Forgets all pictures. */
  reset(): void {
    this.#seen = [];
  }

  #hasMoved(from: Float64Array, to: Float64Array): boolean {
    const values = this.#values();
    return this.#joints.some(({ unit, continuous }, joint) => {
      const limit = values[unit === 'm' ? 'watchdog.frozen_image_travel_m' : 'watchdog.frozen_image_travel'];
      return limit > 0 && Math.abs(displacement(f64(from, joint), f64(to, joint), continuous)) > limit;
    });
  }
}

function isSame(a: ImageFrame, b: ImageFrame): boolean {
  return a.width === b.width && a.height === b.height && Buffer.compare(a.data, b.data) === 0;
}
