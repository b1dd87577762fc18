import { expect, it } from 'vitest';

import { publishersOf } from '../../../../src/ros/topics/endpoints.js';

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
