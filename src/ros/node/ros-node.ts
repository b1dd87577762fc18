import type { Logger } from '../../core/types.js';
import type { Parameters } from '../../params/schema.js';
import type { ReachGoalHandlers } from '../goals/reach-goal-server.js';
import type { TopicPeers } from '../topics/command-peers.js';
import type { DisposableOutput, NodeOutputs } from '../topics/node-outputs.js';
import type { Topics } from '../topics/topics.js';
import type { NodeClock } from './node-clock.js';
import type { ServiceHost } from './node-services.js';
import type { TransitionMachine } from './transitions.js';

/** The ROS graph around a node. */
export interface RosGraph {
  /** Fully qualified names of the nodes that publish a topic. @param topic fully qualified and remapped */
  publishersOf(topic: string): readonly string[];
  /** The node that a message on a topic came from, for people. @param gid of its publisher, in hexadecimal; null: not known */
  publisherOf(topic: string, gid: string | null): string;
  /** Whether a publisher is known to be on a topic. @param gid in hexadecimal */
  hasPublisher(topic: string, gid: string): boolean;
  /** Who else is on a topic that this node publishes. @param topic fully qualified and remapped */
  peersOf(topic: string): TopicPeers;
  /** One line for each endpoint of another node that is not connected to this node, for its QoS or type. */
  qosMismatches(): readonly string[];
}

/** Watches what a node does, for a recording. */
export interface NodeWatcher {
  /** A message was published. @param type such as `std_msgs/msg/String` @param message in its wire format */
  onPublished(topic: string, type: string, message: Uint8Array): void;
  /** A line went to the log. */
  onLogged(level: keyof Logger, text: string): void;
  /** Parameters were set, perhaps to the values that they had. */
  onParametersSet(names: readonly string[]): void;
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
  /** Makes a topic of sensor_msgs/Image whose last one late subscribers get. */
  advertiseImages(topic: string): DisposableOutput;
  readonly transitions: TransitionMachine;
  /** Overrides of QoS for topics that nothing has subscribed to. */
  readonly unusedOverrides: readonly string[];
  /** `values`: in force now; the object is replaced with every change. */
  readonly parameters: { readonly values: Parameters };
  /** Offers the action `~/reach_goal`, if its interface is installed. @param report gets what goes wrong with a request */
  serveReachGoal(handlers: ReachGoalHandlers, report: (error: unknown) => void): void;
  /** From now on. */
  watch(watcher: NodeWatcher): void;
  /** Starts receiving. */
  spin(): void;
  /** Ends receiving. */
  stop(): void;
}
