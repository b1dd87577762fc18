import type rclnodejs from 'rclnodejs';

import { guardServices } from './rclnodejs-patches.js';

/** Offers services: a node of rclnodejs. */
export type ServiceHost = Pick<rclnodejs.Node, 'createService'>;

/** Answer of a service that did its job, or says why not. */
export interface ServiceOutcome {
  readonly success: boolean;
  readonly message: string;
}

/** What the node's services do. */
export interface ServiceHandlers {
  pause(paused: boolean): ServiceOutcome;
  reset(): ServiceOutcome;
  captureGoal(): ServiceOutcome;
  emergencyStop(isStopped: boolean): ServiceOutcome;
  recover(): ServiceOutcome;
}

/**
 * Offers `~/pause`, `~/reset`, `~/emergency_stop`, `~/recover` and `~/capture_goal`.
 *
 * @param report gets the error of an answer, of any service, that could not be delivered
 */
export function offerServices(
  services: ServiceHost,
  handlers: ServiceHandlers,
  report: (error: unknown) => void,
): void {
  const pause = services.createService('std_srvs/srv/SetBool', '~/pause', (request, response) => {
    response.send(Object.assign(response.template, handlers.pause(request.data)));
  });
  guardServices(pause, report);
  services.createService('std_srvs/srv/Trigger', '~/reset', (_request, response) => {
    response.send(Object.assign(response.template, handlers.reset()));
  });
  services.createService('std_srvs/srv/SetBool', '~/emergency_stop', (request, response) => {
    response.send(Object.assign(response.template, handlers.emergencyStop(request.data)));
  });
  services.createService('std_srvs/srv/Trigger', '~/recover', (_request, response) => {
    response.send(Object.assign(response.template, handlers.recover()));
  });
  services.createService('std_srvs/srv/Trigger', '~/capture_goal', (_request, response) => {
    response.send(Object.assign(response.template, handlers.captureGoal()));
  });
}
