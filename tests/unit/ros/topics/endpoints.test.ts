import { expect, it } from 'vitest';

import { hasPublisher, publishersOf } from '../../../../src/ros/topics/endpoints.js';

it('names the nodes that publish a topic, each once', () => {
  const endpoint = (node_namespace: string, node_name: string): object => ({ node_name, node_namespace });
  const node = {
    getPublishersInfoByTopic: (topic: string) =>
      topic === '/joint_states'
        ? [endpoint('/arm', 'driver'), endpoint('/', 'sliders'), endpoint('/arm', 'driver')]
        : [],
  };
  expect(publishersOf(node as never, '/joint_states')).toEqual(['/arm/driver', '/sliders']);
  expect(publishersOf(node as never, '/image')).toEqual([]);
});

it('knows whether a publisher is still on a topic', () => {
  const node = {
    getPublishersInfoByTopic: (topic: string) =>
      topic === '/stop' ? [{ endpoint_gid: [1, 15] }, {}, { endpoint_gid: [2, 0] }] : [],
  };
  expect(['010f', '0200', '0201', ''].map((gid) => hasPublisher(node as never, '/stop', gid))).toEqual([
    true,
    true,
    false,
    false,
  ]);
  expect(hasPublisher(node as never, '/image', '010f')).toBe(false);
});
