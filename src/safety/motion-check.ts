import { assertLength, assertRoom, at, f64 } from '../core/array-access.js';
import { listedIn } from '../core/names.js';
import { LinkJacobian } from '../robot/link-jacobian.js';
import { LinkPoses } from '../robot/link-poses.js';
import { parseSrdf } from '../robot/srdf.js';
import { lastLink } from '../robot/tip-paths.js';
import type { Urdf } from '../robot/urdf.js';
import { collisionPairs, type IndexPair } from './workspace/collision-pairs.js';
import { linkDistance } from './workspace/link-distance.js';
import { motionNotes } from './workspace/motion-notes.js';
import {
  conditionRule,
  floorRule,
  pairRule,
  planeRuleOf,
  speedRule,
  type DescribedRule,
  type MotionRule,
  type PlacedPlane,
} from './workspace/motion-rules.js';
import { RobotShapes } from './workspace/robot-shapes.js';
import { checkAxes, Singularity } from './workspace/singularity.js';
import type { WorkspaceValues } from './workspace/workspace-parameters.js';
import { linkIndex, workspaceSettings } from './workspace/workspace-settings.js';

/**
 * Share of the limit of the tip's speed that a scaled velocity aims at. The tip's speed for the same joint velocities grows between two ticks, and
 * joints are slewed one by one, so a velocity at the limit would break it in the next tick.
 */
const SPEED_SHARE = 0.9;

/**
 * Checks states of the joints against the rules of a work space: half-spaces, boxes, a floor, links that stay apart, the speed of the tip, and its
 * distance from singular poses. Links are boxes, and capsules that contain their other shapes; a link without a shape is its origin.
 */
export class MotionCheck {
  /** In the order of the excesses: planes, pairs, speed, condition number. */
  readonly rules: readonly MotionRule[];
  /** What a person should know of the rules, for the log: links without a shape, and pairs that are not checked. */
  readonly notes: readonly string[];
  readonly #described: readonly DescribedRule[];
  readonly #planes: readonly PlacedPlane[];
  readonly #pairs: readonly IndexPair[];
  readonly #clearance: number;
  /** m/s; 0: no limit */
  readonly #maxTcpSpeed: number;
  readonly #conditionStop: number;
  readonly #singularity: Singularity | null;
  readonly #poses: LinkPoses;
  readonly #shapes: RobotShapes;
  readonly #tip: LinkJacobian;
  /** `[6, J]` */
  readonly #jacobian: Float64Array;

  /**
   * @param jointNames order of the states that are passed later `[J]`
   * @param srdf text of the SRDF; null: none
   * @throws JepaMpcError `params.invalid` (a rule, an unknown link), `srdf.invalid`, `urdf.unknown-joint`
   */
  constructor(urdf: Urdf, jointNames: readonly string[], values: WorkspaceValues, srdf: string | null) {
    const settings = workspaceSettings(values);
    const poses = new LinkPoses(urdf, jointNames);
    const shapes = new RobotShapes(urdf, poses, values['workspace.geometry']);
    const parsedSrdf = srdf === null ? null : parseSrdf(srdf, urdf);
    const clearance = values['workspace.clearance_m'];
    const planes = [
      ...settings.halfSpaces.map((rule) => planeRuleOf('half-space', rule, poses)),
      ...settings.boxes.map((rule) => planeRuleOf('box', rule, poses)),
      ...floorLinks(values, poses).map((link) =>
        floorRule(link, at(poses.links, link), values['workspace.floor_z'], clearance),
      ),
    ];
    const pairs = values['workspace.self_collision']
      ? collisionPairs(urdf, jointNames, poses, shapes, parsedSrdf, clearance)
      : { checked: [], alwaysTouching: [] };
    const tipName = values['workspace.tip_link'] || lastLink(urdf, jointNames);
    const tipLink = linkIndex('workspace.tip_link', tipName, poses.links);
    const rows = settings.conditionRows;
    const stop = values['workspace.condition_stop'];
    this.#poses = poses;
    this.#shapes = shapes;
    this.#planes = planes.map(({ plane }) => plane);
    this.#pairs = pairs.checked;
    this.#clearance = clearance;
    this.#maxTcpSpeed = values['workspace.max_tcp_speed'];
    this.#conditionStop = stop;
    this.#tip = new LinkJacobian(poses, tipLink, jointNames.length);
    this.#jacobian = new Float64Array(6 * jointNames.length);
    this.#singularity =
      rows.length === 0
        ? null
        : new Singularity(rows, values['workspace.condition_slow'], stop, this.#jacobian);
    if (rows.length > 0) checkAxes(rows, stop, urdf, jointNames, poses, this.#tip, tipName);
    this.#described = [
      ...planes,
      ...pairs.checked.map((pair) => pairRule(pair, poses, clearance)),
      ...(this.#maxTcpSpeed > 0 ? [speedRule(tipName, this.#maxTcpSpeed)] : []),
      ...(rows.length > 0 ? [conditionRule(tipName, rows, stop)] : []),
    ];
    this.rules = this.#described.map(({ rule }) => rule);
    this.notes = motionNotes(poses, shapes, planes, values['workspace.self_collision'], pairs.alwaysTouching);
  }

  /** Sets the position of a joint that the model does not move, rad or m; 0 until then. Other names are ignored. */
  hold(joint: string, position: number): void {
    this.#poses.hold(joint, position);
  }

  /**
   * Writes how far a state breaks each rule, in the unit of the rule: 0 or less where it is kept. All are NaN, which no limit allows, if a
   * number of the state is not finite. No arrays are made.
   *
   * @param position `[J]`, rad or m
   * @param velocity `[J]`, rad/s or m/s
   * @param out of {@link MotionCheck.rules}, or longer
   * @throws RangeError for other sizes
   */
  excesses(position: ArrayLike<number>, velocity: ArrayLike<number>, out: Float64Array): void {
    assertLength('joint velocities', velocity, this.#jacobian.length / 6);
    assertRoom('excesses', out, this.rules.length);
    this.#poses.update(position);
    if (!areFinite(position) || !areFinite(velocity)) {
      out.fill(NaN, 0, this.rules.length);
      return;
    }
    this.#shapes.update();
    let rule = 0;
    for (let index = 0; index < this.#planes.length; index++)
      out[rule++] = this.#beyondPlane(at(this.#planes, index));
    for (let index = 0; index < this.#pairs.length; index++) {
      const [first, second] = at(this.#pairs, index);
      out[rule++] = this.#clearance - linkDistance(this.#shapes, first, second, this.#clearance);
    }
    if (rule === this.rules.length) return;
    this.#tip.compute(this.#jacobian);
    if (this.#maxTcpSpeed > 0) out[rule++] = this.#tipSpeed(velocity) - this.#maxTcpSpeed;
    if (this.#singularity !== null) out[rule] = this.#singularity.value() - this.#conditionStop;
  }

  /**
   * A broken rule in words: the link or the pair, what was found, and the limit.
   *
   * @param excess as written for this rule
   */
  describe(ruleIndex: number, excess: number): string {
    return at(this.#described, ruleIndex).describe(excess);
  }

  /**
   * The fraction of a velocity that keeps the robot within the rules of speed: less than 1 near a singular pose, but never 0, so that it can
   * leave, and where the tip would be faster than {@link SPEED_SHARE} of its limit.
   *
   * @param position `[J]`, rad or m
   * @param velocity that is about to be commanded `[J]`, rad/s or m/s
   * @throws RangeError for other sizes
   */
  speedFactor(position: ArrayLike<number>, velocity: ArrayLike<number>): number {
    assertLength('joint velocities', velocity, this.#jacobian.length / 6);
    if (this.#singularity === null && this.#maxTcpSpeed === 0) return 1;
    this.#poses.update(position);
    this.#tip.compute(this.#jacobian);
    const nearSingular = this.#singularity?.speedFactor() ?? 1;
    const speed = this.#tipSpeed(velocity);
    const limit = SPEED_SHARE * this.#maxTcpSpeed;
    return this.#maxTcpSpeed === 0 || speed <= limit ? nearSingular : Math.min(nearSingular, limit / speed);
  }

  /** How far the shapes of a link reach beyond a plane, m. */
  #beyondPlane({ link, x, y, z, offset }: PlacedPlane): number {
    return offset - this.#shapes.leastAlong(link, x, y, z);
  }

  /** Speed of the tip, m/s. */
  #tipSpeed(velocity: ArrayLike<number>): number {
    let squares = 0;
    for (let row = 0; row < 3; row++) {
      let sum = 0;
      for (let joint = 0; joint < velocity.length; joint++)
        sum += f64(this.#jacobian, row * velocity.length + joint) * at(velocity, joint);
      squares += sum * sum;
    }
    return Math.sqrt(squares);
  }
}

function areFinite(values: ArrayLike<number>): boolean {
  for (let index = 0; index < values.length; index++) if (!Number.isFinite(at(values, index))) return false;
  return true;
}

/** Links that stay above the floor: those that the joints of the model move, but for the ignored ones. */
function floorLinks(values: WorkspaceValues, poses: LinkPoses): number[] {
  const ignored = listedIn(values['workspace.floor_ignore']).map((link) =>
    linkIndex('workspace.floor_ignore', link, poses.links),
  );
  if (!values['workspace.floor']) return [];
  return [...poses.links.keys()].filter(
    (link) => isMoved(poses, link) && poses.isPlaced(link) && !ignored.includes(link),
  );
}

function isMoved(poses: LinkPoses, link: number): boolean {
  for (let above = link; above >= 0; above = poses.parentOf(above))
    if (poses.movingJoint(above) !== null) return true;
  return false;
}
