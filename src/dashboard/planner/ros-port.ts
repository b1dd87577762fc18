import type { DescriptorMessage, ParameterMessage, ValueMessage } from './parameter-messages.js';
import type { TopicOfNode } from './planner-topics.js';
import type { StatusesMessage } from './wire.js';

/** The services that the dashboard calls, by their ROS types. */
export interface ServiceTypes {
  'std_srvs/srv/Trigger': { request: object; response: ServiceAnswer };
  'std_srvs/srv/SetBool': { request: { readonly data: boolean }; response: ServiceAnswer };
  'rcl_interfaces/srv/ListParameters': {
    request: { readonly prefixes: readonly string[]; readonly depth: bigint };
    response: { readonly result: { readonly names: readonly string[] } };
  };
  'rcl_interfaces/srv/DescribeParameters': {
    request: { readonly names: readonly string[] };
    response: { readonly descriptors: readonly DescriptorMessage[] };
  };
  'rcl_interfaces/srv/GetParameters': {
    request: { readonly names: readonly string[] };
    response: { readonly values: readonly ValueMessage[] };
  };
  'rcl_interfaces/srv/SetParametersAtomically': {
    request: { readonly parameters: readonly ParameterMessage[] };
    response: { readonly result: { readonly successful: boolean; readonly reason: string } };
  };
  'lifecycle_msgs/srv/GetState': {
    request: object;
    response: { readonly current_state: { readonly label: string } };
  };
  'lifecycle_msgs/srv/ChangeState': {
    request: { readonly transition: { readonly id: number; readonly label: string } };
    response: { readonly success: boolean };
  };
}
export type ServiceType = keyof ServiceTypes;

/** Of std_srvs. */
interface ServiceAnswer {
  readonly success: boolean;
  readonly message: string;
}

/** Which messages of a topic are received: `stream`: new ones, of any publisher. `latched`: also the last one of a publisher that keeps it. */
export type Delivery = 'stream' | 'reliable' | 'latched';

/** The ROS library, as the dashboard uses it. Names of topics, services and nodes are full. */
export interface RosPort {
  /** @param onMessage gets serialised messages, in memory of their own */
  subscribe(
    type: string,
    topic: string,
    delivery: Delivery,
    onMessage: (message: Uint8Array) => void,
  ): { dispose(): void };
  /** @param onMessage also gets the nodes that a message may have come from */
  subscribeStatuses(
    topic: string,
    onMessage: (message: StatusesMessage, senders: readonly string[]) => void,
  ): { dispose(): void };
  /** @throws JepaMpcError `dashboard.no-answer` where nobody offers it, and after the time */
  call<Type extends ServiceType>(
    type: Type,
    service: string,
    request: ServiceTypes[Type]['request'],
    timeoutMs: number,
  ): Promise<ServiceTypes[Type]['response']>;
  /** Whether a node of this name has been discovered. */
  hasNode(node: string): boolean;
  subscriptionsOf(node: string): readonly TopicOfNode[];
  publishersOf(node: string): readonly TopicOfNode[];
}
