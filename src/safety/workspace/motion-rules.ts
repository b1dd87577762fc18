import { at } from '../../core/array-access.js';
import { JepaMpcError } from '../../core/errors.js';
import type { LinkPoses } from '../../robot/link-poses.js';
import type { IndexPair } from './collision-pairs.js';
import type { PlaneRule } from './plane-rules.js';
import { axisNames, linkIndex } from './workspace-settings.js';

/** One rule that every state of the joints keeps. */
export interface MotionRule {
  readonly kind: 'half-space' | 'box' | 'floor' | 'self-collision' | 'tcp-speed' | 'singularity';
  /** The link, or the pair of links. */
  readonly subject: string;
  /** The number that is not exceeded, or for planes and distances not fallen below. */
  readonly limit: number;
  /** Unit of limit and excess. */
  readonly unit: 'm' | 'm/s' | '1';
}

/** A rule with the words for an excess. */
export interface DescribedRule {
  readonly rule: MotionRule;
  describe(excess: number): string;
}

/** A plane with the index of its link: a point p is inside where `(x, y, z) · p >= offset`. */
export interface PlacedPlane {
  readonly link: number;
  readonly x: number;
  readonly y: number;
  readonly z: number;
  /** m */
  readonly offset: number;
}

/** Four digits: a tenth of a millimetre for an arm. */
function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}

/** @throws JepaMpcError `params.invalid` for an unknown link, or one below a floating joint */
export function planeRuleOf(
  kind: 'half-space' | 'box',
  plane: PlaneRule,
  poses: LinkPoses,
): DescribedRule & { readonly plane: PlacedPlane } {
  const { expression, operator, bound, slope, offset } = plane;
  const [x, y, z] = plane.normal;
  const parameter = kind === 'box' ? 'workspace.boxes' : 'workspace.half_spaces';
  const link = linkIndex(parameter, plane.link, poses.links);
  if (!poses.isPlaced(link)) {
    throw new JepaMpcError('params.invalid', {
      subject: `parameter ${parameter}`,
      found: `link '${plane.link}', below a floating or planar joint`,
      expected: 'a link whose pose follows from joint positions',
      remedy: 'Name another link.',
    });
  }
  return {
    plane: { link, x, y, z, offset },
    rule: { kind, subject: plane.link, limit: bound, unit: 'm' },
    describe: (excess) =>
      `link '${plane.link}' reaches ${expression} = ${short(bound - excess * slope)}, limit ${expression} ${operator} ${String(bound)}`,
  };
}

/** @param height of the floor, m @param clearance of the link from it, m */
export function floorRule(
  link: number,
  name: string,
  height: number,
  clearance: number,
): DescribedRule & { readonly plane: PlacedPlane } {
  const limit = height + clearance;
  return {
    plane: { link, x: 0, y: 0, z: 1, offset: limit },
    rule: { kind: 'floor', subject: name, limit, unit: 'm' },
    describe: (excess) =>
      `link '${name}' reaches z = ${short(limit - excess)} m, limit ${short(limit)} m (the floor and the clearance)`,
  };
}

export function pairRule([first, second]: IndexPair, { links }: LinkPoses, clearance: number): DescribedRule {
  const subject = `'${at(links, first)}' and '${at(links, second)}'`;
  return {
    rule: { kind: 'self-collision', subject, limit: clearance, unit: 'm' },
    describe: (excess) => {
      const distance = clearance - excess;
      const found = distance < 0 ? `overlap by ${short(-distance)} m` : `are ${short(distance)} m apart`;
      return `links ${subject} ${found}, limit ${String(clearance)} m; if they may touch, name the pair in the SRDF of workspace.srdf`;
    },
  };
}

export function speedRule(tip: string, limit: number): DescribedRule {
  return {
    rule: { kind: 'tcp-speed', subject: tip, limit, unit: 'm/s' },
    describe: (excess) => `link '${tip}' moves at ${short(limit + excess)} m/s, limit ${String(limit)} m/s`,
  };
}

export function conditionRule(tip: string, rows: readonly number[], limit: number): DescribedRule {
  return {
    rule: { kind: 'singularity', subject: tip, limit, unit: '1' },
    describe: (excess) =>
      `link '${tip}' is near a singular pose: condition number ${short(limit + excess)} of ${axisNames(rows)}, limit ${String(limit)}`,
  };
}
