import {
  invalid,
  numberAttribute,
  onlyChild,
  requiredName,
  vectorAttribute,
  type Vector3,
  type XmlElement,
} from './urdf-xml.js';

/** Joint types with one axis. */
export const AXIAL_TYPES = ['revolute', 'prismatic', 'continuous'] as const;
const JOINT_TYPES = [...AXIAL_TYPES, 'fixed', 'floating', 'planar'] as const;

/** Joint types of the URDF specification. `floating` and `planar` joints can neither be commanded nor be part of a kinematic chain. */
export type UrdfJointType = (typeof JOINT_TYPES)[number];

/** The `<limit>` element as written, in SI units; null where the attribute is missing. */
export interface UrdfLimit {
  readonly lower: number | null;
  readonly upper: number | null;
  readonly velocity: number | null;
  readonly effort: number | null;
  /** Attribute of URDF 1.2; parsers of 1.0 ignore it. */
  readonly acceleration: number | null;
  /** Likewise. */
  readonly jerk: number | null;
}

/** The soft limits of `<safety_controller>` as written, in SI units; null where the attribute is missing. */
export interface UrdfSoftLimits {
  readonly lower: number | null;
  readonly upper: number | null;
}

/** The `<mimic>` element: the position of this joint is `multiplier * (position of the other joint) + offset`. */
export interface UrdfMimic {
  /** The other joint, which may itself mimic one. */
  readonly joint: string;
  /** In units of this joint per unit of the other. */
  readonly multiplier: number;
  /** rad or m */
  readonly offset: number;
}

export interface UrdfJoint {
  readonly name: string;
  readonly type: UrdfJointType;
  readonly parent: string;
  readonly child: string;
  /** Pose of the child frame in the parent frame at joint position 0: translation [m] and fixed-axis roll, pitch, yaw [rad]. */
  readonly origin: { readonly xyz: Vector3; readonly rpy: Vector3 };
  /** Unit vector in the child frame. */
  readonly axis: Vector3;
  /** Null where there is no `<limit>` element. */
  readonly limit: UrdfLimit | null;
  readonly softLimits: UrdfSoftLimits;
  /** Null for a joint that moves independently, and for a fixed joint. */
  readonly mimic: UrdfMimic | null;
}

function isJointType(type: string): type is UrdfJointType {
  return (JOINT_TYPES as readonly string[]).includes(type);
}

function unitAxis(axis: Vector3, where: string): Vector3 {
  const length = Math.hypot(...axis);
  if (!(length > 1e-9) || !Number.isFinite(length)) {
    throw invalid(
      `${where}, <axis>`,
      `'${axis.join(' ')}'`,
      'a direction of non-zero length',
      'Write for example xyz="0 0 1".',
    );
  }
  return [axis[0] / length, axis[1] / length, axis[2] / length];
}

function parseLimit(joint: XmlElement, where: string): UrdfLimit | null {
  const limit = onlyChild(joint, 'limit', where);
  if (limit === null) return null;
  const at = `${where}, <limit>`;
  return {
    lower: numberAttribute(limit, 'lower', at),
    upper: numberAttribute(limit, 'upper', at),
    velocity: numberAttribute(limit, 'velocity', at),
    effort: numberAttribute(limit, 'effort', at),
    acceleration: numberAttribute(limit, 'acceleration', at),
    jerk: numberAttribute(limit, 'jerk', at),
  };
}

function parseSoftLimits(joint: XmlElement, where: string): UrdfSoftLimits {
  const controller = onlyChild(joint, 'safety_controller', where) ?? {};
  const at = `${where}, <safety_controller>`;
  return {
    lower: numberAttribute(controller, 'soft_lower_limit', at),
    upper: numberAttribute(controller, 'soft_upper_limit', at),
  };
}

function parseMimic(joint: XmlElement, where: string): UrdfMimic | null {
  const mimic = onlyChild(joint, 'mimic', where);
  if (mimic === null) return null;
  const at = `${where}, <mimic>`;
  return {
    joint: requiredName(mimic, 'joint', at),
    multiplier: numberAttribute(mimic, 'multiplier', at) ?? 1,
    offset: numberAttribute(mimic, 'offset', at) ?? 0,
  };
}

/** Reads a `<joint>` element. @throws JepaMpcError `urdf.invalid`, naming the joint, element and attribute */
export function parseJoint(joint: XmlElement): UrdfJoint {
  const name = requiredName(joint, 'name', '<joint>');
  const where = `joint '${name}'`;
  const type = requiredName(joint, 'type', where);
  if (!isJointType(type)) {
    throw invalid(`${where}, attribute type`, `'${type}'`, JOINT_TYPES.join(', '), 'Correct the joint type.');
  }
  const origin = onlyChild(joint, 'origin', where);
  const axis = vectorAttribute(onlyChild(joint, 'axis', where), 'xyz', [1, 0, 0], `${where}, <axis>`);
  return {
    name,
    type,
    parent: requiredName(onlyChild(joint, 'parent', where) ?? {}, 'link', `${where}, <parent>`),
    child: requiredName(onlyChild(joint, 'child', where) ?? {}, 'link', `${where}, <child>`),
    origin: {
      xyz: vectorAttribute(origin, 'xyz', [0, 0, 0], `${where}, <origin>`),
      rpy: vectorAttribute(origin, 'rpy', [0, 0, 0], `${where}, <origin>`),
    },
    // The axis of a fixed joint is not used, and many files have "0 0 0" there.
    axis: type === 'fixed' ? [1, 0, 0] : unitAxis(axis, where),
    limit: parseLimit(joint, where),
    softLimits: parseSoftLimits(joint, where),
    mimic: type === 'fixed' ? null : parseMimic(joint, where),
  };
}
