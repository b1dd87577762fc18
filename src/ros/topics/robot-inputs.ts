import type rclnodejs from 'rclnodejs';

import type { JepaMpcError } from '../../core/errors.js';
import type { JointStateMessage } from '../../timeline/joint-state-reader.js';
import type { ProblemLog } from '../diagnostics/problem-log.js';
import { ArrivalRate } from './arrival-rate.js';
import type { WantedQos } from './qos-policies.js';
import { stampToNs } from './stamp.js';
import type { Topics } from './topics.js';

/** Published once: late subscribers have to get it too. */
const descriptionQos: WantedQos = { depth: 1, reliability: 'reliable', durability: 'transient_local' };

/**
 * Compatible with every publisher. Every message counts, not the newest alone: parts of one pose may come in messages of their own, and
 * several have to agree before a pose is taken.
 */
const jointStateQos: WantedQos = { depth: 50, reliability: 'best_available', durability: 'volatile' };

export interface RobotInputOptions {
  readonly problems: ProblemLog;
  /** The time, if joint states are to be stamped on arrival; else null. */
  readonly arrivalNs: () => bigint | null;
  /** Gets the URDF, as text. */
  readonly onDescription: (urdf: string) => void;
  /** Gets every message of joint states. */
  readonly onReceived: (message: rclnodejs.sensor_msgs.msg.JointState) => void;
  /** May throw a JepaMpcError for a message that cannot be used. @param publisher tells publishers apart, where the middleware does */
  readonly onJointState: (message: JointStateMessage, stampNs: bigint, publisher?: string) => void;
}

/** The topics `robot_description` and `joint_states`, subscribed for as long as the node lives. */
export class RobotInputs {
  /** Of joint states. */
  readonly rate = new ArrivalRate();
  #refusal: JepaMpcError | null = null;

  constructor(
    topics: Topics,
    { problems, arrivalNs, onDescription, onReceived, onJointState }: RobotInputOptions,
  ) {
    topics.subscribe('std_msgs/msg/String', 'robot_description', descriptionQos, ({ data }) => {
      onDescription(data);
    });
    const onMessage = (message: rclnodejs.sensor_msgs.msg.JointState, publisher?: string): void => {
      this.rate.note(performance.now());
      onReceived(message);
      this.#refusal = problems.guard(() => {
        onJointState(message, arrivalNs() ?? stampToNs(message.header.stamp), publisher);
      });
    };
    topics.subscribe('sensor_msgs/msg/JointState', 'joint_states', jointStateQos, onMessage);
  }

  /** State of the joint states; `refusal`: why the newest was refused, null if it was not. */
  get jointStates(): { readonly isReceived: boolean; readonly refusal: JepaMpcError | null } {
    return { isReceived: this.rate.ageMs(performance.now()) !== null, refusal: this.#refusal };
  }
}
