import rclnodejs from 'rclnodejs';

import { JepaMpcError } from '../../core/errors.js';
import { gatherParameters, readParameterFile } from '../../params/given-parameters.js';
import type { GivenValue } from '../../params/profile.js';
import { readRosArguments } from '../../params/ros-arguments.js';
import { writeValue } from '../../core/write-value.js';
import { belongsToRos, rosTypes } from './parameter-types.js';

/** Name and parameters of a node, from the command line. */
export interface StartupParameters {
  /** The command line for rclnodejs, without the arguments that are read here. */
  readonly argv: readonly string[];
  /** Full name that the node will have. */
  readonly fullName: string;
  /** Values for the parameter schema, by name, not validated yet. */
  readonly own: Readonly<Record<string, GivenValue>>;
  /** Parameters that ROS itself declares on a node, such as `use_sim_time`. */
  readonly ros: readonly rclnodejs.Parameter[];
  /** For the log. */
  readonly warnings: readonly string[];
}

/**
 * Reads parameters from a command line and the parameter files that it names.
 *
 * @param defaultName name of the node unless it is remapped
 * @throws JepaMpcError `params.invalid` for what cannot be read
 */
export function readStartupParameters(argv: readonly string[], defaultName: string): StartupParameters {
  const given = readRosArguments(argv, defaultName);
  const { values, warnings } = gatherParameters(
    given,
    (path) => readParameterFile(path, '--params-file'),
    belongsToRos,
  );
  const own: Record<string, GivenValue> = {};
  const ros: rclnodejs.Parameter[] = [];
  for (const [name, value] of values) {
    if (belongsToRos(name)) ros.push(rosParameter(name, value));
    else own[name] = value;
  }
  return { argv: given.others, fullName: given.fullName, own, ros, warnings };
}

function rosParameter(name: string, value: GivenValue): rclnodejs.Parameter {
  const isSwitch = !name.startsWith('qos_overrides.');
  switch (typeof value) {
    case 'boolean':
      return new rclnodejs.Parameter(name, rosTypes.boolean, value);
    case 'bigint':
      if (!isSwitch) return new rclnodejs.Parameter(name, rosTypes.integer, value);
      break;
    case 'string':
      if (!isSwitch) return new rclnodejs.Parameter(name, rosTypes.string, value);
      break;
    default:
  }
  throw new JepaMpcError('params.invalid', {
    subject: `parameter ${name}`,
    found: writeValue(value),
    expected: isSwitch ? 'true or false' : 'text, a whole number, true or false',
    remedy: 'Correct it in the parameter file or on the command line.',
  });
}
