import { JepaMpcError } from '../core/errors.js';
import type { JointLimit } from '../core/types.js';
import { nearestName } from '../core/nearest-name.js';
import type { Urdf, UrdfJoint } from './urdf.js';

/** How much stricter than the robot description to be. All optional; the default is the description itself. */
export interface LimitOptions {
  /** Taken off both ends of the position range, rad or m, at least 0. Default 0. */
  readonly positionMargin?: number;
  /** Taken off both ends as well, as a fraction of the range, 0 to below 0.5; the larger of the two margins counts. Default 0. */
  readonly positionMarginFraction?: number;
  /** Scale of the velocity limits, above 0 to 1. Default 1. */
  readonly velocityScale?: number;
  /** Scale of the acceleration limits, above 0 to 1. Default 1. */
  readonly accelerationScale?: number;
  /** Scale of the effort limits, above 0 to 1. Default 1. */
  readonly effortScale?: number;
  /** Whether efforts are commanded: a joint without an effort limit is then refused. Default false. */
  readonly needsEffort?: boolean;
  /**
   * Acceleration limit, rad/s² or m/s², for robot descriptions that have none: one number for all joints, or one for each in the
   * order asked for. Where the description has one too, the lower of the two counts: an option never loosens a limit.
   */
  readonly acceleration?: number | readonly number[];
}

function assertOption(name: keyof LimitOptions, value: number, valid: boolean, expected: string): void {
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
  const movable = urdf.joints.filter((joint) => joint.type !== 'fixed').map((joint) => joint.name);
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

/** The whole line for the URDF: what is there and of use, and placeholders for the rest. */
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

function positionRange(joint: UrdfJoint, margin: number, fraction: number): { lower: number; upper: number } {
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
  const inset = Math.max(margin, fraction * (upper - lower));
  if (!(lower + inset < upper - inset)) {
    throw new JepaMpcError('params.invalid', {
      subject: `position margin of joint '${joint.name}'`,
      found: `${String(inset)} off both ends of [${String(lower)}, ${String(upper)}]`,
      expected: 'a margin below half the range',
      remedy: 'Lower the margin.',
    });
  }
  return { lower: lower + inset, upper: upper - inset };
}

function accelerationLimit(joint: UrdfJoint, option: number | undefined): number {
  const written = joint.limit?.acceleration ?? null;
  const limit = written === null ? null : positiveLimit(joint, 'acceleration', written);
  if (limit === null && option === undefined) {
    throw noLimit(
      joint,
      'acceleration',
      `${limitLine(joint)}, or set the parameter limits.default_acceleration, which holds for every joint without one.`,
    );
  }
  return Math.min(limit ?? Infinity, option ?? Infinity);
}

function effortLimit(joint: UrdfJoint, isNeeded: boolean): number {
  const effort = joint.limit?.effort ?? null;
  if (!isNeeded) return effort ?? Infinity;
  if (effort === null) throw noLimit(joint, 'effort', limitLine(joint));
  return positiveLimit(joint, 'effort', effort);
}

/**
 * The limits of the named joints, in the order of the names. A continuous joint has the range (-Infinity, Infinity); where efforts are not
 * commanded, the effort limit does not matter, and is Infinity if it is missing.
 * @throws JepaMpcError `urdf.unknown-joint`, `urdf.no-limits` (with the line to add), `urdf.invalid`, `params.invalid`.
 */
export function jointLimits(
  urdf: Urdf,
  jointNames: readonly string[],
  options: LimitOptions = {},
): JointLimit[] {
  const {
    positionMargin = 0,
    positionMarginFraction = 0,
    velocityScale = 1,
    accelerationScale = 1,
    effortScale = 1,
    needsEffort = false,
    acceleration,
  } = options;
  assertOption(
    'positionMargin',
    positionMargin,
    positionMargin >= 0 && positionMargin < Infinity,
    'a finite number, at least 0',
  );
  assertOption(
    'positionMarginFraction',
    positionMarginFraction,
    positionMarginFraction >= 0 && positionMarginFraction < 0.5,
    'at least 0 and below 0.5',
  );
  assertOption('velocityScale', velocityScale, isScale(velocityScale), 'above 0 and at most 1');
  assertOption('accelerationScale', accelerationScale, isScale(accelerationScale), 'above 0 and at most 1');
  assertOption('effortScale', effortScale, isScale(effortScale), 'above 0 and at most 1');
  if (typeof acceleration === 'object') {
    assertOption(
      'acceleration',
      acceleration.length,
      acceleration.length === jointNames.length,
      `${String(jointNames.length)} numbers`,
    );
  }

  return jointNames.map((name, index) => {
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
    const accelerationOption = typeof acceleration === 'object' ? acceleration[index] : acceleration;
    if (accelerationOption !== undefined) {
      const valid = accelerationOption > 0 && accelerationOption < Infinity;
      assertOption('acceleration', accelerationOption, valid, 'a finite number above 0');
    }
    const range = positionRange(joint, positionMargin, positionMarginFraction);
    const velocity = joint.limit?.velocity ?? null;
    if (velocity === null) throw noLimit(joint, 'velocity', limitLine(joint));
    return {
      name,
      ...range,
      velocity: positiveLimit(joint, 'velocity', velocity) * velocityScale,
      acceleration: accelerationLimit(joint, accelerationOption) * accelerationScale,
      effort: effortLimit(joint, needsEffort) * effortScale,
    };
  });
}
