import type rclnodejs from 'rclnodejs';

import { guardServices } from './callback-errors.js';

/** Answer of a service that either did its job or says why not. */
export interface ServiceOutcome {
  readonly success: boolean;
  readonly message: string;
}

/** What the node's services do. */
export interface ServiceHandlers {
  pause(paused: boolean): ServiceOutcome;
  reset(): ServiceOutcome;
  captureGoal(): ServiceOutcome;
}

/**
 * Offers `~/pause`, `~/reset` and `~/capture_goal`.
 *
 * @param report told of an answer, of any service, that could not be delivered
 */
export function offerServices(
  node: rclnodejs.Node,
  handlers: ServiceHandlers,
  report: (error: unknown) => void,
): void {
  const pause = node.createService('std_srvs/srv/SetBool', '~/pause', (request, response) => {
    response.send(Object.assign(response.template, handlers.pause(request.data)));
  });
  guardServices(pause, report);
  node.createService('std_srvs/srv/Trigger', '~/reset', (_request, response) => {
    response.send(Object.assign(response.template, handlers.reset()));
  });
  node.createService('std_srvs/srv/Trigger', '~/capture_goal', (_request, response) => {
    response.send(Object.assign(response.template, handlers.captureGoal()));
  });
}
