import type rclnodejs from 'rclnodejs';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import type { QosOverrides } from '../../../../src/ros/topics/qos-overrides.js';
import { QosSubscription } from '../../../../src/ros/topics/qos-subscription.js';

const ros = vi.hoisted(() => ({ hasEnded: false }));

// Without a sourced ROS 2 the library cannot be loaded.
vi.mock('rclnodejs', () => ({
  default: {
    QoS: Object.assign(vi.fn(), { HistoryPolicy: { RMW_QOS_POLICY_HISTORY_KEEP_LAST: 1 } }),
    isShutdown: () => ros.hasEnded,
  },
}));

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

it('looks at the publishers, and asks nothing of a node that has ended', () => {
  const node = {
    resolveTopicName: (name: string) => `/${name}`,
    getPublishersInfoByTopic: vi.fn(() => []),
    createSubscription: () => ({ processResponse: () => undefined }),
    destroySubscription: () => undefined,
  };
  const overrides: Pick<QosOverrides, 'subscription'> = { subscription: (_, wanted) => wanted };
  const subscription = new QosSubscription(
    node as unknown as rclnodejs.Node,
    'sensor_msgs/msg/Image',
    'image',
    {
      qos: { depth: 1, reliability: 'best_available', durability: 'volatile' },
      overrides: overrides as QosOverrides,
    },
    () => undefined,
  );
  vi.advanceTimersByTime(5000);
  const looks = node.getPublishersInfoByTopic.mock.calls.length;
  expect(looks).toBeGreaterThan(5);
  ros.hasEnded = true;
  vi.advanceTimersByTime(5000);
  expect(node.getPublishersInfoByTopic).toHaveBeenCalledTimes(looks);
  subscription.dispose();
});
