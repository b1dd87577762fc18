import rclnodejs from 'rclnodejs';

import { JepaMpcError } from '../../core/errors.js';
import type { StartupParameters } from '../parameters/startup-parameters.js';

/** Name of the planner node unless it is remapped. */
export const NODE_NAME = 'planner_node';

/**
 * The ROS node, with the name and the parameters of ROS' own (such as `use_sim_time`) that it was started with.
 *
 * @throws JepaMpcError `params.invalid` when it has another name than the one that its parameters were picked for
 */
export function makeNode({ ros, fullName, warnings }: StartupParameters): rclnodejs.lifecycle.LifecycleNode {
  const options = new rclnodejs.NodeOptions();
  options.parameterOverrides = [...ros];
  // See offerParameterServices.
  options.startParameterServices = false;
  const context = rclnodejs.Context.defaultContext();
  const node = new rclnodejs.lifecycle.LifecycleNode(NODE_NAME, '', context, options);
  for (const warning of warnings) node.getLogger().warn(warning);
  if (node.getFullyQualifiedName() === fullName) return node;
  throw new JepaMpcError('params.invalid', {
    subject: 'name of the node',
    found: node.getFullyQualifiedName(),
    expected: fullName,
    remedy: 'Remap it with -r __node:=name and -r __ns:=/namespace; if that was done, please report it.',
  });
}
