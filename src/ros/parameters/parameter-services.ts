import rclnodejs from 'rclnodejs';

import type { SetResult } from './parameter-bridge.js';
import { readChange, type ParameterChange } from './parameter-types.js';

/**
 * Offers the six parameter services of a ROS 2 node, in place of those of rclnodejs: see `withoutParameterServices`.
 *
 * @param set takes all changes or none
 */
export function offerParameterServices(
  node: rclnodejs.Node,
  set: (changes: readonly ParameterChange[]) => SetResult,
): void {
  const options = { qos: rclnodejs.QoS.profileParameters };
  node.createService(
    'rcl_interfaces/srv/ListParameters',
    '~/list_parameters',
    options,
    ({ prefixes, depth }, response) => {
      const result = listed(node.getParameterNames(), prefixes, Number(depth));
      response.send(Object.assign(response.template, { result }));
    },
  );
  node.createService(
    'rcl_interfaces/srv/DescribeParameters',
    '~/describe_parameters',
    options,
    ({ names }, response) => {
      const descriptors = names.map((name) => describe(node, name));
      response.send(Object.assign(response.template, { descriptors }));
    },
  );
  node.createService(
    'rcl_interfaces/srv/GetParameters',
    '~/get_parameters',
    options,
    ({ names }, response) => {
      const values = names.map((name) =>
        node.hasParameter(name) ? node.getParameter(name).toParameterValueMessage() : { type: 0 },
      );
      response.send(Object.assign(response.template, { values }));
    },
  );
  node.createService(
    'rcl_interfaces/srv/GetParameterTypes',
    '~/get_parameter_types',
    options,
    ({ names }, response) => {
      const types = Uint8Array.from(names, (name) =>
        node.hasParameter(name) ? node.getParameter(name).type : 0,
      );
      response.send(Object.assign(response.template, { types }));
    },
  );
  node.createService(
    'rcl_interfaces/srv/SetParameters',
    '~/set_parameters',
    options,
    ({ parameters }, response) => {
      const results = parameters.map((parameter) => set([readChange(parameter)]));
      response.send(Object.assign(response.template, { results }));
    },
  );
  node.createService(
    'rcl_interfaces/srv/SetParametersAtomically',
    '~/set_parameters_atomically',
    options,
    ({ parameters }, response) => {
      const result = set(parameters.map(readChange));
      response.send(Object.assign(response.template, { result }));
    },
  );
}

function describe(node: rclnodejs.Node, name: string): object {
  if (node.hasParameter(name)) return node.getParameterDescriptor(name).toMessage();
  return {
    name,
    type: 0,
    description: '',
    additional_constraints: '',
    read_only: false,
    dynamic_typing: false,
  };
}

/** As rclcpp lists them: names below a prefix, at most `depth` parts deep (0: no limit), and the prefixes of these names. */
function listed(
  all: readonly string[],
  prefixes: readonly string[],
  depth: number,
): { names: string[]; prefixes: string[] } {
  const isIn = (name: string, prefix: string): boolean => {
    if (name === prefix) return true;
    if (prefix !== '' && !name.startsWith(`${prefix}.`)) return false;
    const below = prefix === '' ? name : name.slice(prefix.length + 1);
    return depth === 0 || below.split('.').length <= depth;
  };
  const wanted = prefixes.length === 0 ? [''] : prefixes;
  const names = all.filter((name) => wanted.some((prefix) => isIn(name, prefix)));
  const parents = names
    .filter((name) => name.includes('.'))
    .map((name) => name.slice(0, name.lastIndexOf('.')));
  return { names, prefixes: [...new Set(parents)] };
}
