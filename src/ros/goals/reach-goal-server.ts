import rclnodejs from 'rclnodejs';

import type { Logger } from '../../core/types.js';
import { guardActions } from '../node/rclnodejs-patches.js';
import type { ImageMessage } from '../topics/messages.js';
import type { RosDuration } from '../topics/stamp.js';

const ACTION = 'jepa_mpc_msgs/action/ReachGoal';

/** Fields of ReachGoal.action. */
export interface ReachGoalRequest {
  readonly goal_images: readonly ImageMessage[];
  readonly goal_name: string;
  readonly tolerance: number;
  readonly timeout: RosDuration;
}
export interface ReachGoalResult {
  readonly outcome: number;
  readonly reason: string;
  readonly final_distance: number;
  readonly elapsed: RosDuration;
}
export interface ReachGoalFeedback {
  readonly distance: number;
  readonly plan_cost: number;
  readonly plan_ms: number;
  readonly frame_age_ms: number;
  readonly elapsed: RosDuration;
}

/** One goal of a client. Exactly one of `succeed`, `abort` and `canceled` is called before the result is sent. */
export interface GoalHandle {
  readonly request: ReachGoalRequest;
  publishFeedback(feedback: ReachGoalFeedback): void;
  succeed(): void;
  abort(): void;
  canceled(): void;
}

export interface ReachGoalHandlers {
  execute(handle: GoalHandle): Promise<ReachGoalResult>;
  /** After the request to cancel has been accepted. @param handle the one that `execute` got */
  cancel(handle: GoalHandle): void;
}

/** The part of rclnodejs' ServerGoalHandle that is used; its own types know the actions that were there when it was installed. */
interface ServerGoalHandle {
  readonly request: { toPlainObject(withTypedArrays: boolean): ReachGoalRequest };
  publishFeedback(feedback: object): void;
  succeed(): void;
  abort(): void;
  canceled(): void;
}

/** The generated classes of the action. */
interface ReachGoalClass {
  readonly Feedback: new () => object;
  readonly Result: new () => object;
}

type ActionServerClass = new (
  node: rclnodejs.Node,
  type: string,
  name: string,
  execute: (handle: ServerGoalHandle) => Promise<object>,
  goal: undefined,
  accepted: undefined,
  cancel: (handle: ServerGoalHandle) => number,
) => object;

/**
 * Offers the action `~/reach_goal`; does so in the log only, where the interface package was not built with the node.
 *
 * @param report gets what goes wrong with a request
 */
export function serveReachGoal(
  node: rclnodejs.Node,
  handlers: ReachGoalHandlers,
  log: Pick<Logger, 'info'>,
  report: (error: unknown) => void,
): void {
  let type: ReachGoalClass;
  try {
    type = (rclnodejs.require as (name: string) => unknown)(ACTION) as ReachGoalClass;
  } catch {
    log.info('no action ~/reach_goal: the package jepa_mpc_msgs was not there when the node was built');
    return;
  }
  const handles = new WeakMap<ServerGoalHandle, GoalHandle>();
  const Server = rclnodejs.ActionServer as unknown as ActionServerClass;
  const server = new Server(
    node,
    ACTION,
    '~/reach_goal',
    async (server) => {
      const handle = handleOf(server, type);
      handles.set(server, handle);
      return Object.assign(new type.Result(), await handlers.execute(handle));
    },
    undefined,
    undefined,
    (server) => {
      // After the request has been answered: only then can the goal become cancelled.
      setImmediate(() => {
        const handle = handles.get(server);
        if (handle !== undefined) handlers.cancel(handle);
      });
      return rclnodejs.CancelResponse.ACCEPT;
    },
  );
  guardActions(server, report);
}

function handleOf(server: ServerGoalHandle, type: ReachGoalClass): GoalHandle {
  return {
    request: server.request.toPlainObject(true),
    publishFeedback: (feedback) => {
      server.publishFeedback(Object.assign(new type.Feedback(), feedback));
    },
    succeed: () => {
      server.succeed();
    },
    abort: () => {
      server.abort();
    },
    canceled: () => {
      server.canceled();
    },
  };
}
