import { setTimeout as delay } from 'node:timers/promises';
import rclnodejs from 'rclnodejs';
import { JepaMpcError } from '../../src/core/errors.js';
import type { ImageFrame, JointReading } from '../../src/core/types.js';
import { Arrivals } from './demo-arrivals.js';
import {
  toCommandPoints,
  toHoldReason,
  toJointReading,
  toPlannerStatistics,
  toResetReport,
  type CommandPoint,
  type ResetReport,
} from './demo-messages.js';
import { toImageFrame } from '../../src/ros/topics/messages.js';
import { latched, reliable, sensorData } from '../../src/ros/topics/qos.js';
import { stampToNs } from '../../src/ros/topics/stamp.js';

/** Name of the planner node. */
export const PLANNER_NODE = 'planner_node';
/** Name of the demo's own node. */
export const DEMO_NODE = 'jepa_mpc_demo';
const DISCOVERY_MS = 1000;
const POLL_MS = 50;
const ASK_AGAIN_MS = 1000;

/** Lifecycle transitions that the demo asks for, by their id in lifecycle_msgs/Transition. */
const TRANSITION_ID = { configure: 1, activate: 3, deactivate: 4 } as const;
export type Transition = keyof typeof TRANSITION_ID;

const STRING_TYPE = 4;
const NO_VALUE = {
  bool_value: false,
  integer_value: 0n,
  double_value: 0,
  byte_array_value: [],
  bool_array_value: [],
  integer_array_value: [],
  double_array_value: [],
  string_array_value: [],
};

/** Two nodes that have to know of each other on a topic before messages can be relied on. */
export interface TopicLink {
  readonly topic: string;
  readonly from: string;
  readonly to: string;
}

/** A period of the simulator in lockstep. */
export interface SimulatedPeriod {
  readonly stampNs: bigint;
  /** Stamp of the newest image that the simulator has published, with this period or before; 0: none yet. */
  readonly newestImageNs: bigint;
}

/** What has been heard so far; each field is the newest of its kind. */
export interface Heard {
  readonly clockNs: bigint;
  /** What the simulator says of the newest period in lockstep. */
  readonly period: SimulatedPeriod;
  /** True joint states, in the order of the joints given to `open`. */
  readonly joints: JointReading | null;
  readonly image: ImageFrame | null;
  readonly goalImage: ImageFrame | null;
  /** Goal images heard since the start. */
  readonly goalImages: number;
  /** Commands heard since the start. */
  readonly commands: number;
  /** Stamp of the newest frame that the planner has planned from. */
  readonly plannedFrameNs: bigint;
  /** Why the planner node holds the robot, as it said last, once a second; empty while it does not. */
  readonly holdReason: string;
}

/** Who is told of each message; all are called on the main thread, in order of arrival. */
export interface DemoListener {
  onImage(frame: ImageFrame): void;
  onJoints(reading: JointReading): void;
  /** All points of a command, in the order of the joints given to `open`. */
  onCommand(points: readonly CommandPoint[]): void;
  /** `~/statistics` of the planner by key. */
  onStatistics(values: ReadonlyMap<string, string>): void;
}

/**
 * The demo's own ROS node: drives the simulator and the planner node by their topics and services, as any other ROS program would, and
 * remembers what it hears. Everything that waits rejects with a JepaMpcError: `demo.timeout`, or the reason given to `fail`.
 */
export class DemoClient {
  readonly #joints: readonly string[];
  readonly #listener: DemoListener;
  readonly #arrivals = new Arrivals();
  readonly #heard = {
    clockNs: 0n,
    period: { stampNs: 0n, newestImageNs: 0n } as SimulatedPeriod,
    joints: null as JointReading | null,
    image: null as ImageFrame | null,
    goalImage: null as ImageFrame | null,
    goalImages: 0,
    commands: 0,
    plannedFrameNs: -1n,
    holdReason: '',
  };
  readonly #node = new rclnodejs.Node(DEMO_NODE);
  readonly #simulatorNode: string;
  readonly #step: rclnodejs.Publisher<'std_msgs/msg/UInt64'>;
  readonly #setState: rclnodejs.Publisher<'sensor_msgs/msg/JointState'>;
  readonly #setGoal: rclnodejs.Publisher<'sensor_msgs/msg/JointState'>;
  readonly #changeState = this.#node.createClient(
    'lifecycle_msgs/srv/ChangeState',
    `/${PLANNER_NODE}/change_state`,
  );
  readonly #getState = this.#node.createClient('lifecycle_msgs/srv/GetState', `/${PLANNER_NODE}/get_state`);
  readonly #reset = this.#node.createClient('std_srvs/srv/Trigger', `/${PLANNER_NODE}/reset`);
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

  private constructor(simulatorNode: string, joints: readonly string[], listener: DemoListener) {
    this.#simulatorNode = simulatorNode;
    this.#joints = joints;
    this.#listener = listener;
    const node = this.#node;
    this.#step = node.createPublisher('std_msgs/msg/UInt64', `/${simulatorNode}/step`);
    this.#setState = node.createPublisher('sensor_msgs/msg/JointState', `/${simulatorNode}/set_state`);
    this.#setGoal = node.createPublisher('sensor_msgs/msg/JointState', `/${simulatorNode}/set_goal`);
    this.#getSimulatorParameters = node.createClient(
      'rcl_interfaces/srv/GetParameters',
      `/${simulatorNode}/get_parameters`,
    );
    this.#subscribe();
    this.#node.spin();
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
      client.assertAlone(0);
    } catch (error) {
      client.close();
      throw error;
    }
    return client;
  }

  /**
   * Checks that no other demo talks in this ROS domain. Discovery takes longer on a busy machine, so this is worth asking more than once.
   *
   * @param ownNodes how many simulators, and how many planner nodes, are this demo's own
   * @throws JepaMpcError environment.domain-in-use
   */
  assertAlone(ownNodes: 0 | 1): void {
    const names = this.#node.getNodeNames();
    const strangers = [this.#simulatorNode, PLANNER_NODE].filter(
      (name) => names.filter((other) => other === name).length > ownNodes,
    );
    if (strangers.length === 0) return;
    throw new JepaMpcError('environment.domain-in-use', {
      subject: `ROS domain ${process.env['ROS_DOMAIN_ID'] ?? '0'}`,
      found: `another ${strangers.join(' and ')} in it`,
      expected: 'a domain of its own for the demo',
      remedy: 'End the other run, or set ROS_DOMAIN_ID to another number from 0 to 101.',
    });
  }

  get heard(): Heard {
    return this.#heard;
  }

  /** Every present and future wait rejects with this reason. */
  fail(reason: Error): void {
    this.#arrivals.fail(reason);
  }

  /** Waits work again after `fail`: there is an orderly end to wait for. */
  recover(): void {
    this.#arrivals.recover();
  }

  /** Waits until a condition on what has been heard holds; looked at on each arrival. */
  until(condition: () => boolean, awaited: string, timeoutMs: number): Promise<void> {
    return this.#arrivals.until(condition, awaited, timeoutMs);
  }

  /** Lets wall-clock time pass; rejects like every wait. */
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

  /** Lets the simulator go one period on, once it has seen this many commands since the last `setState`. */
  step(commands: number): void {
    this.#step.publish({ data: BigInt(commands) });
  }

  /** Teleports the robot [rad], at rest. */
  setState(positionRad: readonly number[]): void {
    this.#setState.publish(this.#jointState(positionRad));
  }

  /** Makes the image of this pose [rad] the goal image. */
  setGoal(positionRad: readonly number[]): void {
    this.#setGoal.publish(this.#jointState(positionRad));
  }

  /**
   * Waits until a publisher of node `from` and a subscription of node `to` are known on each topic. A message sent to somebody who has not
   * been discovered yet is lost, and lockstep must not lose any.
   *
   * @throws JepaMpcError demo.timeout naming the end that is missing
   */
  async linked(links: readonly TopicLink[], timeoutMs: number): Promise<void> {
    for (const { topic, from, to } of links) {
      await this.#poll(
        () => this.#endpoints(topic, 'publisher').includes(from),
        `${from} as a publisher of ${topic}`,
        timeoutMs,
      );
      await this.#poll(
        () => this.#endpoints(topic, 'subscription').includes(to),
        `${to} as a subscriber of ${topic}`,
        timeoutMs,
      );
    }
  }

  /**
   * Waits until the planner node's services answer this node. A service is seen before its server has seen who asks, and an answer sent in
   * between is lost: this asks something harmless until one comes. Endpoints are announced in the order in which they were made, so the
   * client made last stands for all.
   *
   * @throws JepaMpcError demo.timeout
   */
  async servicesAnswer(timeoutMs: number): Promise<void> {
    const client = this.#setParameters;
    const awaited = `first answer of service ${client.serviceName}`;
    await this.#poll(() => client.isServiceServerAvailable(), awaited, timeoutMs);
    let answered = false;
    const ask = (): void => {
      client.sendRequest({ parameters: [] }, () => {
        answered = true;
        this.#arrivals.notify();
      });
    };
    ask();
    const again = setInterval(ask, ASK_AGAIN_MS);
    try {
      await this.#arrivals.until(() => answered, awaited, timeoutMs);
    } finally {
      clearInterval(again);
    }
  }

  /** The planner node's lifecycle state, such as `inactive`. */
  async lifecycleState(timeoutMs: number): Promise<string> {
    return (await this.#call(this.#getState, {}, timeoutMs)).current_state.label;
  }

  /** Takes the planner node through a lifecycle transition; false when the node refuses. */
  async changeState(transition: Transition, timeoutMs: number): Promise<boolean> {
    const request = { transition: { id: TRANSITION_ID[transition], label: transition } };
    return (await this.#call(this.#changeState, request, timeoutMs)).success;
  }

  /**
   * Makes the planner forget frames, plan and warm start, and take the measured pose as its own; returns what it knew then, null while it
   * cannot do that yet.
   */
  async reset(timeoutMs: number): Promise<ResetReport | null> {
    const { success, message } = await this.#call(this.#reset, {}, timeoutMs);
    return success ? toResetReport(message) : null;
  }

  /** Pauses the planner (the robot holds), or lets it go on. */
  async pause(paused: boolean, timeoutMs: number): Promise<void> {
    const { success, message } = await this.#call(this.#pause, { data: paused }, timeoutMs);
    if (!success) throw refused('~/pause', message);
  }

  /** A text parameter of the planner node. */
  async getParameter(name: string, timeoutMs: number): Promise<string> {
    const { values } = await this.#call(this.#getParameters, { names: [name] }, timeoutMs);
    return values[0]?.string_value ?? '';
  }

  /** Sets a text parameter of the planner node. */
  async setParameter(name: string, value: string, timeoutMs: number): Promise<void> {
    const request = {
      parameters: [{ name, value: { ...NO_VALUE, type: STRING_TYPE, string_value: value } }],
    };
    const { results } = await this.#call(this.#setParameters, request, timeoutMs);
    const result = results[0];
    if (result?.successful !== true)
      throw refused(`parameter ${name} = ${value}`, result?.reason ?? 'no result');
  }

  /**
   * Returns once the simulator has worked off what had reached it before this call. A service answer alone does not say so: an executor
   * takes what is ready in an order of its own. The second of two calls in a row is answered after everything that was ready with the
   * first.
   */
  async simulatorSettled(timeoutMs: number): Promise<void> {
    for (let call = 0; call < 2; call++) {
      await this.#call(this.#getSimulatorParameters, { names: ['use_sim_time'] }, timeoutMs);
    }
  }

  /** Ends ROS in this process. Must come before the process exits: the addon aborts otherwise. */
  close(): void {
    this.#node.destroy();
    rclnodejs.shutdown();
  }

  #subscribe(): void {
    const node = this.#node;
    const heard = this.#heard;
    node.createSubscription(
      'rosgraph_msgs/msg/Clock',
      '/clock',
      QOS.stream,
      ({ clock }: rclnodejs.rosgraph_msgs.msg.Clock) => {
        heard.clockNs = stampToNs(clock);
        this.#arrivals.notify();
      },
    );
    node.createSubscription(
      'std_msgs/msg/UInt64MultiArray',
      `/${this.#simulatorNode}/period`,
      QOS.stream,
      ({ data }: rclnodejs.std_msgs.msg.UInt64MultiArray) => {
        const [stampNs = 0n, newestImageNs = 0n] = data;
        heard.period = { stampNs, newestImageNs };
        this.#arrivals.notify();
      },
    );
    node.createSubscription(
      'sensor_msgs/msg/JointState',
      `/${this.#simulatorNode}/true_joint_states`,
      QOS.stream,
      (message: rclnodejs.sensor_msgs.msg.JointState) => {
        const reading = toJointReading(message, this.#joints);
        if (reading === null) return;
        heard.joints = reading;
        this.#listener.onJoints(reading);
        this.#arrivals.notify();
      },
    );
    node.createSubscription(
      'sensor_msgs/msg/Image',
      'image_raw',
      QOS.images,
      (message: rclnodejs.sensor_msgs.msg.Image) => {
        heard.image = toImageFrame(message);
        this.#listener.onImage(heard.image);
        this.#arrivals.notify();
      },
    );
    node.createSubscription(
      'sensor_msgs/msg/Image',
      'goal_image',
      QOS.latched,
      (message: rclnodejs.sensor_msgs.msg.Image) => {
        heard.goalImage = toImageFrame(message);
        heard.goalImages++;
        this.#arrivals.notify();
      },
    );
    node.createSubscription(
      'trajectory_msgs/msg/JointTrajectory',
      'joint_trajectory',
      QOS.stream,
      (message: rclnodejs.trajectory_msgs.msg.JointTrajectory) => {
        heard.commands++;
        this.#listener.onCommand(toCommandPoints(message, this.#joints));
        this.#arrivals.notify();
      },
    );
    node.createSubscription(
      'diagnostic_msgs/msg/DiagnosticArray',
      `/${PLANNER_NODE}/statistics`,
      (message) => {
        const values = toPlannerStatistics(message);
        if (values === null) return;
        heard.plannedFrameNs = BigInt(values.get('frame_stamp_ns') ?? -1);
        this.#listener.onStatistics(values);
        this.#arrivals.notify();
      },
    );
    node.createSubscription('diagnostic_msgs/msg/DiagnosticArray', '/diagnostics', (message) => {
      heard.holdReason = toHoldReason(message, PLANNER_NODE) ?? heard.holdReason;
    });
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

  async #call<Request extends object, Response>(
    client: ServiceClient<Request, Response>,
    request: Request,
    timeoutMs: number,
  ): Promise<Response> {
    const awaited = `answer of service ${client.serviceName}`;
    await this.#poll(() => client.isServiceServerAvailable(), awaited, timeoutMs);
    let response: Response | null = null;
    client.sendRequest(request, (answer) => {
      response = answer;
      this.#arrivals.notify();
    });
    await this.#arrivals.until(() => response !== null, awaited, timeoutMs);
    return response as unknown as Response;
  }

  /** Waits for something of the ROS graph, which says nothing when it changes. */
  async #poll(condition: () => boolean, awaited: string, timeoutMs: number): Promise<void> {
    const timer = setInterval(() => {
      this.#arrivals.notify();
    }, POLL_MS);
    try {
      await this.#arrivals.until(condition, awaited, timeoutMs);
    } finally {
      clearInterval(timer);
    }
  }
}

/** The part of a service client that the demo uses. */
interface ServiceClient<Request, Response> {
  readonly serviceName: string;
  isServiceServerAvailable(): boolean;
  sendRequest(request: Request, callback: (response: Response) => void): void;
}

/** Deep enough that no message is lost while the demo is busy: in lockstep every one counts. */
const QOS = {
  stream: { qos: reliable(100) },
  images: { qos: sensorData(5) },
  latched: { qos: latched() },
};

function refused(subject: string, found: string): JepaMpcError {
  return new JepaMpcError('planner.not-ready', {
    subject: `${PLANNER_NODE} ${subject}`,
    found,
    expected: 'success',
    remedy: 'Run again with --verbose: the node prints why it refused.',
  });
}
