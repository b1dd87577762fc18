import { describe, expect, it } from 'vitest';

import {
  guardActions,
  guardServices,
  guardSubscriptions,
  replaceChangeState,
  replaceDescriptorMessage,
} from '../../../../src/ros/node/rclnodejs-patches.js';
import type { ChangeStateRequest } from '../../../../src/ros/node/rclnodejs-patches.js';

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
    other.processRequest(null, 'delivered');
    expect(reported).toEqual([failure]);
    expect(other.answered).toEqual(['delivered']);
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

describe('guards', () => {
  it('wrap a class once, however many of its objects are given', () => {
    class Service {
      processRequest(): void {
        throw failure;
      }
    }
    const reported: unknown[] = [];
    for (let times = 0; times < 3; times++) guardServices(new Service(), (error) => reported.push(error));
    new Service().processRequest();
    expect(reported).toEqual([failure]);
  });
});

describe('a request of ~/change_state', () => {
  class Node {
    _onChangeState(): void {
      throw failure;
    }
  }

  it('goes to the node, which may answer later', () => {
    const node = new Node() as unknown as {
      _onChangeState: (request: ChangeStateRequest, response: object) => void;
    };
    let answer: ((success: boolean) => void) | null = null;
    const requests: ChangeStateRequest[] = [];
    replaceChangeState(node, (request, send) => {
      requests.push(request);
      answer = send;
    });
    const sent: unknown[] = [];
    const request = { transition: { id: 3, label: '' } };
    node._onChangeState(request, {
      template: { success: false },
      send: (response: unknown) => sent.push(response),
    });
    expect([requests, sent]).toEqual([[request], []]);
    (answer as unknown as (success: boolean) => void)(true);
    expect(sent).toEqual([{ success: true }]);
  });
});

describe('the descriptor of a parameter', () => {
  it('has the message that it is given, ranges included, and leaves checks to the bridge', () => {
    class Descriptor {
      readonly name = 'rate';
      toMessage(): object {
        return { name: this.name };
      }
      validateParameter(): void {
        throw failure;
      }
    }
    const message = { name: 'rate', floating_point_range: [{ from_value: 0, to_value: 1, step: 0 }] };
    const descriptor = replaceDescriptorMessage(new Descriptor(), message);
    expect(descriptor.toMessage()).toBe(message);
    expect(() => {
      descriptor.validateParameter();
    }).not.toThrow();
  });
});
