import type { Logger } from '../../core/types.js';
import type { Parameters } from '../../params/schema.js';
import type { ReachGoalHandlers } from '../goals/reach-goal-server.js';
import type { NodeOutputs } from '../topics/node-outputs.js';
import type { Topics } from '../topics/topics.js';
import type { NodeClock } from './node-clock.js';
import type { ServiceHost } from './node-services.js';
import type { TransitionMachine } from './transitions.js';

/** The ROS graph around a node. */
export interface RosGraph {
  /** Fully qualified names of the nodes that publish a topic. @param topic fully qualified and remapped */
  publishersOf(topic: string): readonly string[];
  /** One line for each endpoint of another node that is not connected to this node, for its QoS or type. */
  qosMismatches(): readonly string[];
}

/** A node, as the planner sees it: everything that needs the ROS library is behind this. */
export interface RosNode extends RosGraph {
  /** Without its namespace. */
  readonly name: string;
  readonly log: Logger;
  /** `use_sim_time` */
  readonly isSimulated: boolean;
  readonly clock: NodeClock;
  readonly topics: Topics;
  readonly services: ServiceHost;
  readonly outputs: NodeOutputs;
  readonly transitions: TransitionMachine;
  /** Overrides of QoS for topics that nothing has subscribed to. */
  readonly unusedOverrides: readonly string[];
  /** `values`: in force now; the object is replaced with every change. */
  readonly parameters: { readonly values: Parameters };
  /** Offers the action `~/reach_goal`, if its interface is installed. @param report gets what goes wrong with a request */
  serveReachGoal(handlers: ReachGoalHandlers, report: (error: unknown) => void): void;
  /** Starts receiving. */
  spin(): void;
  /** Ends receiving. */
  stop(): void;
}
