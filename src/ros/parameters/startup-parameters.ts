import { readFileSync } from 'node:fs';

import rclnodejs from 'rclnodejs';

import { JepaMpcError } from '../../core/errors.js';
import { gatherParameters } from '../../params/given-parameters.js';
import type { GivenValue } from '../../params/profile.js';
import { readRosArguments } from '../../params/ros-arguments.js';
import { writeValue } from '../../core/write-value.js';
import { belongsToRos, rosTypes } from './parameter-types.js';

/** What the command line says about a node and its parameters. */
export interface StartupParameters {
  /** The command line for rclnodejs, without what is read here. */
  readonly argv: readonly string[];
  /** Full name that the node will have. */
  readonly fullName: string;
  /** Values for the parameter schema, by name, not judged yet. */
  readonly own: Readonly<Record<string, GivenValue>>;
  /** Parameters that ROS itself puts on a node, such as `use_sim_time`. */
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
  const { values, warnings } = gatherParameters(given, readText, belongsToRos);
  const own: Record<string, GivenValue> = {};
  const ros: rclnodejs.Parameter[] = [];
  for (const [name, value] of values) {
    if (belongsToRos(name)) ros.push(rosParameter(name, value));
    else own[name] = value;
  }
  return { argv: given.others, fullName: given.fullName, own, ros, warnings };
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new JepaMpcError('params.invalid', {
      subject: `parameter file ${path}`,
      found: error instanceof Error ? error.message : String(error),
      expected: 'a file that can be read',
      remedy: 'Check the path given with --params-file.',
      cause: error,
    });
  }
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
