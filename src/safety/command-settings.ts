import { jointOrder } from '../robot/joint-order.js';
import { JepaMpcError } from '../core/errors.js';
import { at } from '../core/array-access.js';
import { namedValues } from '../core/named-values.js';
import { listedIn } from '../core/names.js';
import { perJoint } from '../core/per-joint.js';
import type { JointLimit } from '../core/types.js';
import { writeValue } from '../core/write-value.js';
import { choice, double, dynamic, fixed, integer, text, type ValuesOf } from '../core/parameter.js';
import { effortParameters, type EffortGains } from './effort-law.js';

export const commandParameters = {
  'command.interface': fixed(
    choice(['joint_trajectory', 'commands'], 'joint_trajectory'),
    '',
    'JointTrajectory messages, or Float64MultiArray for forward_command_controller.',
  ),
  'command.kind': fixed(
    choice(['velocity', 'position', 'effort'], 'velocity'),
    '',
    'Meaning of the numbers on the commands topic. effort needs command.effort_kp and command.effort_kd, and effort limits in the robot description.',
  ),
  'command.joints': fixed(
    text(),
    '',
    'Order of the joints on the commands topic, such as "elbow, shoulder": the order of the controller’s parameter joints. Empty: the model’s order.',
  ),
  'command.trajectory_fields': fixed(
    choice(['positions_and_velocities', 'positions'], 'positions_and_velocities'),
    '',
    'Fields of the points on joint_trajectory. positions: for controllers that should interpolate linearly.',
  ),
  'command.trajectory_end': fixed(
    choice(['at_rest', 'moving'], 'at_rest'),
    '',
    'at_rest: each trajectory ends in a braking ramp. moving: while a plan is followed, the trajectory is the next point alone, with its velocity, and a robot that receives no further message does not brake.',
  ),
  ...effortParameters,
  'command.period_ms': fixed(
    integer({ min: 1, max: 1000, default: 20 }),
    'ms',
    'Period of the command stream.',
  ),
  'command.soft_start_s': dynamic(
    double({ min: 0, max: 60, default: 0.3 }),
    's',
    'Time over which the speed rises from a tenth to all of what is planned, after an activation and after ~/reset.',
  ),
  'command.tracking_tolerance': dynamic(
    double({ min: 0.001, max: 10, default: 0.3 }),
    'rad',
    'Maximum difference between the commanded and the measured position of a revolute joint; beyond it the robot holds.',
  ),
  'command.tracking_tolerance_m': dynamic(
    double({ min: 0.0001, max: 10, default: 0.02 }),
    'm',
    'As command.tracking_tolerance, for prismatic joints.',
  ),
  'command.joint_tolerances': fixed(
    text(),
    'rad or m',
    'Tracking tolerances for single joints, such as "gripper=0.03, wrist=0.5", which stand for the two above.',
  ),
};

export type CommandValues = ValuesOf<typeof commandParameters>;

/** Whether the numbers that are sent are efforts. */
export function commandsEfforts(values: Pick<CommandValues, 'command.interface' | 'command.kind'>): boolean {
  return values['command.interface'] === 'commands' && values['command.kind'] === 'effort';
}

/** Parameters that only one kind of interface has a use for. */
const ONLY_FOR = {
  commands: ['command.kind', 'command.joints'],
  joint_trajectory: ['command.trajectory_fields', 'command.trajectory_end'],
} as const satisfies Record<CommandValues['command.interface'], readonly (keyof CommandValues)[]>;

/**
 * Refuses command parameters that are each in their range and do not go together, or not with the joints of the model.
 *
 * @param joints of the model; null before it is loaded: what depends on them is not checked then
 * @throws JepaMpcError `params.invalid`
 */
export function checkCommandSettings(values: CommandValues, joints: readonly string[] | null): void {
  for (const [owner, names] of Object.entries(ONLY_FOR)) {
    if (owner === values['command.interface']) continue;
    for (const name of names) {
      if (values[name] !== commandParameters[name].defaultValue) throw unused(name, owner, values);
    }
  }
  if (values['command.trajectory_fields'] === 'positions' && values['command.trajectory_end'] === 'moving') {
    throw new JepaMpcError('params.invalid', {
      subject: 'parameter command.trajectory_end',
      found: 'moving, with points that hold positions alone',
      expected: 'at_rest',
      remedy:
        'A trajectory that ends moving has to state its velocity: set command.trajectory_fields: positions_and_velocities.',
    });
  }
  if (commandsEfforts(values)) {
    for (const name of ['command.effort_kp', 'command.effort_kd'] as const) {
      if (values[name].length === 0) throw noGains(name);
    }
  }
  if (joints === null) return;
  jointOrder('command.joints', listedIn(values['command.joints']), joints);
  namedTolerances(values, joints);
  if (commandsEfforts(values)) effortGains(values, joints);
}

/** Range of a tolerance that is given by the name of its joint, rad or m. */
const NAMED_TOLERANCES = { min: 0.0001, max: 10 };

function namedTolerances(values: CommandValues, joints: readonly string[]): ReadonlyMap<string, number> {
  const name = 'command.joint_tolerances';
  return namedValues(values[name], name, joints, NAMED_TOLERANCES);
}

/**
 * Maximum difference between desired and measured position of each joint, `[J]`, in its unit.
 *
 * @param limits of the joints of the model `[J]`
 * @throws JepaMpcError `params.invalid` for tolerances of other joints
 */
export function trackingTolerances(
  limits: readonly Pick<JointLimit, 'name' | 'unit'>[],
  values: CommandValues,
): Float64Array {
  const named = namedTolerances(
    values,
    limits.map(({ name }) => name),
  );
  return Float64Array.from(
    limits,
    ({ name, unit }) =>
      named.get(name) ?? values[unit === 'm' ? 'command.tracking_tolerance_m' : 'command.tracking_tolerance'],
  );
}

/**
 * The gains of each joint.
 *
 * @param joints of the model
 * @throws JepaMpcError `params.invalid` for more or fewer than one or one for each joint.
 */
export function effortGains(values: CommandValues, joints: readonly string[]): EffortGains[] {
  const gains = (name: 'command.effort_kp' | 'command.effort_kd'): readonly number[] => {
    const each = perJoint(values[name], joints, name);
    if (each === null) throw noGains(name);
    return each;
  };
  const [kp, kd] = [gains('command.effort_kp'), gains('command.effort_kd')];
  return joints.map((_, joint) => ({ kp: at(kp, joint), kd: at(kd, joint) }));
}

function noGains(name: string): JepaMpcError {
  return new JepaMpcError('params.invalid', {
    subject: `parameter ${name}`,
    found: 'nothing, with command.kind: effort',
    expected: 'one number, or one for each joint',
    remedy:
      'Nobody but you knows what this robot bears. Start low; set both gains before command.kind, or all at once.',
  });
}

function unused(name: keyof CommandValues, owner: string, values: CommandValues): JepaMpcError {
  return new JepaMpcError('params.invalid', {
    subject: `parameter ${name}`,
    found: `${writeValue(values[name])}, with command.interface: ${values['command.interface']}`,
    expected: `command.interface: ${owner}`,
    remedy: `It has a meaning there alone. Set command.interface first, or both at once.`,
  });
}
