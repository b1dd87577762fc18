import type rclnodejs from 'rclnodejs';

import type { TopicPeers } from './command-peers.js';

/** A publisher or subscription as the ROS graph reports it. */
export interface Endpoint {
  readonly node_name: string;
  readonly node_namespace: string;
  readonly topic_type: string;
  readonly qos_profile: EndpointQos;
  /** Its identifier in DDS, as bytes. */
  readonly endpoint_gid?: ArrayLike<number>;
}

/** The policies that decide which endpoints are compatible, by their rmw numbers. */
export interface EndpointQos {
  readonly reliability: number;
  readonly durability: number;
}

/** What rmw reports in place of a node's name. An endpoint may be discovered before its node; a DDS program without ROS never has a name. */
export const UNNAMED = '_NODE_NAME_UNKNOWN_';

/** Fully qualified name of the node that an endpoint belongs to. */
export function nodeNameOf({
  node_name,
  node_namespace,
}: Pick<Endpoint, 'node_name' | 'node_namespace'>): string {
  return `${node_namespace.replace(/\/$/, '')}/${node_name}`;
}

/**
 * Fully qualified names of the nodes that publish a topic, each once, in alphabetical order. Takes some tens of microseconds.
 *
 * @param topic fully qualified and remapped
 */
export function publishersOf(
  node: Pick<rclnodejs.Node, 'getPublishersInfoByTopic'>,
  topic: string,
): readonly string[] {
  const endpoints = node.getPublishersInfoByTopic(topic, false) as Endpoint[];
  return [...new Set(endpoints.map(nodeNameOf))].sort();
}

/** An identifier of an endpoint in hexadecimal; undefined where there is none. */
export function gidInHex(gid: ArrayLike<number> | undefined): string | undefined {
  return gid === undefined ? undefined : Buffer.from(Array.from(gid)).toString('hex');
}

/**
 * Whether a publisher is known to be on a topic. False also where the middleware identifies the publishers of messages in another way than those of
 * topics.
 *
 * @param topic fully qualified and remapped
 * @param gid in hexadecimal
 */
export function hasPublisher(
  node: Pick<rclnodejs.Node, 'getPublishersInfoByTopic'>,
  topic: string,
  gid: string,
): boolean {
  const endpoints = node.getPublishersInfoByTopic(topic, false) as Endpoint[];
  return endpoints.some(({ endpoint_gid }) => gidInHex(endpoint_gid) === gid);
}

/**
 * The node that a message came from, for people. Where the middleware does not say which, all that publish the topic.
 *
 * @param topic fully qualified and remapped
 * @param gid of the publisher, in hexadecimal
 */
export function publisherOf(
  node: Pick<rclnodejs.Node, 'getPublishersInfoByTopic'>,
  topic: string,
  gid: string | null,
): string {
  const endpoints = node.getPublishersInfoByTopic(topic, false) as Endpoint[];
  const sender = endpoints.find(({ endpoint_gid }) => gid !== null && gidInHex(endpoint_gid) === gid);
  if (sender?.node_name === UNNAMED) return `a publisher of ${topic} without a name`;
  if (sender !== undefined) return nodeNameOf(sender);
  const names = publishersOf(node, topic);
  return names.length === 0 ? `an unknown publisher of ${topic}` : names.join(' or ');
}

/**
 * Who else is on a topic that a node publishes with one publisher. Another node may have the same name.
 *
 * @param topic fully qualified and remapped
 */
export function peersOf(
  node: Pick<rclnodejs.Node, 'getPublishersInfoByTopic' | 'countSubscribers' | 'getFullyQualifiedName'>,
  topic: string,
): TopicPeers {
  const publishers = (node.getPublishersInfoByTopic(topic, false) as Endpoint[]).map(nodeNameOf);
  const own = publishers.indexOf(node.getFullyQualifiedName());
  return {
    publishers: publishers.filter((_, index) => index !== own),
    subscribers: node.countSubscribers(topic),
  };
}
