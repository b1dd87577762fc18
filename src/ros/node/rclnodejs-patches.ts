/*
 * Everything that this node changes in rclnodejs 2.2.0, or switches off in it, and what would make each change unnecessary. Patches of a class
 * count for the whole process: the library's own services and subscriptions included. Issue and pull-request numbers are upstream's. Where
 * none is given, none was found.
 */

import type rclnodejs from 'rclnodejs';

/** What rclnodejs calls for a request or a message; not in its types. */
interface ServiceInternals {
  processRequest: (this: object, header: unknown, request: unknown) => void;
}
interface SubscriptionInternals {
  processResponse: (this: object, message: unknown, info?: unknown) => void;
}

const guarded = new WeakSet();

/** The class of an object, the first time that it is asked for; null after that. */
function unguardedClass(object: object): object | null {
  const prototype = Object.getPrototypeOf(object) as object;
  if (guarded.has(prototype)) return null;
  guarded.add(prototype);
  return prototype;
}

/**
 * Patches the class of all services, those of the library included. An error is reported, the request stays unanswered, and the client may
 * ask again.
 *
 * Why: rclnodejs calls JavaScript from a native callback that lets no exception through. What a callback throws ends the process at once
 * ("terminate called after throwing an instance of 'Napi::Error'"), before the robot can brake. An answer that cannot be delivered,
 * because its client has not been discovered yet or is gone, throws too.
 *
 * Unnecessary when: rclnodejs catches what callbacks throw, and treats an answer that cannot be delivered as rclcpp does since
 * ros2/rclcpp#2276: with a warning.
 *
 * @param service any one
 */
export function guardServices(service: object, report: (error: unknown) => void): void {
  const prototype = unguardedClass(service) as ServiceInternals | null;
  if (prototype === null) return;
  const processRequest = prototype.processRequest;
  prototype.processRequest = function (header, request): void {
    try {
      processRequest.call(this, header, request);
    } catch (error) {
      report(error);
    }
  };
}

/**
 * Patches the class of all subscriptions. What a callback throws becomes an uncaught exception, after which the node brakes the robot and ends.
 *
 * Why, and unnecessary when: as for {@link guardServices}.
 *
 * @param subscription any one
 * @param raise gets the error, outside of the native callback
 */
export function guardSubscriptions(subscription: object, raise: (error: unknown) => void): void {
  const prototype = unguardedClass(subscription) as SubscriptionInternals | null;
  if (prototype === null) return;
  const processResponse = prototype.processResponse;
  prototype.processResponse = function (message, info): void {
    try {
      processResponse.call(this, message, info);
    } catch (error) {
      setImmediate(() => {
        raise(error);
      });
    }
  };
}

/** What rclnodejs calls for each request of an action, and to send a result; not in its types. */
const ACTION_CALLS = [
  '_executeGoalRequest',
  '_executeCancelRequest',
  '_executeGetResultRequest',
  '_sendResultResponse',
] as const;
type ActionInternals = Record<
  (typeof ACTION_CALLS)[number],
  (this: object, ...request: unknown[]) => unknown
>;

/**
 * Patches the class of all action servers. Why, and unnecessary when: as for {@link guardServices}.
 *
 * @param server any one
 */
export function guardActions(server: object, report: (error: unknown) => void): void {
  const prototype = unguardedClass(server) as ActionInternals | null;
  if (prototype === null) return;
  for (const name of ACTION_CALLS) {
    const call = prototype[name];
    prototype[name] = function (...request): void {
      try {
        Promise.resolve(call.apply(this, request)).catch(report);
      } catch (error) {
        report(error);
      }
    };
  }
}

/**
 * Removes the signal handler of rclnodejs. Call it after the handlers of the process are there: a signal that finds none is lost.
 *
 * Why: the handler (RobotWebTools/rclnodejs#246, for all contexts since #720) shuts ROS down at once, before the robot is at rest. It handles
 * SIGINT alone, and does nothing while ROS starts.
 *
 * Unnecessary when: `rclnodejs.init` has an option to install none.
 */
export function removeSignalHandlers(library: { readonly removeSignalHandlers: () => void }): void {
  library.removeSignalHandlers();
}

/** lifecycle_msgs/srv/ChangeState, as far as it is needed here. */
export interface ChangeStateRequest {
  readonly transition: { readonly id: number; readonly label: string };
}
interface ChangeStateResponse {
  readonly template: { success: boolean };
  send(response: { success: boolean }): void;
}

/**
 * Replaces the method with which a lifecycle node answers `~/change_state`.
 *
 * Why: rclnodejs throws for the number of a transition that there is not, and leaves the request unanswered, so that its client waits
 * forever. (rclpy had the same defect: ros2/rclpy#1209, fixed by ros2/rclpy#1319.) It reports success for a transition that ended in the
 * error state. It cannot answer later, which a request to activate needs that waits for inputs.
 *
 * Unnecessary when: rclnodejs refuses unknown transitions, reports an error as a failure, and takes a promise for an answer.
 *
 * @param onRequest must call `answer` once, now or later
 */
export function replaceChangeState(
  node: object,
  onRequest: (request: ChangeStateRequest, answer: (success: boolean) => void) => void,
): void {
  Object.assign(node, {
    _onChangeState: (request: ChangeStateRequest, response: ChangeStateResponse) => {
      onRequest(request, (success) => {
        response.send(Object.assign(response.template, { success }));
      });
    },
  });
}

/**
 * Leaves the parameter services of rclnodejs out; `offerParameterServices` offers them.
 *
 * Why: those of the library leave a request unanswered when it holds a list of whole numbers or something that is no parameter, and refuse
 * wrong types and unknown names with a reason that does not name the cause.
 *
 * Unnecessary when: rclnodejs answers every request, and lets the callback that checks parameters give the reason.
 */
export function withoutParameterServices(options: rclnodejs.NodeOptions): rclnodejs.NodeOptions {
  options.startParameterServices = false;
  return options;
}

/**
 * Replaces the message of a parameter's descriptor, and the check of its values.
 *
 * Why: rclnodejs leaves ranges out of the message (`toMessage` tests a field that is never set), so rqt_reconfigure and Foxglove show no
 * sliders. Its check of types and ranges gives a reason that does not name the cause; the parameter bridge checks instead.
 *
 * Unnecessary when: `toMessage` writes ranges.
 *
 * @param message rcl_interfaces/msg/ParameterDescriptor
 */
export function replaceDescriptorMessage<Descriptor extends object>(
  descriptor: Descriptor,
  message: object,
): Descriptor {
  return Object.assign(descriptor, { toMessage: () => message, validateParameter: () => undefined });
}
