import { describe, expect, it } from 'vitest';

import { plannerTopics } from '../../../src/dashboard/planner/planner-topics.js';
import type { TopicOfNode } from '../../../src/dashboard/planner/planner-topics.js';

const topic = (name: string, type: string): TopicOfNode => ({ name, types: [type] });

const SUBSCRIBED = [
  topic('/clock', 'rosgraph_msgs/msg/Clock'),
  topic('/goal_image', 'sensor_msgs/msg/Image'),
  topic('/arm/wrist/image_raw', 'sensor_msgs/msg/Image'),
  topic('/goal_state', 'sensor_msgs/msg/JointState'),
  topic('/arm/states', 'sensor_msgs/msg/JointState'),
  topic('/arm/description', 'std_msgs/msg/String'),
];
const PUBLISHED = [
  topic('/cell/planner/plan', 'trajectory_msgs/msg/JointTrajectory'),
  topic('/arm/controller/joint_trajectory', 'trajectory_msgs/msg/JointTrajectory'),
  topic('/cell/planner/goal_image/wrist', 'sensor_msgs/msg/Image'),
  topic('/cell/planner/goal_image/top', 'sensor_msgs/msg/Image'),
  topic('/cell/planner/distance_map', 'sensor_msgs/msg/Image'),
];

describe('the topics of a planner', () => {
  it('are found by their types, whatever they are remapped to', () => {
    expect(plannerTopics('/cell/planner', SUBSCRIBED, PUBLISHED, new Map())).toEqual({
      own: expect.arrayContaining(['/cell/planner/plan']) as string[],
      cameras: [{ name: 'arm/wrist/image_raw', topic: '/arm/wrist/image_raw', isCompressed: false }],
      goalImages: [
        { name: 'wrist', topic: '/cell/planner/goal_image/wrist', isCompressed: false },
        { name: 'top', topic: '/cell/planner/goal_image/top', isCompressed: false },
      ],
      distanceMaps: [{ name: 'image', topic: '/cell/planner/distance_map', isCompressed: false }],
      jointStates: '/arm/states',
      robotDescription: '/arm/description',
      jointTrajectory: '/arm/controller/joint_trajectory',
      commands: null,
    });
  });

  it('have the names of the cameras as the node reports them', () => {
    const known = new Map([['/arm/wrist/image_raw', 'wrist']]);
    expect(plannerTopics('/cell/planner', SUBSCRIBED, [], known).cameras[0]?.name).toBe('wrist');
  });

  it('are none for a node that has none', () => {
    expect(plannerTopics('/planner_node', [], [], new Map())).toMatchObject({
      cameras: [],
      jointStates: null,
    });
  });

  it('count compressed images as cameras and not as goals', () => {
    const subscribed = [
      topic('/image/compressed', 'sensor_msgs/msg/CompressedImage'),
      topic('/goal_image/compressed', 'sensor_msgs/msg/CompressedImage'),
    ];
    expect(plannerTopics('/p', subscribed, [], new Map()).cameras).toEqual([
      { name: 'image', topic: '/image/compressed', isCompressed: true },
    ]);
  });
});
