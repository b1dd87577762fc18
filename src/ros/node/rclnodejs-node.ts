import rclnodejs from 'rclnodejs';

import { JepaMpcError } from '../../core/errors.js';
import type { Logger } from '../../core/types.js';
import { serveReachGoal } from '../goals/reach-goal-server.js';
import type { ReachGoalHandlers } from '../goals/reach-goal-server.js';
import { ParameterBridge } from '../parameters/parameter-bridge.js';
import type { ParameterRules } from '../parameters/parameter-bridge.js';
import { offerParameterServices } from '../parameters/parameter-services.js';
import type { StartupParameters } from '../parameters/startup-parameters.js';
import { explainRefusals, securely, securityWarnings } from '../security/secured-node.js';
import type { TopicPeers } from '../topics/command-peers.js';
import { hasPublisher, peersOf, publisherOf, publishersOf } from '../topics/endpoints.js';
import { advertise, advertiseImages } from '../topics/node-outputs.js';
import type { DisposableOutput, NodeOutputs } from '../topics/node-outputs.js';
import { QosOverrides } from '../topics/qos-overrides.js';
import { QosWatch } from '../topics/qos-watch.js';
import { RosTopics } from '../topics/ros-topics.js';
import type { NodeClock } from './node-clock.js';
import { withoutParameterServices } from './rclnodejs-patches.js';
import { clockOf } from './ros-clock.js';
import type { NodeWatcher, RosNode } from './ros-node.js';
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
  #watcher: NodeWatcher | null = null;

  /**
   * Declares the parameters, with the values that the node was started with, and offers their services.
   *
   * @throws JepaMpcError `params.invalid` for a name, parameters or overrides of QoS that do not fit, and what `rules.refuse` throws
   */
  constructor(startup: StartupParameters, rules: ParameterRules) {
    this.#node = makeNode(startup);
    this.log = watched(this.#node.getLogger(), (level, text) => {
      this.#watcher?.onLogged(level, text);
    });
    this.parameters = new ParameterBridge(this.#node, startup.own, rules);
    offerParameterServices(this.#node, (changes) => {
      const result = this.parameters.set(changes);
      if (result.successful) this.#watcher?.onParametersSet(changes.map(({ name }) => name));
      return result;
    });
    const overrides = this.#node.getParameterOverrides().map(({ name, value }) => [name, value] as const);
    this.#overrides = new QosOverrides(this.#node, new Map(overrides));
    this.#qosWatch = new QosWatch(this.#node, (text) => {
      this.log.warn(text);
    });
    this.outputs = advertise(this.#node, (topic, type, message) => {
      this.#watcher?.onPublished(topic, type, message);
    });
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
    securely('action ~/reach_goal', process.env, () => {
      serveReachGoal(this.#node, handlers, this.log, report);
    });
  }

  advertiseImages(topic: string): DisposableOutput {
    return advertiseImages(this.#node, topic);
  }

  publishersOf(topic: string): readonly string[] {
    return publishersOf(this.#node, topic);
  }

  publisherOf(topic: string, gid: string | null): string {
    return publisherOf(this.#node, topic, gid);
  }

  hasPublisher(topic: string, gid: string): boolean {
    return hasPublisher(this.#node, topic, gid);
  }

  peersOf(topic: string): TopicPeers {
    return peersOf(this.#node, topic);
  }

  qosMismatches(): readonly string[] {
    return this.#qosWatch.look();
  }

  watch(watcher: NodeWatcher): void {
    this.#watcher = watcher;
  }

  spin(): void {
    this.#node.spin();
  }

  stop(): void {
    this.#node.stop();
  }
}

/** A log whose lines are also passed to `onLine`. */
function watched(log: Logger, onLine: (level: keyof Logger, text: string) => void): Logger {
  const line = (level: keyof Logger) => (text: string) => {
    log[level](text);
    onLine(level, text);
  };
  return { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') };
}

/**
 * The ROS node, with the name and the parameters of ROS' own (such as `use_sim_time`) that it was started with.
 *
 * @throws JepaMpcError `params.invalid` if it has another name than the one that its parameters were picked for; with DDS security on
 *   `security.policy`, `security.unavailable`
 */
function makeNode({ ros, fullName, warnings }: StartupParameters): rclnodejs.lifecycle.LifecycleNode {
  const options = withoutParameterServices(new rclnodejs.NodeOptions());
  options.parameterOverrides = [...ros];
  const context = rclnodejs.Context.defaultContext();
  const { env } = process;
  const made = securely(
    `node ${fullName}`,
    env,
    () => new rclnodejs.lifecycle.LifecycleNode(NODE_NAME, '', context, options),
  );
  const node = explainRefusals(made, env);
  for (const warning of [...warnings, ...securityWarnings(env)]) node.getLogger().warn(warning);
  if (node.getFullyQualifiedName() === fullName) return node;
  throw new JepaMpcError('params.invalid', {
    subject: 'name of the node',
    found: node.getFullyQualifiedName(),
    expected: fullName,
    remedy: 'Remap it with -r __node:=name and -r __ns:=/namespace; if that was done, please report it.',
  });
}
