import { jointOrder } from '../../robot/joint-order.js';
import type { EffortGains } from '../../safety/effort-law.js';
import { JepaMpcError } from '../../core/errors.js';
import { listedIn } from '../../core/names.js';
import { parametersByName } from '../../params/schema.js';
import type { ParameterName, Parameters } from '../../params/schema.js';
import { writeValue } from '../../params/write-value.js';

/** Whether the numbers that go out are efforts. */
export function commandsEfforts(values: Parameters): boolean {
  return values['command.interface'] === 'commands' && values['command.kind'] === 'effort';
}

/** Parameters that only one kind of interface has a use for. */
const ONLY_FOR = {
  commands: ['command.kind', 'command.joints'],
  joint_trajectory: ['command.trajectory_fields', 'command.trajectory_end'],
} as const satisfies Record<Parameters['command.interface'], readonly ParameterName[]>;

/**
 * Refuses command parameters that are each in their range and do not go together, or not with the joints of the model.
 *
 * @param joints of the model; null before it is loaded: what depends on them is not checked then
 * @throws JepaMpcError `params.invalid`
 */
export function checkCommandSettings(values: Parameters, joints: readonly string[] | null): void {
  for (const [owner, names] of Object.entries(ONLY_FOR)) {
    if (owner === values['command.interface']) continue;
    for (const name of names) {
      if (values[name] !== parametersByName.get(name)?.defaultValue) throw unused(name, owner, values);
    }
  }
  if (values['command.trajectory_fields'] === 'positions' && values['command.trajectory_end'] === 'moving') {
    throw new JepaMpcError('params.invalid', {
      subject: 'parameter command.trajectory_end',
      found: 'moving, with points that hold positions alone',
      expected: 'at_rest',
      remedy:
        'A velocity at the end has to be told: set command.trajectory_fields: positions_and_velocities.',
    });
  }
  if (commandsEfforts(values)) {
    for (const name of ['command.effort_kp', 'command.effort_kd'] as const) {
      if (values[name].length === 0) throw noGains(name);
    }
  }
  if (joints === null) return;
  jointOrder('command.joints', listedIn(values['command.joints']), joints);
  if (commandsEfforts(values)) effortGains(values, joints);
}

/**
 * The gains of each joint.
 *
 * @param joints of the model
 * @throws JepaMpcError `params.invalid` for more or fewer than one or one for each joint.
 */
export function effortGains(values: Parameters, joints: readonly string[]): EffortGains[] {
  const kp = forEachJoint('command.effort_kp', values, joints);
  const kd = forEachJoint('command.effort_kd', values, joints);
  return joints.map((_, joint) => ({ kp: kp[joint] ?? NaN, kd: kd[joint] ?? NaN }));
}

function forEachJoint(
  name: 'command.effort_kp' | 'command.effort_kd',
  values: Parameters,
  joints: readonly string[],
): readonly number[] {
  const given = values[name];
  if (given.length === joints.length) return given;
  const [first] = given;
  if (given.length === 1 && first !== undefined) return joints.map(() => first);
  if (given.length === 0) throw noGains(name);
  throw new JepaMpcError('params.invalid', {
    subject: `parameter ${name}`,
    found: `${String(given.length)} numbers`,
    expected: `one, or ${String(joints.length)} (${joints.join(', ')})`,
    remedy: 'Give a gain for each joint of the model, in the order of the model.',
  });
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

function unused(name: ParameterName, owner: string, values: Parameters): JepaMpcError {
  return new JepaMpcError('params.invalid', {
    subject: `parameter ${name}`,
    found: `${writeValue(values[name])}, with command.interface: ${values['command.interface']}`,
    expected: `command.interface: ${owner}`,
    remedy: `It has a meaning there alone. Set command.interface first, or both at once.`,
  });
}
