import { namedValues } from '../core/named-values.js';
import { choice, double, fixed, text, type ValuesOf } from '../core/parameter.js';

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
  'limits.joint_margins': fixed(
    text(),
    'rad or m',
    'Distances from the position limits for single joints, such as "gripper=0.005, wrist=0.3". They stand for limits.position_margin and limits.position_margin_m, and may take more than a tenth of the range.',
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
  'limits.jerk_scale': fixed(
    double({ min: 0.01, max: 1, default: 1 }),
    '1',
    'Fraction of the jerk limits that is used.',
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
  'limits.joint_accelerations': fixed(
    text(),
    'rad/s² or m/s²',
    'Acceleration limits for single joints, such as "gripper=0.5, wrist=8". They stand for limits.default_acceleration and limits.default_acceleration_m, and loosen no limit of the robot description.',
  ),
  'limits.jerk': fixed(
    choice(['limited', 'off'], 'limited'),
    '',
    'limited: the jerk limits hold. off: accelerations may jump, for a robot whose controller limits the jerk itself.',
  ),
  'limits.default_jerk': fixed(
    double({ min: 0, max: 1000000, default: 0 }),
    'rad/s³',
    'Jerk limit of revolute joints whose robot description has none (attribute jerk of <limit>); 0: a joint reaches its acceleration limit in 0.04 s.',
  ),
  'limits.default_jerk_m': fixed(
    double({ min: 0, max: 1000000, default: 0 }),
    'm/s³',
    'As limits.default_jerk, for prismatic joints.',
  ),
};

/** Range of a margin that is given by the name of its joint, rad or m. */
const NAMED_MARGINS = { min: 0, max: 10 };
/** Range of an acceleration limit that is given by the name of its joint, rad/s² or m/s². */
const NAMED_ACCELERATIONS = { min: 0.001, max: 1000 };

/**
 * The limits that the parameters ask for.
 *
 * @param needsEffort whether efforts are commanded
 * @param joints of the model
 * @throws JepaMpcError `params.invalid` for numbers by name that are not of these joints
 */
export function limitOptions(
  values: ValuesOf<typeof limitParameters>,
  needsEffort: boolean,
  joints: readonly string[],
): LimitOptions {
  const named = (
    name: 'limits.joint_margins' | 'limits.joint_accelerations',
    range: typeof NAMED_MARGINS,
  ): ReadonlyMap<string, number> => namedValues(values[name], name, joints, range);
  return {
    margins: named('limits.joint_margins', NAMED_MARGINS),
    accelerations: named('limits.joint_accelerations', NAMED_ACCELERATIONS),
    positionMargin: values['limits.position_margin'],
    positionMarginM: values['limits.position_margin_m'],
    effortScale: values['limits.effort_scale'],
    needsEffort,
    velocityScale: values['limits.velocity_scale'],
    accelerationScale: values['limits.acceleration_scale'],
    acceleration: values['limits.default_acceleration'],
    accelerationM: values['limits.default_acceleration_m'],
    isJerkLimited: values['limits.jerk'] === 'limited',
    jerkScale: values['limits.jerk_scale'],
    jerk: values['limits.default_jerk'],
    jerkM: values['limits.default_jerk_m'],
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
  /** Margins of single joints by name, rad or m. They stand for the two above, and are not shortened. Default: none. */
  readonly margins?: ReadonlyMap<string, number>;
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
  /** Acceleration limits of single joints by name, rad/s² or m/s², which stand for the two above. Default: none. */
  readonly accelerations?: ReadonlyMap<string, number>;
  /** Whether jerk limits hold. Default true. */
  readonly isJerkLimited?: boolean;
  /** Factor of the jerk limits, above 0, at most 1. Default 1. */
  readonly jerkScale?: number;
  /**
   * Jerk limit of revolute joints, rad/s³, for robot descriptions that have none. If the description has one too, the lower of the two counts.
   * Default 0: the acceleration limit of the description is reached in 0.04 s.
   */
  readonly jerk?: number;
  /** As `jerk`, for prismatic joints, m/s³. */
  readonly jerkM?: number;
}
