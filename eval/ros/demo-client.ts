import { setTimeout as delay } from 'node:timers/promises';
import rclnodejs from 'rclnodejs';
import { JepaMpcError } from '../../src/core/errors.js';
import type { ParameterValue } from '../../src/core/parameter.js';
import type { ObjectPose } from '../episodes/objects/object-move.js';
import { Arrivals } from './demo-arrivals.js';
import { toResetReport, type ResetReport } from './demo-messages.js';
import { DemoSubscriptions, PLANNER_NODE, type DemoListener, type Received } from './demo-subscriptions.js';
import { toSetObjects } from './object-messages.js';
import { toParameterMessage } from './parameter-messages.js';
import { ServiceCaller } from './service-caller.js';

/** Name of the demo's own node. */
export const DEMO_NODE = 'jepa_mpc_demo';
const DISCOVERY_MS = 1000;

/** Lifecycle transitions that the demo asks for, by their id in lifecycle_msgs/Transition. */
const TRANSITION_ID = { configure: 1, activate: 3, deactivate: 4 } as const;
export type Transition = keyof typeof TRANSITION_ID;

/** Two nodes that must have discovered each other on a topic before messages between them are safe from loss. */
export interface TopicLink {
  readonly topic: string;
  readonly from: string;
  readonly to: string;
}

/**
 * The demo's own ROS node. It drives the simulator and the planner node through their topics and services, as any other ROS program would.
 * Every wait rejects with a JepaMpcError: `demo.timeout`, or the reason given to `fail`.
 */
export class DemoClient {
  readonly #joints: readonly string[];
  readonly #arrivals = new Arrivals();
  readonly #services = new ServiceCaller(this.#arrivals);
  readonly #node = new rclnodejs.Node(DEMO_NODE);
  readonly #simulatorNode: string;
  readonly #step: rclnodejs.Publisher<'std_msgs/msg/UInt64'>;
  readonly #setState: rclnodejs.Publisher<'sensor_msgs/msg/JointState'>;
  readonly #setGoal: rclnodejs.Publisher<'sensor_msgs/msg/JointState'>;
  readonly #setObjects: rclnodejs.Publisher<'sensor_msgs/msg/MultiDOFJointState'>;
  readonly #changeState = this.#node.createClient(
    'lifecycle_msgs/srv/ChangeState',
    `/${PLANNER_NODE}/change_state`,
  );
  readonly #getState = this.#node.createClient('lifecycle_msgs/srv/GetState', `/${PLANNER_NODE}/get_state`);
  readonly #reset = this.#node.createClient('std_srvs/srv/Trigger', `/${PLANNER_NODE}/reset`);
  readonly #captureGoal = this.#node.createClient('std_srvs/srv/Trigger', `/${PLANNER_NODE}/capture_goal`);
  readonly #pause = this.#node.createClient('std_srvs/srv/SetBool', `/${PLANNER_NODE}/pause`);
  readonly #getParameters = this.#node.createClient(
    'rcl_interfaces/srv/GetParameters',
    `/${PLANNER_NODE}/get_parameters`,
  );
  readonly #getSimulatorParameters: rclnodejs.Client<'rcl_interfaces/srv/GetParameters'>;
  readonly #setParameters = this.#node.createClient(
    'rcl_interfaces/srv/SetParameters',
    `/${PLANNER_NODE}/set_parameters`,
  );
  readonly #setParametersAtomically = this.#node.createClient(
    'rcl_interfaces/srv/SetParametersAtomically',
    `/${PLANNER_NODE}/set_parameters_atomically`,
  );
  readonly #subscriptions: DemoSubscriptions;

  private constructor(simulatorNode: string, joints: readonly string[], listener: DemoListener) {
    this.#simulatorNode = simulatorNode;
    this.#joints = joints;
    const node = this.#node;
    this.#step = node.createPublisher('std_msgs/msg/UInt64', `/${simulatorNode}/step`);
    this.#setState = node.createPublisher('sensor_msgs/msg/JointState', `/${simulatorNode}/set_state`);
    this.#setGoal = node.createPublisher('sensor_msgs/msg/JointState', `/${simulatorNode}/set_goal`);
    this.#setObjects = node.createPublisher(
      'sensor_msgs/msg/MultiDOFJointState',
      `/${simulatorNode}/set_objects`,
    );
    this.#getSimulatorParameters = node.createClient(
      'rcl_interfaces/srv/GetParameters',
      `/${simulatorNode}/get_parameters`,
    );
    this.#subscriptions = new DemoSubscriptions(node, simulatorNode, joints, listener, () => {
      this.#arrivals.notify();
    });
    node.spin();
  }

  /**
   * Starts ROS in this process and the node in it.
   *
   * @param simulatorNode name of the simulator's node
   * @param joints names in the order in which every position is given and returned
   * @throws JepaMpcError environment.domain-in-use when a simulator or planner node runs in this ROS domain already
   */
  static async open(
    simulatorNode: string,
    joints: readonly string[],
    listener: DemoListener,
  ): Promise<DemoClient> {
    await rclnodejs.init(undefined, []);
    rclnodejs.removeSignalHandlers();
    const client = new DemoClient(simulatorNode, joints, listener);
    await delay(DISCOVERY_MS);
    try {
      client.assertDomainUnused(0);
    } catch (error) {
      client.close();
      throw error;
    }
    return client;
  }

  /**
   * Checks that no other demo runs in this ROS domain. Discovery takes longer on a busy machine, so check more than once.
   *
   * @param ownNodes number of simulators, and of planner nodes, that belong to this demo
   * @throws JepaMpcError environment.domain-in-use
   */
  assertDomainUnused(ownNodes: 0 | 1): void {
    const names = this.#node.getNodeNames();
    const foreign = [this.#simulatorNode, PLANNER_NODE].filter(
      (name) => names.filter((other) => other === name).length > ownNodes,
    );
    if (foreign.length === 0) return;
    throw new JepaMpcError('environment.domain-in-use', {
      subject: `ROS domain ${process.env['ROS_DOMAIN_ID'] ?? '0'}`,
      found: `another ${foreign.join(' and ')} in it`,
      expected: 'a domain of its own for the demo',
      remedy: 'End the other run, or set ROS_DOMAIN_ID to another number from 0 to 101.',
    });
  }

  get received(): Received {
    return this.#subscriptions.received;
  }

  /** Rejects every present and future wait with this reason. */
  fail(reason: Error): void {
    this.#arrivals.fail(reason);
  }

  /** Makes waits work again after `fail`, so that the demo can shut down in order. */
  recover(): void {
    this.#arrivals.recover();
  }

  /** Waits until a condition on `received` holds; evaluated on each message. */
  until(condition: () => boolean, awaited: string, timeoutMs: number): Promise<void> {
    return this.#arrivals.until(condition, awaited, timeoutMs);
  }

  /** Waits for this much wall-clock time; rejects like every wait. */
  async pass(durationMs: number): Promise<void> {
    let over = false;
    const timer = setTimeout(() => {
      over = true;
      this.#arrivals.notify();
    }, durationMs);
    await this.until(() => over, 'time', 2 * durationMs + 1000).finally(() => {
      clearTimeout(timer);
    });
  }

  /** Advances the simulator by one period, once it has received this many commands since the last `setState`. */
  step(commands: number): void {
    this.#step.publish({ data: BigInt(commands) });
  }

  /** Teleports the robot [rad], at rest. */
  setState(positionRad: readonly number[]): void {
    this.#setState.publish(this.#jointState(positionRad));
  }

  /** Puts a free object somewhere at rest, now and with each later `setState`. Teleports the robot to where it is. */
  setObject(name: string, pose: ObjectPose): void {
    this.#setObjects.publish(toSetObjects(name, pose));
  }

  /** Sets the goal: the simulator publishes the image of this pose [rad] as the goal image. */
  setGoal(positionRad: readonly number[]): void {
    this.#setGoal.publish(this.#jointState(positionRad));
  }

  /**
   * Waits until a publisher of node `from` and a subscription of node `to` have been discovered on each topic. A message to a node that has
   * not been discovered yet is lost, and lockstep must not lose any.
   *
   * @throws JepaMpcError demo.timeout, naming the missing end
   */
  async linked(links: readonly TopicLink[], timeoutMs: number): Promise<void> {
    for (const { topic, from, to } of links) {
      await this.#services.poll(
        () => this.#endpoints(topic, 'publisher').includes(from),
        `${from} as a publisher of ${topic}`,
        timeoutMs,
      );
      await this.#services.poll(
        () => this.#endpoints(topic, 'subscription').includes(to),
        `${to} as a subscriber of ${topic}`,
        timeoutMs,
      );
    }
  }

  /**
   * Waits until the planner node's services answer this node. A client discovers a server before the server has discovered the client, and
   * a response sent in between is lost. So this repeats an empty request until a response arrives. Endpoints are announced in the order of
   * their creation: the last client of the planner node stands for all of them.
   *
   * @throws JepaMpcError demo.timeout
   */
  async servicesAnswer(timeoutMs: number): Promise<void> {
    await this.#services.callUntilAnswered(this.#setParameters, { parameters: [] }, timeoutMs);
  }

  /** The planner node's lifecycle state, such as `inactive`. */
  async lifecycleState(timeoutMs: number): Promise<string> {
    return (await this.#services.call(this.#getState, {}, timeoutMs)).current_state.label;
  }

  /** Requests a lifecycle transition of the planner node; false when the node refuses. */
  async changeState(transition: Transition, timeoutMs: number): Promise<boolean> {
    const request = { transition: { id: TRANSITION_ID[transition], label: transition } };
    return (await this.#services.call(this.#changeState, request, timeoutMs)).success;
  }

  /**
   * Calls `~/reset`: the planner drops frames, plan and warm start, and takes the measured pose as its desired one. Returns the pose, goal
   * and time that it reports; null while it cannot reset yet.
   */
  async reset(timeoutMs: number): Promise<ResetReport | null> {
    const { success, message } = await this.#services.call(this.#reset, {}, timeoutMs);
    return success ? toResetReport(message) : null;
  }

  /** Calls `~/capture_goal`: what the cameras see is the goal. Returns the stamp of its frame; null while there is none. */
  async captureGoal(timeoutMs: number): Promise<bigint | null> {
    const { success, message } = await this.#services.call(this.#captureGoal, {}, timeoutMs);
    const stamp = /frame stamped (\d+) ns/.exec(message)?.[1];
    return success && stamp !== undefined ? BigInt(stamp) : null;
  }

  /** Pauses the planner (the robot holds) or resumes it. */
  async pause(paused: boolean, timeoutMs: number): Promise<void> {
    const { success, message } = await this.#services.call(this.#pause, { data: paused }, timeoutMs);
    if (!success) throw refused('~/pause', message);
  }

  /** A text parameter of the planner node. */
  async getParameter(name: string, timeoutMs: number): Promise<string> {
    const { values } = await this.#services.call(this.#getParameters, { names: [name] }, timeoutMs);
    return values[0]?.string_value ?? '';
  }

  /** Sets a text parameter of the planner node. */
  async setParameter(name: string, value: string, timeoutMs: number): Promise<void> {
    const request = { parameters: [toParameterMessage(name, value)] };
    const { results } = await this.#services.call(this.#setParameters, request, timeoutMs);
    const result = results[0];
    if (result?.successful !== true)
      throw refused(`parameter ${name} = ${value}`, result?.reason ?? 'no result');
  }

  /**
   * Sets parameters of the planner node, all of them or none.
   *
   * @throws JepaMpcError `params.invalid` with the reason of the node
   */
  async setParameters(values: Readonly<Record<string, ParameterValue>>, timeoutMs: number): Promise<void> {
    const parameters = Object.entries(values).map(([name, value]) => toParameterMessage(name, value));
    const { result } = await this.#services.call(this.#setParametersAtomically, { parameters }, timeoutMs);
    if (result.successful) return;
    throw new JepaMpcError('params.invalid', {
      subject: `parameters ${Object.keys(values).join(', ')}`,
      found: `a refusal by ${PLANNER_NODE}: ${result.reason}`,
      expected: 'values that it accepts in combination',
      remedy: 'Change them as the reason says.',
    });
  }

  /**
   * Resolves once the simulator has processed everything that had reached it before this call. One service response is not enough, because
   * an executor picks among ready work in its own order. The second of two calls is answered after everything that was ready with the
   * first.
   */
  async simulatorSettled(timeoutMs: number): Promise<void> {
    for (let call = 0; call < 2; call++) {
      await this.#services.call(this.#getSimulatorParameters, { names: ['use_sim_time'] }, timeoutMs);
    }
  }

  /** Shuts ROS down in this process. Call it before the process exits: the addon aborts otherwise. */
  close(): void {
    this.#node.destroy();
    rclnodejs.shutdown();
  }

  #jointState(positionRad: readonly number[]): rclnodejs.sensor_msgs.msg.JointState {
    return {
      header: { stamp: { sec: 0, nanosec: 0 }, frame_id: '' },
      name: [...this.#joints],
      position: [...positionRad],
      velocity: [],
      effort: [],
    };
  }

  #endpoints(topic: string, kind: 'publisher' | 'subscription'): string[] {
    const found =
      kind === 'publisher'
        ? this.#node.getPublishersInfoByTopic(topic, false)
        : this.#node.getSubscriptionsInfoByTopic(topic, false);
    return (found as { node_name: string }[]).map(({ node_name }) => node_name);
  }
}

function refused(subject: string, found: string): JepaMpcError {
  return new JepaMpcError('planner.not-ready', {
    subject: `${PLANNER_NODE} ${subject}`,
    found,
    expected: 'success',
    remedy: 'Run again with --verbose: the node prints why it refused.',
  });
}
