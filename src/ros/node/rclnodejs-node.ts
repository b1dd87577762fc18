import rclnodejs from 'rclnodejs';

import { JepaMpcError } from '../../core/errors.js';
import type { Logger } from '../../core/types.js';
import { serveReachGoal } from '../goals/reach-goal-server.js';
import type { ReachGoalHandlers } from '../goals/reach-goal-server.js';
import { ParameterBridge } from '../parameters/parameter-bridge.js';
import type { ParameterRules } from '../parameters/parameter-bridge.js';
import { offerParameterServices } from '../parameters/parameter-services.js';
import type { StartupParameters } from '../parameters/startup-parameters.js';
import { publishersOf } from '../topics/endpoints.js';
import { advertise } from '../topics/node-outputs.js';
import type { NodeOutputs } from '../topics/node-outputs.js';
import { QosOverrides } from '../topics/qos-overrides.js';
import { QosWatch } from '../topics/qos-watch.js';
import { RosTopics } from '../topics/ros-topics.js';
import type { NodeClock } from './node-clock.js';
import { withoutParameterServices } from './rclnodejs-patches.js';
import { clockOf } from './ros-clock.js';
import type { RosNode } from './ros-node.js';
import { transitionsOf } from './transitions.js';
import type { TransitionMachine } from './transitions.js';

/** Name of the planner node unless it is remapped. */
export const NODE_NAME = 'planner_node';

/** A lifecycle node of rclnodejs. */
export class RclNode implements RosNode {
  readonly #node: rclnodejs.lifecycle.LifecycleNode;
  readonly #overrides: QosOverrides;
  readonly #qosWatch: QosWatch;
  readonly log: Logger;
  readonly parameters: ParameterBridge;
  readonly isSimulated: boolean;
  readonly topics: RosTopics;
  readonly clock: NodeClock;
  readonly outputs: NodeOutputs;
  readonly transitions: TransitionMachine;

  /**
   * Declares the parameters, with the values that the node was started with, and offers their services.
   *
   * @throws JepaMpcError `params.invalid` for a name, parameters or overrides of QoS that do not fit, and what `rules.refuse` throws
   */
  constructor(startup: StartupParameters, rules: ParameterRules) {
    this.#node = makeNode(startup);
    this.log = this.#node.getLogger();
    this.parameters = new ParameterBridge(this.#node, startup.own, rules);
    offerParameterServices(this.#node, (changes) => this.parameters.set(changes));
    const overrides = this.#node.getParameterOverrides().map(({ name, value }) => [name, value] as const);
    this.#overrides = new QosOverrides(this.#node, new Map(overrides));
    this.#qosWatch = new QosWatch(this.#node, (text) => {
      this.log.warn(text);
    });
    this.outputs = advertise(this.#node);
    this.isSimulated = this.#node.getParameter('use_sim_time').value === true;
    this.topics = new RosTopics(this.#node, this.#overrides);
    this.clock = clockOf(this.#node, this.topics, this.isSimulated);
    this.transitions = transitionsOf(this.#node);
  }

  get name(): string {
    return this.#node.name();
  }

  get services(): rclnodejs.Node {
    return this.#node;
  }

  get unusedOverrides(): readonly string[] {
    return this.#overrides.unused;
  }

  serveReachGoal(handlers: ReachGoalHandlers, report: (error: unknown) => void): void {
    serveReachGoal(this.#node, handlers, this.log, report);
  }

  publishersOf(topic: string): readonly string[] {
    return publishersOf(this.#node, topic);
  }

  qosMismatches(): readonly string[] {
    return this.#qosWatch.look();
  }

  spin(): void {
    this.#node.spin();
  }

  stop(): void {
    this.#node.stop();
  }
}

/**
 * The ROS node, with the name and the parameters of ROS' own (such as `use_sim_time`) that it was started with.
 *
 * @throws JepaMpcError `params.invalid` if it has another name than the one that its parameters were picked for
 */
function makeNode({ ros, fullName, warnings }: StartupParameters): rclnodejs.lifecycle.LifecycleNode {
  const options = withoutParameterServices(new rclnodejs.NodeOptions());
  options.parameterOverrides = [...ros];
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
