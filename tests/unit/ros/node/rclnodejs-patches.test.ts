import { describe, expect, it } from 'vitest';

import {
  guardActions,
  guardServices,
  guardSubscriptions,
} from '../../../../src/ros/node/rclnodejs-patches.js';

const failure = new Error('client will not receive response');

describe('guards of callbacks that rclnodejs calls from native code', () => {
  it('a request whose answer cannot be delivered is reported, whichever service it was for', () => {
    class Service {
      answered: unknown[] = [];
      processRequest(_header: unknown, request: unknown): void {
        if (request === 'lost') throw failure;
        this.answered.push(request);
      }
    }
    const reported: unknown[] = [];
    const [one, other] = [new Service(), new Service()];
    guardServices(one, (error) => reported.push(error));
    guardServices(other, (error) => reported.push(error));
    other.processRequest(null, 'lost');
    other.processRequest(null, 'heard');
    expect(reported).toEqual([failure]);
    expect(other.answered).toEqual(['heard']);
  });

  it('what goes wrong with a request of an action is reported, at once or later', async () => {
    class ActionServer {
      _executeGoalRequest(): void {
        throw failure;
      }
      _executeCancelRequest(): Promise<void> {
        return Promise.reject(failure);
      }
      _executeGetResultRequest(): void {
        this._sendResultResponse();
      }
      _sendResultResponse(): void {
        throw failure;
      }
    }
    const server = new ActionServer();
    const reported: unknown[] = [];
    guardActions(server, (error) => reported.push(error));
    server._executeGoalRequest();
    server._executeGetResultRequest();
    expect(reported).toEqual([failure, failure]);
    await server._executeCancelRequest();
    await Promise.resolve();
    expect(reported).toEqual([failure, failure, failure]);
  });

  it('what a subscription throws is raised outside of the native callback', async () => {
    class Subscription {
      processResponse(): void {
        throw failure;
      }
    }
    const subscription = new Subscription();
    const raised = new Promise((resolve) => {
      guardSubscriptions(subscription, resolve);
    });
    expect(() => {
      subscription.processResponse();
    }).not.toThrow();
    expect(await raised).toBe(failure);
  });
});
