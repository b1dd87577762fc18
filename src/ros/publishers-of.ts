import type rclnodejs from 'rclnodejs';

/** What rclnodejs knows of a publisher, as far as its name goes; not in its types. */
interface PublisherInfo {
  readonly node_name: string;
  readonly node_namespace: string;
}

/** Full names of the nodes that publish on a topic, such as `/robot1/driver`, sorted. @param topic fully qualified */
export function publishersOf(node: rclnodejs.Node, topic: string): string[] {
  const infos = node.getPublishersInfoByTopic(topic, false) as unknown as PublisherInfo[];
  const names = infos.map((info) => `${info.node_namespace}/${info.node_name}`.replace(/^\/+/, '/'));
  return [...names].sort();
}
