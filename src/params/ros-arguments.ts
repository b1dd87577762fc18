import { JepaMpcError } from '../core/errors.js';

/** Where parameters come from, in the order of the command line: a later source overrides an earlier one. */
export type ParameterSource =
  | { readonly kind: 'file'; readonly path: string }
  /** `[node:]name:=value`; the node is a key as in a parameter file. */
  | { readonly kind: 'value'; readonly node: string; readonly name: string; readonly value: string };

export interface RosArguments {
  /** The rest of the command line. */
  readonly others: readonly string[];
  readonly parameters: readonly ParameterSource[];
  /** Full name that a node will have, such as `/robot1/planner_node`. */
  readonly fullName: string;
}

const EVERY_NODE = '/**';

/**
 * Reads `-p`, `--param` and `--params-file` (and the name of the node, since parameters may be meant for one node) from a command line, between
 * `--ros-args` and `--`. rclnodejs 2.2.0 reads them too, but leaves out parameters for wildcards and for names with a namespace, and
 * crashes on lists of whole numbers.
 *
 * @param defaultName name of the node unless it is remapped
 * @throws JepaMpcError `params.invalid` for arguments that cannot be read
 */
export function readRosArguments(argv: readonly string[], defaultName: string): RosArguments {
  const others: string[] = [];
  const parameters: ParameterSource[] = [];
  const remaps: string[] = [];
  let isForRos = false;
  for (let i = 0; i < argv.length; i++) {
    const argument = argv[i] ?? '';
    if (argument === '--ros-args') isForRos = true;
    else if (argument === '--') isForRos = false;
    const value = argv[i + 1];
    if (isForRos && ['-p', '--param', '--params-file'].includes(argument)) {
      if (value === undefined) throw unreadable(argument, 'nothing after it');
      parameters.push(argument === '--params-file' ? { kind: 'file', path: value } : readAssignment(value));
      i += 1;
      continue;
    }
    if (isForRos && ['-r', '--remap'].includes(argument) && value !== undefined) remaps.push(value);
    others.push(argument);
  }
  return { others, parameters, fullName: fullName(remaps, defaultName) };
}

function readAssignment(text: string): ParameterSource {
  const [, node, name, value] = /^(?:([^:]+):)?([^:=]+):=(.*)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined) throw unreadable('-p', `"${text}"`);
  return { kind: 'value', node: node ?? EVERY_NODE, name, value };
}

/** ROS takes the first rule that matches. */
function fullName(remaps: readonly string[], defaultName: string): string {
  const ruled = (special: string): string | undefined => {
    for (const remap of remaps) {
      const [, node, left, right] = /^(?:([^:]+):)?(__\w+):=(.*)$/.exec(remap) ?? [];
      if (left === special && (node ?? defaultName) === defaultName) return right;
    }
    return undefined;
  };
  const name = ruled('__node') ?? ruled('__name') ?? defaultName;
  return `/${ruled('__ns') ?? ''}/${name}`.replaceAll(/\/+/g, '/');
}

function unreadable(flag: string, found: string): JepaMpcError {
  return new JepaMpcError('params.invalid', {
    subject: `argument ${flag}`,
    found,
    expected: flag === '--params-file' ? 'the path of a parameter file' : 'name:=value',
    remedy:
      'Write for example "--ros-args -p sampling.samples:=64" or "--ros-args --params-file profile.yaml".',
  });
}
