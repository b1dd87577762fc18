import type { ModelCamera } from '../../core/model-info.js';
import { imageTopics } from '../topics/camera-images.js';

/*
 * Every name that the planner node has in the ROS graph. The security policy is checked against this list, and a test over ROS compares the
 * list with the running node.
 */

/** What a node publishes, subscribes to, answers and executes. Names are relative, private (`~/...`) or absolute. */
export interface NodeInterface {
  readonly publishes: readonly string[];
  readonly subscribes: readonly string[];
  /** Services that it answers. */
  readonly replies: readonly string[];
  /** Actions that it executes. */
  readonly executes: readonly string[];
}

/** What every ROS 2 node has: log, parameters, description of its types. */
const EVERY_NODE = {
  publishes: ['/rosout', '/parameter_events'],
  replies: [
    '~/describe_parameters',
    '~/get_parameter_types',
    '~/get_parameters',
    '~/get_type_description',
    '~/list_parameters',
    '~/set_parameters',
    '~/set_parameters_atomically',
  ],
} as const;

const LIFECYCLE = {
  publishes: ['~/transition_event'],
  replies: [
    '~/change_state',
    '~/get_available_states',
    '~/get_available_transitions',
    '~/get_state',
    '~/get_transition_graph',
  ],
} as const;

/**
 * The interface of the planner node, with every choice that parameters leave: either transport of images, either clock.
 *
 * @param cameras of the model, as its manifest has them
 */
export function plannerInterface(cameras: readonly Pick<ModelCamera, 'name' | 'topic'>[]): NodeInterface {
  return {
    publishes: [
      ...EVERY_NODE.publishes,
      ...LIFECYCLE.publishes,
      '/diagnostics',
      'commands',
      'joint_trajectory',
      '~/candidate_actions',
      '~/candidate_costs',
      '~/candidates',
      ...imageTopics('~/distance_map', cameras),
      ...imageTopics('~/goal_image', cameras),
      '~/goal_status',
      '~/plan',
      '~/statistics',
    ],
    subscribes: [
      ...new Set(
        cameras.flatMap(({ topic }) => [
          topic,
          `${topic}/compressed`,
          topic.replace(/[^/]*$/, 'camera_info'),
        ]),
      ),
      '/clock',
      ...new Set(
        ['goal_image', ...imageTopics('goal_image', cameras)].flatMap((topic) => [
          topic,
          `${topic}/compressed`,
        ]),
      ),
      'goal_latent',
      'goal_state',
      'joint_states',
      'robot_description',
      '~/emergency_stop',
      '~/speed_scale',
    ],
    replies: [
      ...EVERY_NODE.replies,
      ...LIFECYCLE.replies,
      '~/capture_goal',
      '~/emergency_stop',
      '~/explain_distance',
      '~/goal_from_file',
      '~/list_goals',
      '~/load_goal',
      '~/pause',
      '~/recover',
      '~/reset',
      '~/save_goal',
    ],
    executes: ['~/reach_goal'],
  };
}
