import { JepaMpcError } from '../../core/errors.js';
import { ConditionNumber } from '../../math/condition-number.js';
import type { LinkJacobian } from '../../robot/link-jacobian.js';
import type { LinkPoses } from '../../robot/link-poses.js';
import { spreadPoses } from '../../robot/spread-poses.js';
import type { Urdf } from '../../robot/urdf.js';
import { axisNames } from './workspace-settings.js';

/** Speed that is left at the stop and beyond it, as a fraction: the robot has to be able to leave. */
const SLOWEST = 0.1;

/** Poses in which an arm has to be able to move along the axes at least once. */
const POSES = 64;

/** The distance from a singular pose, as the condition number of the Jacobian of the axes that an action controls. */
export class Singularity {
  readonly #slow: number;
  readonly #stop: number;
  readonly #condition: ConditionNumber;
  /** `[6, J]`, of the tip. */
  readonly #jacobian: Float64Array;
  readonly #joints: number;

  /** @param rows of the Jacobian `[6, J]` that count, at least one @param slow below `stop` */
  constructor(rows: readonly number[], slow: number, stop: number, jacobian: Float64Array) {
    this.#slow = slow;
    this.#stop = stop;
    this.#condition = new ConditionNumber(rows);
    this.#jacobian = jacobian;
    this.#joints = jacobian.length / 6;
  }

  /** The condition number at the Jacobian as it is. */
  value(): number {
    return this.#condition.of(this.#jacobian, this.#joints);
  }

  /** The fraction of its speed that a robot keeps: 1 up to the slow threshold, then less, and {@link SLOWEST} from the stop on. */
  speedFactor(): number {
    const value = this.value();
    if (value <= this.#slow) return 1;
    if (!(value < this.#stop)) return SLOWEST;
    return 1 - ((1 - SLOWEST) * (value - this.#slow)) / (this.#stop - this.#slow);
  }
}

/**
 * Refuses axes that an arm cannot move along all at once, because it would be stopped wherever it is: more axes than joints, or an axis across a
 * planar arm.
 *
 * @param poses are left at another pose
 * @throws JepaMpcError `params.invalid`
 */
export function checkAxes(
  rows: readonly number[],
  stop: number,
  urdf: Urdf,
  jointNames: readonly string[],
  poses: LinkPoses,
  tip: LinkJacobian,
  tipName: string,
): void {
  const condition = new ConditionNumber(rows);
  const jacobian = new Float64Array(6 * jointNames.length);
  let best = Infinity;
  for (const pose of spreadPoses(urdf, jointNames, POSES)) {
    poses.update(pose);
    tip.compute(jacobian);
    best = Math.min(best, condition.of(jacobian, jointNames.length));
  }
  if (best < stop) return;
  throw new JepaMpcError('params.invalid', {
    subject: 'parameter workspace.condition_axes',
    found: `'${axisNames(rows)}', with a condition number of at least ${String(Number(best.toPrecision(4)))} wherever the joints ${jointNames.join(', ')} put link '${tipName}'`,
    expected: `axes along which these joints can move it, with a condition number below ${String(stop)}`,
    remedy: 'Name only axes that the action controls, and no more than there are joints.',
  });
}
