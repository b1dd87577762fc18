import type { Condition } from '../../safety/watchdog.js';
import { at } from '../../core/array-access.js';
import type { FrameSet, ModelCamera, ModelInfo } from '../../core/model-info.js';
import type { Logger, Plan } from '../../core/types.js';
import type { Parameters } from '../../params/schema.js';
import { GoalImageInput } from './camera-goal.js';
import type { ImageTransport } from '../topics/camera-image-topic.js';
import { GoalServices } from './goal-services.js';
import { Goals } from '../../goals/goals.js';
import { subscribeToGoalValues } from './goal-values.js';
import { diagnosticArray } from '../diagnostics/diagnostic-messages.js';
import type { Output } from '../topics/node-outputs.js';
import type { RobotModel } from '../node/robot-model.js';
import type { ProblemLog } from '../diagnostics/problem-log.js';
import type { ServiceHost } from '../node/node-services.js';
import type { Topics } from '../topics/topics.js';
import { ReachGoalAction } from './reach-goal-action.js';
import type { ReachGoalHandlers } from './reach-goal-server.js';

/** How often a goal is checked besides with each plan. */
const CHECK_PERIOD_MS = 100;

const TOPIC = 'the topic goal_image';

export interface GoalInputsOptions {
  readonly clock: { readonly nowNs: bigint };
  readonly topics: Topics;
  readonly services: ServiceHost;
  /** Offers the action. */
  readonly serveReachGoal: (handlers: ReachGoalHandlers) => void;
  readonly parameters: () => Parameters;
  readonly log: Logger;
  readonly problems: ProblemLog;
  /** `~/goal_status` */
  readonly status: Output;
  /** Gets each new goal, and null when the robot is to have none. */
  readonly onGoal: (goal: FrameSet | null) => void;
  /** Newest verdict of the watchdog; null while the node is not active. */
  readonly condition: () => Condition | null;
  /** Null until it is loaded. */
  readonly model: () => ModelInfo | null;
  /** Null until the robot description is there too. */
  readonly robot: () => RobotModel | null;
  /** The newest frame as a goal. */
  readonly capturedGoal: () => FrameSet | null;
}

/** All sources of goals: topics, services and the action. The newest goal is in force. */
export class GoalInputs {
  readonly goals: Goals;
  readonly #images: GoalImageInput;
  readonly #action: ReachGoalAction;
  readonly #check: NodeJS.Timeout;
  /** The newest goal of the topic, if it had no stamp. */
  #unstamped: FrameSet | null = null;

  constructor(options: GoalInputsOptions) {
    const { topics, parameters, problems, model } = options;
    this.goals = new Goals({
      ...options,
      onStatus: (report) => {
        const status = { name: 'goal', ...report };
        options.status.publish(diagnosticArray(options.clock.nowNs, 'none', [status]));
      },
    });
    const report = (problem: unknown): void => {
      problems.report(problem);
    };
    this.#images = new GoalImageInput(topics, {
      model,
      onProblem: report,
      onGoal: (goal) => {
        this.#onImage(goal);
      },
    });
    this.listen(parameters()['camera.transport']);
    subscribeToGoalValues(topics, {
      ...options,
      onGoal: (goal, origin) => {
        this.goals.setUnstamped(goal, origin);
      },
    });
    const services = new GoalServices(options.services, { ...options, goals: this.goals, report });
    this.#action = new ReachGoalAction({ ...options, goals: this.goals, services });
    options.serveReachGoal(this.#action);
    this.#check = setInterval(() => {
      this.goals.look();
    }, CHECK_PERIOD_MS);
  }

  /** Receives goal images by this transport from now on. */
  listen(transport: ImageTransport): void {
    this.#images.listen(transport);
  }

  /** Receives goal images for each of several cameras, too. */
  open(cameras: readonly ModelCamera[]): void {
    this.#images.open(cameras);
  }

  /** Receives none for single cameras any more. */
  close(): void {
    this.#images.close();
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
    this.#action.onPlan(plan);
  }

  /** Checks no goal any more, and ends those of the action's clients. */
  dispose(): void {
    clearInterval(this.#check);
    this.#action.close();
  }
}

function isSameImage({ frames: ones }: FrameSet, { frames: others }: FrameSet): boolean {
  return (
    ones.length === others.length &&
    ones.every((one, camera) => {
      const other = at(others, camera);
      return (
        one.width === other.width &&
        one.encoding === other.encoding &&
        Buffer.compare(one.data, other.data) === 0
      );
    })
  );
}
