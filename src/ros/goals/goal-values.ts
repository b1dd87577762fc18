import type rclnodejs from 'rclnodejs';

import { JepaMpcError } from '../../core/errors.js';
import type { FrameSet, ModelInfo } from '../../core/model-info.js';
import { goalQos } from './camera-goal.js';
import { latentGoal, stateGoal } from './goal-from-values.js';
import type { RobotModel } from '../node/robot-model.js';
import type { ProblemLog } from '../diagnostics/problem-log.js';
import type { Topics } from '../topics/topics.js';

export interface GoalValueOptions {
  readonly problems: ProblemLog;
  /** Null until it is loaded. */
  readonly model: () => ModelInfo | null;
  /** Null until the robot description is there too. */
  readonly robot: () => RobotModel | null;
  /** The goal has no stamp. */
  readonly onGoal: (goal: FrameSet, origin: string) => void;
}

/** Goals that are not images: `goal_latent` for every model, `goal_state` for one whose goals are states of the robot. */
export function subscribeToGoalValues(topics: Topics, options: GoalValueOptions): void {
  const { problems, onGoal } = options;
  const listen = <Type extends rclnodejs.MessageTypeClassName>(
    type: Type,
    topic: string,
    goalOf: (message: rclnodejs.MessageType<Type>) => FrameSet,
  ): void => {
    topics.subscribe(type, topic, goalQos, (message) => {
      problems.guard(() => {
        onGoal(goalOf(message), `the topic ${topic}`);
      });
    });
  };
  listen('std_msgs/msg/Float32MultiArray', 'goal_latent', ({ data }) =>
    latentGoal(Float32Array.from(data), known(options.model(), 'goal_latent')),
  );
  listen('sensor_msgs/msg/JointState', 'goal_state', (message) => {
    const model = known(options.model(), 'goal_state');
    return stateGoal(message, model, known(options.robot(), 'goal_state'));
  });
}

function known<Part>(part: Part | null, topic: string): Part {
  if (part !== null) return part;
  throw new JepaMpcError('planner.not-ready', {
    subject: topic,
    found: 'a node without a model, or without a robot description',
    expected: 'a node that is configured: the model determines what a goal is',
    remedy: 'Configure the node first, then publish the goal again.',
  });
}
