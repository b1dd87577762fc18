import type { OperatorState } from '../../safety/operator-state.js';

/** Who else is on a topic. */
export interface TopicPeers {
  /** Fully qualified names of other nodes that publish it, once for each publisher. */
  readonly publishers: readonly string[];
  readonly subscribers: number;
}

/**
 * What is wrong with the command topic: another planner for the same robot, or no controller.
 *
 * @param topic fully qualified and remapped
 */
export function controllerFault(
  topic: string,
  { publishers, subscribers }: TopicPeers,
): OperatorState['controller'] {
  if (publishers.length > 0)
    return { id: 'two-planners', found: `${publishers.join(', ')} also publishes ${topic}` };
  if (subscribers === 0) return { id: 'command-without-subscriber', found: `nobody subscribes to ${topic}` };
  return null;
}
