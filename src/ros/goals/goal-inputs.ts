import type rclnodejs from 'rclnodejs';

import type { Condition } from '../../safety/watchdog.js';
import type { FrameSet, ModelInfo } from '../../core/model-info.js';
import type { Logger, Plan } from '../../core/types.js';
import type { Parameters } from '../../params/schema.js';
import { GoalImageInput } from './camera-goal.js';
import type { ImageTransport } from '../topics/camera-image-topic.js';
import { GoalServices } from './goal-services.js';
import { Goals } from '../../goals/goals.js';
import { subscribeToGoalValues } from './goal-values.js';
import { diagnosticArray } from '../diagnostics/diagnostic-messages.js';
import type { NodeClock } from '../node/node-clock.js';
import type { Output } from '../topics/node-outputs.js';
import type { RobotModel } from '../node/planning-session.js';
import type { ProblemLog } from '../diagnostics/problem-log.js';
import type { QosOverrides } from '../topics/qos-overrides.js';
import { ReachGoalAction } from './reach-goal-action.js';

/** How often a goal is looked at besides with each plan. */
const LOOK_PERIOD_MS = 100;

const TOPIC = 'the topic goal_image';

export interface GoalInputsOptions {
  readonly clock: NodeClock;
  readonly overrides: QosOverrides;
  readonly parameters: () => Parameters;
  readonly log: Logger;
  readonly problems: ProblemLog;
  /** `~/goal_status` */
  readonly status: Output;
  /** Told of each new goal, and of null when the robot is to have none. */
  readonly onGoal: (goal: FrameSet | null) => void;
  /** What the watchdog said last; null while the node is not active. */
  readonly condition: () => Condition | null;
  /** Null until it is loaded. */
  readonly model: () => ModelInfo | null;
  /** Null until the robot description is there too. */
  readonly robot: () => RobotModel | null;
  readonly newestFrame: () => FrameSet | null;
}

/** Every way a goal may come: the topic, the services, the action. The newest is in force, `goals`. */
export class GoalInputs {
  readonly goals: Goals;
  readonly #images: GoalImageInput;
  readonly #action: ReachGoalAction | null;
  readonly #watch: NodeJS.Timeout;
  /** The newest goal of the topic, when that had no stamp. */
  #unstamped: FrameSet | null = null;

  constructor(node: rclnodejs.Node, options: GoalInputsOptions) {
    const { overrides, parameters, problems, model } = options;
    this.goals = new Goals({
      ...options,
      onStatus: (report) => {
        const status = { name: 'goal', ...report };
        options.status.publish(diagnosticArray(options.clock.nowNs, 'none', [status]));
      },
    });
    this.#images = new GoalImageInput(node, {
      overrides,
      model,
      onProblem: (problem) => {
        problems.report(problem);
      },
      onGoal: (goal) => {
        this.#onImage(goal);
      },
    });
    this.listen(parameters()['camera.transport']);
    subscribeToGoalValues(node, {
      ...options,
      onGoal: (goal, origin) => {
        this.goals.setUnstamped(goal, origin);
      },
    });
    const services = new GoalServices(node, {
      ...options,
      goals: this.goals,
      report: (error) => {
        problems.report(error);
      },
    });
    this.#action = ReachGoalAction.offer(node, { ...options, goals: this.goals, services });
    this.#watch = setInterval(() => {
      this.goals.look();
    }, LOOK_PERIOD_MS);
  }

  /** Takes goal images by this transport from now on. */
  listen(transport: ImageTransport): void {
    this.#images.listen(transport);
  }

  /** An image without a stamp that is sent again and again is one goal, not a new one each time. */
  #onImage(goal: FrameSet): void {
    if (goal.stampNs !== 0n) {
      this.#unstamped = null;
      this.goals.set(goal, TOPIC);
      return;
    }
    const { current } = this.goals;
    if (current !== null && current === this.#unstamped && isSameImage(current, goal)) return;
    this.#unstamped = this.goals.setUnstamped(goal, TOPIC).goal;
  }

  onPlan(plan: Plan): void {
    this.goals.onPlan(plan);
    this.#action?.onPlan(plan);
  }

  /** No goal is looked at any more, and clients of the action are told that it is over. */
  dispose(): void {
    clearInterval(this.#watch);
    this.#action?.close();
  }
}

function isSameImage({ frames: [one] }: FrameSet, { frames: [other] }: FrameSet): boolean {
  if (one === undefined || other === undefined) return false;
  return (
    one.width === other.width && one.encoding === other.encoding && Buffer.compare(one.data, other.data) === 0
  );
}
