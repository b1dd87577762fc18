import type rclnodejs from 'rclnodejs';
import type { ImageFrame, JointReading } from '../../src/core/types.js';
import type { PartStatus } from '../../src/guide/window.js';
import { partsOf } from '../../src/ros/observer/observed-messages.js';
import { toImageFrame } from '../../src/ros/topics/messages.js';
import { latched, reliable, sensorData } from '../../src/ros/topics/qos.js';
import { stampToNs } from '../../src/ros/topics/stamp.js';
import { toContactReading, type ContactReading } from './contact-messages.js';
import { toObjectsReading, type ObjectsReading } from './object-messages.js';
import {
  toCommandPoints,
  toHoldReason,
  toJointReading,
  toPlannerStatistics,
  type CommandPoint,
} from './demo-messages.js';

/** Name of the planner node. */
export const PLANNER_NODE = 'planner_node';

/** A period of the simulator in lockstep. */
export interface SimulatedPeriod {
  readonly stampNs: bigint;
  /** Stamp of the newest image that the simulator has published, with this period or before; 0: none yet. */
  readonly newestImageNs: bigint;
}

/** The newest message of each kind. */
export interface Received {
  readonly clockNs: bigint;
  /** The newest period that the simulator reported in lockstep. */
  readonly period: SimulatedPeriod;
  /** True joint states, in the joint order given at construction. */
  readonly joints: JointReading | null;
  /** Stamp of the newest report of contacts; null before the first, which some simulators never make. */
  readonly contactsNs: bigint | null;
  /** Where free objects are; null before the first report, which a simulator without such objects never makes. */
  readonly objects: ObjectsReading | null;
  readonly image: ImageFrame | null;
  readonly goalImage: ImageFrame | null;
  /** Goal images received since the start. */
  readonly goalImages: number;
  /** Commands received since the start. */
  readonly commands: number;
  /** Stamp of the newest frame that the planner has planned from. */
  readonly plannedFrameNs: bigint;
  /** Why the planner node holds the robot, as it last reported (once a second); empty while it does not hold. */
  readonly holdReason: string;
  /** Reports of it received since the start. */
  readonly holdReports: number;
}

/** Called with each message, on the main thread and in order of arrival. */
export interface DemoListener {
  onImage(frame: ImageFrame): void;
  onJoints(reading: JointReading): void;
  /** What touches, where the simulator reports it. */
  onContacts?(reading: ContactReading): void;
  /** Where free objects are, where there are any. */
  onObjects?(reading: ObjectsReading): void;
  /** All points of a command, in the joint order given at construction. */
  onCommand(points: readonly CommandPoint[]): void;
  /** `~/statistics` of the planner by key. */
  onStatistics(values: ReadonlyMap<string, string>): void;
  /** The parts of the planner in a message of `/diagnostics`, which may have none. */
  onParts?(parts: Readonly<Record<string, PartStatus>>): void;
}

type Message = rclnodejs.MessagesMap;

/** Deep enough that no message is lost while the demo is busy: in lockstep every one counts. */
const QOS = {
  stream: { qos: reliable(100) },
  images: { qos: sensorData(5) },
  latched: { qos: latched() },
};

/** Subscribes to the simulator and the planner node, and keeps the newest message of each kind. */
export class DemoSubscriptions {
  readonly #received = {
    clockNs: 0n,
    period: { stampNs: 0n, newestImageNs: 0n } as SimulatedPeriod,
    joints: null as JointReading | null,
    contactsNs: null as bigint | null,
    objects: null as ObjectsReading | null,
    image: null as ImageFrame | null,
    goalImage: null as ImageFrame | null,
    goalImages: 0,
    commands: 0,
    plannedFrameNs: -1n,
    holdReason: '',
    holdReports: 0,
  };

  /**
   * @param joints order of all positions
   * @param notify called after each message
   */
  constructor(
    node: rclnodejs.Node,
    simulatorNode: string,
    joints: readonly string[],
    listener: DemoListener,
    notify: () => void,
  ) {
    const received = this.#received;
    node.createSubscription(
      'rosgraph_msgs/msg/Clock',
      '/clock',
      QOS.stream,
      ({ clock }: Message['rosgraph_msgs/msg/Clock']) => {
        received.clockNs = stampToNs(clock);
        notify();
      },
    );
    node.createSubscription(
      'std_msgs/msg/UInt64MultiArray',
      `/${simulatorNode}/period`,
      QOS.stream,
      ({ data }: Message['std_msgs/msg/UInt64MultiArray']) => {
        // Small numbers of the array arrive as numbers, whatever its type says.
        const [stampNs = 0n, newestImageNs = 0n] = Array.from<bigint | number, bigint>(data, BigInt);
        received.period = { stampNs, newestImageNs };
        notify();
      },
    );
    node.createSubscription(
      'sensor_msgs/msg/JointState',
      `/${simulatorNode}/true_joint_states`,
      QOS.stream,
      (message: Message['sensor_msgs/msg/JointState']) => {
        const reading = toJointReading(message, joints);
        if (reading === null) return;
        received.joints = reading;
        listener.onJoints(reading);
        notify();
      },
    );
    node.createSubscription(
      'diagnostic_msgs/msg/DiagnosticArray',
      `/${simulatorNode}/contacts`,
      QOS.stream,
      (message: Message['diagnostic_msgs/msg/DiagnosticArray']) => {
        const reading = toContactReading(message);
        received.contactsNs = reading.stampNs;
        listener.onContacts?.(reading);
        notify();
      },
    );
    node.createSubscription(
      'sensor_msgs/msg/MultiDOFJointState',
      `/${simulatorNode}/true_object_poses`,
      QOS.stream,
      (message: Message['sensor_msgs/msg/MultiDOFJointState']) => {
        received.objects = toObjectsReading(message);
        listener.onObjects?.(received.objects);
        notify();
      },
    );
    node.createSubscription(
      'sensor_msgs/msg/Image',
      'image_raw',
      QOS.images,
      (message: Message['sensor_msgs/msg/Image']) => {
        received.image = toImageFrame(message);
        listener.onImage(received.image);
        notify();
      },
    );
    node.createSubscription(
      'sensor_msgs/msg/Image',
      'goal_image',
      QOS.latched,
      (message: Message['sensor_msgs/msg/Image']) => {
        received.goalImage = toImageFrame(message);
        received.goalImages++;
        notify();
      },
    );
    node.createSubscription(
      'trajectory_msgs/msg/JointTrajectory',
      'joint_trajectory',
      QOS.stream,
      (message: Message['trajectory_msgs/msg/JointTrajectory']) => {
        received.commands++;
        listener.onCommand(toCommandPoints(message, joints));
        notify();
      },
    );
    node.createSubscription(
      'diagnostic_msgs/msg/DiagnosticArray',
      `/${PLANNER_NODE}/statistics`,
      (message) => {
        const values = toPlannerStatistics(message);
        if (values === null) return;
        received.plannedFrameNs = BigInt(values.get('frame_stamp_ns') ?? -1);
        listener.onStatistics(values);
        notify();
      },
    );
    node.createSubscription('diagnostic_msgs/msg/DiagnosticArray', '/diagnostics', (message) => {
      listener.onParts?.(partsOf(message, PLANNER_NODE));
      const holdReason = toHoldReason(message, PLANNER_NODE);
      if (holdReason === null) return;
      received.holdReason = holdReason;
      received.holdReports++;
      notify();
    });
  }

  get received(): Received {
    return this.#received;
  }
}
