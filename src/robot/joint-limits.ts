import { JepaMpcError } from '../core/errors.js';
import { marginWithin } from '../core/joint-positions.js';
import type { JointLimit, JointUnit } from '../core/types.js';
import { nearestName } from '../core/names.js';
import { drivenBy, type Urdf } from './urdf.js';
import type { UrdfJoint } from './urdf-joint.js';
import { double, fixed, type ValuesOf } from '../core/parameter.js';

export const limitParameters = {
  'limits.position_margin': fixed(
    double({ min: 0, max: 1, default: 0.02 }),
    'rad',
    'Distance that a revolute joint keeps from the position limits of the robot description, but at most a tenth of its range from each end. Soft limits (<safety_controller>) are used as they are.',
  ),
  'limits.position_margin_m': fixed(
    double({ min: 0, max: 1, default: 0.001 }),
    'm',
    'As limits.position_margin, for prismatic joints.',
  ),
  'limits.velocity_scale': fixed(
    double({ min: 0.01, max: 1, default: 1 }),
    '1',
    'Fraction of the velocity limits that is used.',
  ),
  'limits.acceleration_scale': fixed(
    double({ min: 0.01, max: 1, default: 1 }),
    '1',
    'Fraction of the acceleration limits that is used.',
  ),
  'limits.effort_scale': fixed(
    double({ min: 0.01, max: 1, default: 1 }),
    '1',
    'Fraction of the effort limits that is used, if efforts are commanded.',
  ),
  'limits.default_acceleration': fixed(
    double({ min: 0, max: 1000, default: 0 }),
    'rad/s²',
    'Acceleration limit of revolute joints whose robot description has none; 0 refuses such a description.',
  ),
  'limits.default_acceleration_m': fixed(
    double({ min: 0, max: 1000, default: 0 }),
    'm/s²',
    'As limits.default_acceleration, for prismatic joints.',
  ),
};

/** The limits that the parameters ask for. @param needsEffort whether efforts are commanded */
export function limitOptions(values: ValuesOf<typeof limitParameters>, needsEffort: boolean): LimitOptions {
  return {
    positionMargin: values['limits.position_margin'],
    positionMarginM: values['limits.position_margin_m'],
    effortScale: values['limits.effort_scale'],
    needsEffort,
    velocityScale: values['limits.velocity_scale'],
    accelerationScale: values['limits.acceleration_scale'],
    acceleration: values['limits.default_acceleration'],
    accelerationM: values['limits.default_acceleration_m'],
  };
}

/** How much stricter the limits are than those of the robot description. The default is the description itself. */
export interface LimitOptions {
  /**
   * Subtracted from both ends of the position range of revolute joints, rad, at least 0; at most a tenth of the range at each end. Default 0.
   */
  readonly positionMargin?: number;
  /** As `positionMargin`, for prismatic joints, m. Default 0. */
  readonly positionMarginM?: number;
  /** Factor of the velocity limits, above 0, at most 1. Default 1. */
  readonly velocityScale?: number;
  /** Factor of the acceleration limits, above 0, at most 1. Default 1. */
  readonly accelerationScale?: number;
  /** Factor of the effort limits, above 0, at most 1. Default 1. */
  readonly effortScale?: number;
  /** Whether efforts are commanded. A joint without an effort limit is then refused. Default false. */
  readonly needsEffort?: boolean;
  /**
   * Acceleration limit of revolute joints, rad/s², for robot descriptions that have none. If the description has one too, the lower of the two
   * counts: an option never loosens a limit. Default 0: none.
   */
  readonly acceleration?: number;
  /** As `acceleration`, for prismatic joints, m/s². Default 0: none. */
  readonly accelerationM?: number;
}

function assertOption(name: string, value: number, valid: boolean, expected: string): void {
  if (!valid) {
    throw new JepaMpcError('params.invalid', {
      subject: `joint limit option ${name}`,
      found: String(value),
      expected,
      remedy: 'Correct the parameter.',
    });
  }
}

function isScale(value: number): boolean {
  return value > 0 && value <= 1;
}

function unknownJoint(name: string, urdf: Urdf): JepaMpcError {
  const movable = urdf.joints
    .filter((joint) => joint.type !== 'fixed' && joint.mimic === null)
    .map((joint) => joint.name);
  const nearest = nearestName(name, movable);
  return new JepaMpcError('urdf.unknown-joint', {
    subject: 'robot description',
    found: movable.length === 0 ? 'no movable joints' : `movable joints ${movable.join(', ')}`,
    expected: `a joint '${name}'`,
    remedy:
      nearest === null
        ? 'Publish the description of the robot that the model was made for.'
        : `Did the model mean '${nearest}'? Rename the joint there or here.`,
  });
}

function noLimit(joint: UrdfJoint, attribute: string, remedy: string): JepaMpcError {
  return new JepaMpcError('urdf.no-limits', {
    subject: `robot description, joint '${joint.name}'`,
    found: joint.limit === null ? 'no <limit> element' : `no attribute ${attribute} in <limit>`,
    expected: `a limit on ${attribute}`,
    remedy,
  });
}

/** The `<limit>` line to write in the URDF: the valid values that are there, and placeholders for the rest. */
function limitLine({ type, limit }: UrdfJoint): string {
  const lower = limit?.lower ?? null;
  const upper = limit?.upper ?? null;
  const isRange = lower === null || upper === null || lower < upper;
  const entries: [name: string, value: number | null][] = [];
  if (type !== 'continuous')
    entries.push(['lower', isRange ? lower : null], ['upper', isRange ? upper : null]);
  for (const name of ['velocity', 'effort', 'acceleration'] as const) {
    const value = limit?.[name] ?? null;
    entries.push([name, value !== null && value > 0 ? value : null]);
  }
  const attributes = entries.map(([name, value]) => `${name}="${String(value ?? '…')}"`);
  return `Write in the joint, with its own numbers for …: <limit ${attributes.join(' ')}/>`;
}

function positiveLimit(
  joint: UrdfJoint,
  attribute: 'velocity' | 'acceleration' | 'effort',
  value: number,
): number {
  if (!(value > 0) || !Number.isFinite(value)) {
    throw new JepaMpcError('urdf.invalid', {
      subject: `robot description, joint '${joint.name}', <limit>`,
      found: `${attribute}="${String(value)}"`,
      expected: 'a finite number above 0',
      remedy: limitLine(joint),
    });
  }
  return value;
}

/** The robot's own controller enforces the soft limits, so they count without a margin. */
function positionRange(joint: UrdfJoint, margin: number): { lower: number; upper: number } {
  if (joint.type === 'continuous') return { lower: -Infinity, upper: Infinity };
  const lower = joint.limit?.lower ?? null;
  const upper = joint.limit?.upper ?? null;
  if (lower === null) throw noLimit(joint, 'lower', limitLine(joint));
  if (upper === null) throw noLimit(joint, 'upper', limitLine(joint));
  if (!(lower < upper)) {
    throw new JepaMpcError('urdf.invalid', {
      subject: `robot description, joint '${joint.name}', <limit>`,
      found: `lower="${String(lower)}" upper="${String(upper)}"`,
      expected: 'lower below upper',
      remedy: limitLine(joint),
    });
  }
  const { softLimits } = joint;
  const inset = marginWithin(lower, upper, margin);
  const range = {
    lower: Math.max(lower + inset, softLimits.lower ?? -Infinity),
    upper: Math.min(upper - inset, softLimits.upper ?? Infinity),
  };
  if (!(range.lower < range.upper)) {
    throw new JepaMpcError('urdf.invalid', {
      subject: `robot description, joint '${joint.name}', <safety_controller>`,
      found: `soft limits ${String(softLimits.lower)} to ${String(softLimits.upper)}`,
      expected: `a range inside that of <limit>, ${String(lower)} to ${String(upper)}`,
      remedy: 'Correct soft_lower_limit and soft_upper_limit, or remove both.',
    });
  }
  return range;
}

/** @param option 0: none */
function accelerationLimit(joint: UrdfJoint, option: number): number {
  const written = joint.limit?.acceleration ?? null;
  const limit = written === null ? null : positiveLimit(joint, 'acceleration', written);
  if (limit === null && option === 0) {
    const [parameter, unit] =
      unitOf(joint) === 'm'
        ? ['limits.default_acceleration_m', 'm/s²']
        : ['limits.default_acceleration', 'rad/s²'];
    throw noLimit(
      joint,
      'acceleration',
      `${limitLine(joint)}, or set the parameter ${parameter} [${unit}] if the description cannot be changed.`,
    );
  }
  return Math.min(limit ?? Infinity, option === 0 ? Infinity : option);
}

function unitOf({ type }: UrdfJoint): JointUnit {
  return type === 'prismatic' ? 'm' : 'rad';
}

/** The joint of that name. @throws JepaMpcError unless it can be commanded */
function commandableJoint(urdf: Urdf, name: string): UrdfJoint {
  const joint = urdf.joints.find((candidate) => candidate.name === name);
  if (joint === undefined) throw unknownJoint(name, urdf);
  if (joint.type === 'fixed' || joint.type === 'floating' || joint.type === 'planar') {
    throw new JepaMpcError('urdf.no-limits', {
      subject: `robot description, joint '${name}'`,
      found: `a ${joint.type} joint`,
      expected: 'revolute, prismatic or continuous',
      remedy: 'Let the model act on joints with one axis.',
    });
  }
  if (joint.mimic !== null) {
    const driver = drivenBy(urdf, joint).joint;
    throw new JepaMpcError('urdf.mimic-joint', {
      subject: `robot description, joint '${name}'`,
      found: `<mimic joint="${joint.mimic.joint}"/>: it moves with joint '${driver}'`,
      expected: 'a joint that moves independently',
      remedy: `Let the model act on joint '${driver}' instead.`,
    });
  }
  return joint;
}

function effortLimit(joint: UrdfJoint, isNeeded: boolean): number {
  const effort = joint.limit?.effort ?? null;
  if (!isNeeded) return effort ?? Infinity;
  if (effort === null) throw noLimit(joint, 'effort', limitLine(joint));
  return positiveLimit(joint, 'effort', effort);
}

/**
 * The limits of the named joints. Soft limits (`<safety_controller>`) narrow the position range. A continuous joint has the range
 * (-Infinity, Infinity). If efforts are not commanded, a missing effort limit is Infinity.
 *
 * @param jointNames `[J]`
 * @returns `[J]`, in the order of the names
 * @throws JepaMpcError `urdf.unknown-joint`, `urdf.mimic-joint`, `urdf.no-limits` (with the line to add), `urdf.invalid`, `params.invalid`
 */
export function jointLimits(
  urdf: Urdf,
  jointNames: readonly string[],
  options: LimitOptions = {},
): JointLimit[] {
  const {
    positionMargin = 0,
    positionMarginM = 0,
    velocityScale = 1,
    accelerationScale = 1,
    effortScale = 1,
    needsEffort = false,
    acceleration = 0,
    accelerationM = 0,
  } = options;
  for (const [name, value] of Object.entries({
    positionMargin,
    positionMarginM,
    acceleration,
    accelerationM,
  })) {
    assertOption(name, value, value >= 0 && value < Infinity, 'a finite number, at least 0');
  }
  for (const [name, value] of Object.entries({ velocityScale, accelerationScale, effortScale }))
    assertOption(name, value, isScale(value), 'above 0 and at most 1');

  return jointNames.map((name) => {
    const joint = commandableJoint(urdf, name);
    const unit = unitOf(joint);
    const range = positionRange(joint, unit === 'm' ? positionMarginM : positionMargin);
    const velocity = joint.limit?.velocity ?? null;
    if (velocity === null) throw noLimit(joint, 'velocity', limitLine(joint));
    return {
      name,
      unit,
      continuous: joint.type === 'continuous',
      ...range,
      velocity: positiveLimit(joint, 'velocity', velocity) * velocityScale,
      acceleration: accelerationLimit(joint, unit === 'm' ? accelerationM : acceleration) * accelerationScale,
      effort: effortLimit(joint, needsEffort) * effortScale,
    };
  });
}
