import { JepaMpcError } from '../core/errors.js';
import { marginWithin } from '../core/joint-positions.js';
import type { JointLimit, JointUnit } from '../core/types.js';
import { nearestName } from '../core/names.js';
import { drivenBy, independentJoints, type Urdf } from './urdf.js';
import type { UrdfJoint } from './urdf-joint.js';
import type { LimitOptions } from './limit-options.js';

/** Time to the acceleration limit of a joint for which nobody states a jerk limit, s. */
const DEFAULT_RISE_S = 0.04;

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
  const movable = independentJoints(urdf).map((joint) => joint.name);
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
  attribute: 'velocity' | 'acceleration' | 'jerk' | 'effort',
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

function uselessMargin(joint: UrdfJoint, margin: number, expected: string, remedy: string): JepaMpcError {
  return new JepaMpcError('params.invalid', {
    subject: 'parameter limits.joint_margins',
    found: `${joint.name}=${String(margin)}`,
    expected,
    remedy,
  });
}

/**
 * The robot's own controller enforces the soft limits, so they count without a margin.
 *
 * @param margin rad or m
 * @param namedMargin margin that was given by the name of the joint; undefined: none was
 */
function positionRange(
  joint: UrdfJoint,
  margin: number,
  namedMargin: number | undefined,
): { lower: number; upper: number } {
  if (joint.type === 'continuous') {
    if (namedMargin !== undefined)
      throw uselessMargin(
        joint,
        namedMargin,
        'a joint with position limits, not a continuous one',
        'Leave it out.',
      );
    return { lower: -Infinity, upper: Infinity };
  }
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
  const inset = namedMargin ?? marginWithin(lower, upper, margin);
  if (!(lower + inset < upper - inset)) {
    const half = (upper - lower) / 2;
    throw uselessMargin(
      joint,
      inset,
      `less than ${String(half)}, half of the range of the joint`,
      'Give a smaller margin.',
    );
  }
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

/** @param acceleration limit of the joint before any scale @param option 0: none */
function jerkLimit(joint: UrdfJoint, acceleration: number, option: number): number {
  const written = joint.limit?.jerk ?? null;
  const limit = written === null ? Infinity : positiveLimit(joint, 'jerk', written);
  const stated = Math.min(limit, option === 0 ? Infinity : option);
  return stated === Infinity ? acceleration / DEFAULT_RISE_S : stated;
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
  // Many published descriptions have an effort of 0 as a placeholder.
  if (!isNeeded) return effort !== null && effort > 0 ? effort : Infinity;
  if (effort === null) throw noLimit(joint, 'effort', limitLine(joint));
  return positiveLimit(joint, 'effort', effort);
}

/**
 * The limits of the named joints. Soft limits (`<safety_controller>`) narrow the position range. A continuous joint has the range
 * (-Infinity, Infinity). If efforts are not commanded, an effort limit that is missing or not above 0 is Infinity.
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
    acceleration: accelerationRad = 0,
    accelerationM = 0,
    isJerkLimited = true,
    jerkScale = 1,
    jerk = 0,
    jerkM = 0,
    margins,
    accelerations,
  } = options;
  for (const [name, value] of Object.entries({
    positionMargin,
    positionMarginM,
    acceleration: accelerationRad,
    accelerationM,
    jerk,
    jerkM,
  })) {
    assertOption(name, value, value >= 0 && value < Infinity, 'a finite number, at least 0');
  }
  for (const [name, value] of Object.entries({
    velocityScale,
    accelerationScale,
    jerkScale,
    effortScale,
  }))
    assertOption(name, value, isScale(value), 'above 0 and at most 1');

  return jointNames.map((name) => {
    const joint = commandableJoint(urdf, name);
    const unit = unitOf(joint);
    const range = positionRange(joint, unit === 'm' ? positionMarginM : positionMargin, margins?.get(name));
    const velocity = joint.limit?.velocity ?? null;
    if (velocity === null) throw noLimit(joint, 'velocity', limitLine(joint));
    const defaultAcceleration = unit === 'm' ? accelerationM : accelerationRad;
    const acceleration = accelerationLimit(joint, accelerations?.get(name) ?? defaultAcceleration);
    const jerkOption = unit === 'm' ? jerkM : jerk;
    return {
      name,
      unit,
      continuous: joint.type === 'continuous',
      ...range,
      velocity: positiveLimit(joint, 'velocity', velocity) * velocityScale,
      acceleration: acceleration * accelerationScale,
      jerk: isJerkLimited ? jerkLimit(joint, acceleration, jerkOption) * jerkScale : Infinity,
      effort: effortLimit(joint, needsEffort) * effortScale,
    };
  });
}
