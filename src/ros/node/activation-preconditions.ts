import type { JepaMpcError } from '../../core/errors.js';
import { outsideRanges } from '../../robot/described-range.js';
import type { CameraReport } from '../topics/camera-inputs.js';
import { awaitedInputs, inputInWords, unsettledPose } from './awaited-inputs.js';
import type { AwaitedInput, InputSituation } from './awaited-inputs.js';
import type { Blocker } from './lifecycle.js';
import { NOT_CONFIGURED } from './planning-session.js';
import type { PlanningSession } from './planning-session.js';
import type { RosNode } from './ros-node.js';
import type { Sessions } from './sessions.js';

export interface ActivationPreconditionsOptions {
  readonly ros: Pick<RosNode, 'topics' | 'clock' | 'isSimulated' | 'publishersOf'>;
  readonly sessions: Pick<Sessions, 'current' | 'hasRobotDescription'>;
  readonly cameras: () => readonly CameraReport[];
  readonly heartbeat: () => InputSituation['heartbeat'];
  /** Whether joints are still being moved back inside their limits. */
  readonly isRecovering: () => boolean;
  readonly jointStates: () => { readonly isReceived: boolean; readonly refusal: JepaMpcError | null };
}

/** What has to hold before the node is activated: a model, limits, and inputs that are there and fresh. */
export class ActivationPreconditions {
  readonly #options: ActivationPreconditionsOptions;

  constructor(options: ActivationPreconditionsOptions) {
    this.#options = options;
  }

  /** What does not hold now; null if everything does. */
  get blocker(): Blocker | null {
    const session = this.#options.sessions.current;
    if (session === null) return { text: NOT_CONFIGURED, canClear: false };
    const canClear = !session.isRefused;
    if (session.model === null) return { text: session.missing, canClear };
    if (this.#options.isRecovering())
      return { text: '~/recover still moves joints back inside their limits', canClear: true };
    const awaited = this.#awaited(session);
    if (awaited.length === 0) return null;
    const { ros } = this.#options;
    return {
      // A getter: the text queries the graph and is seldom needed, while every message asks whether there is a blocker.
      get text() {
        return awaited.map((input) => inputInWords(input, ros.publishersOf(input.topic))).join('; ');
      },
      canClear,
    };
  }

  /** Inputs that a node with a loaded model still waits for; null without a model. */
  get awaited(): readonly AwaitedInput[] | null {
    const { current } = this.#options.sessions;
    return current === null || current.model === null ? null : this.#awaited(current);
  }

  /** Why the measured pose is not taken, with the publishers of joint states, for a person. */
  poseRefusal(disagreement: string): string {
    const { ros } = this.#options;
    const topic = ros.topics.resolve('joint_states');
    return inputInWords(unsettledPose(topic, disagreement), ros.publishersOf(topic));
  }

  #awaited(session: PlanningSession): readonly AwaitedInput[] {
    const { ros, sessions, cameras, jointStates, heartbeat } = this.#options;
    const { loop, robot } = session;
    const { isReceived, refusal } = jointStates();
    const reading = loop?.reading ?? null;
    const { nowNs } = ros.clock;
    return awaitedInputs({
      simulatedNs: ros.isSimulated ? nowNs : null,
      description: {
        topic: ros.topics.resolve('robot_description'),
        isReceived: sessions.hasRobotDescription,
        refusal: loop === null ? session.missing : null,
      },
      cameras: cameras(),
      jointStates: {
        topic: ros.topics.resolve('joint_states'),
        isReceived,
        refusal: session.jointInput?.overdue ?? refusal,
      },
      reasons: loop?.look(nowNs).reasons ?? null,
      poseDisagreement: loop?.poseDisagreement ?? null,
      outside: robot === null || reading === null ? null : outsideRanges(robot.ranges, reading.position),
      heartbeat: heartbeat(),
    });
  }
}
