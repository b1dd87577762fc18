import type rclnodejs from 'rclnodejs';
import { beforeEach, describe, expect, it } from 'vitest';

import type { Endpoint } from '../../../../src/ros/topics/endpoints.js';
import { QosWatch } from '../../../../src/ros/topics/qos-watch.js';

const RELIABLE = 1;
const BEST_EFFORT = 2;
const VOLATILE = 2;

function endpoint(name: string, reliability: number): Endpoint {
  const qos_profile = { reliability, durability: VOLATILE };
  return { node_name: name, node_namespace: '/', topic_type: 'sensor_msgs/msg/Image', qos_profile };
}

let publishers: Endpoint[];
let warnings: string[];

/** A node that subscribes to `/image` reliably. */
function watch(): QosWatch {
  const node = {
    name: () => 'planner_node',
    namespace: () => '/',
    getSubscriptionNamesAndTypesByNode: () => [{ name: '/image' }],
    getPublisherNamesAndTypesByNode: () => [],
    getSubscriptionsInfoByTopic: () => [endpoint('planner_node', RELIABLE)],
    getPublishersInfoByTopic: () => publishers,
  } as unknown as rclnodejs.Node;
  return new QosWatch(node, (text) => warnings.push(text));
}

beforeEach(() => {
  publishers = [];
  warnings = [];
});

describe('the watch for endpoints that DDS does not connect', () => {
  it('warns once of a publisher whose offer is too weak, by topic, node and policy', () => {
    publishers = [endpoint('camera', BEST_EFFORT)];
    const looked = watch();
    expect(looked.look()).toHaveLength(1);
    looked.look();
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/^\/image: .*publisher \/camera, policy reliability/);
  });

  it('waits one look for the name of a node that was discovered after its publisher', () => {
    publishers = [endpoint('_NODE_NAME_UNKNOWN_', BEST_EFFORT)];
    const looked = watch();
    expect(looked.look()).toEqual([]);
    publishers = [endpoint('camera', BEST_EFFORT)];
    expect(looked.look()).toHaveLength(1);
    expect(warnings).toEqual([expect.stringContaining('/camera') as string]);
  });

  it('reports a publisher that never gets a name, such as a DDS program without ROS', () => {
    publishers = [endpoint('_NODE_NAME_UNKNOWN_', BEST_EFFORT)];
    const looked = watch();
    looked.look();
    expect(looked.look()).toHaveLength(1);
    expect(warnings).toHaveLength(1);
  });

  it('says nothing of a publisher that fits', () => {
    publishers = [endpoint('camera', RELIABLE)];
    expect(watch().look()).toEqual([]);
  });
});
