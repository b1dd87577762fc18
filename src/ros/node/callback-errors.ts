/** What rclnodejs calls when a request has come, or a message; not in its types. */
interface ServiceInternals {
  processRequest: (this: object, header: unknown, request: unknown) => void;
}
interface SubscriptionInternals {
  processResponse: (this: object, message: unknown, info?: unknown) => void;
}

const guarded = new WeakSet();

/**
 * rclnodejs 2.2.0 calls JavaScript from a native callback that lets no exception through: what a callback throws ends the process at once
 * ("terminate called after throwing an instance of 'Napi::Error'"), before the robot could be told to hold. For a service that includes an
 * answer that cannot be delivered because its client has not been discovered yet, or is gone.
 *
 * Guards all services of the process, the library's own included (parameters, lifecycle): such an error is reported, the request stays
 * unanswered, and the client may ask again.
 *
 * @param service any one; the class is what is guarded
 */
export function guardServices(service: object, report: (error: unknown) => void): void {
  const prototype = Object.getPrototypeOf(service) as ServiceInternals;
  if (guarded.has(prototype)) return;
  guarded.add(prototype);
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
 * Guards all subscriptions of the process: what a callback throws becomes an uncaught exception, after which the node brakes the robot and
 * ends.
 *
 * @param subscription any one; the class is what is guarded
 * @param raise given the error, outside of the native callback
 */
export function guardSubscriptions(subscription: object, raise: (error: unknown) => void): void {
  const prototype = Object.getPrototypeOf(subscription) as SubscriptionInternals;
  if (guarded.has(prototype)) return;
  guarded.add(prototype);
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
 * Guards all action servers of the process, as `guardServices` does for services.
 *
 * @param server any one; the class is what is guarded
 */
export function guardActions(server: object, report: (error: unknown) => void): void {
  const prototype = Object.getPrototypeOf(server) as ActionInternals;
  if (guarded.has(prototype)) return;
  guarded.add(prototype);
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
