import { describe, expect, it } from 'vitest';

import { JepaMpcError } from '../../../../src/core/errors.js';
import {
  explainRefusals,
  securely,
  securelyLater,
  securityWarnings,
} from '../../../../src/ros/security/secured-node.js';
import { thrownBy } from '../../../fixtures/robot.js';

const ON = {
  ROS_SECURITY_ENABLE: 'true',
  ROS_SECURITY_KEYSTORE: '/keys',
  ROS_SECURITY_ENCLAVE_OVERRIDE: '/cell/planner',
};

/** A node whose permissions allow `allowed` alone. */
class FakeNode {
  readonly made: string[] = [];
  createPublisher(_type: string, topic: string): string {
    return this.#make(topic);
  }
  createSubscription(_type: string, topic: string): string {
    return this.#make(topic);
  }
  createService(_type: string, name: string): string {
    return this.#make(name);
  }
  #make(name: string): string {
    if (name !== 'allowed') throw new Error('could not create it:\n not allowed, at rmw.cpp:1');
    this.made.push(name);
    return name;
  }
}

const nodeIn = (env: object): FakeNode => explainRefusals(new FakeNode() as never, env);

describe('a node with DDS security on', () => {
  it.each([
    ['publisher of', (node: FakeNode) => node.createPublisher('std_msgs/msg/Bool', 'commands')],
    ['subscription to', (node: FakeNode) => node.createSubscription('std_msgs/msg/Bool', 'commands')],
    ['service', (node: FakeNode) => node.createService('std_srvs/srv/Trigger', 'commands')],
  ])('names the %s that its enclave lacks the permission for, and the remedy', (what, make) => {
    const error = thrownBy(() => make(nodeIn(ON)));
    expect(error).toBeInstanceOf(JepaMpcError);
    expect(error.message).toMatch(
      new RegExp(
        `^${what} commands: found a refusal: could not create it: not allowed.*\\(/keys\\).*/cell/planner.*jepa-mpc policy FILE.*\\[security.policy\\]$`,
      ),
    );
  });

  it('makes what its permissions allow', () => {
    const node = nodeIn(ON);
    expect(node.createPublisher('std_msgs/msg/Bool', 'allowed')).toBe('allowed');
    expect(node.made).toEqual(['allowed']);
  });

  it('says that the middleware was built without security', async () => {
    const failing = (): never => {
      throw new Error("This Fast DDS version doesn't have the security libraries");
    };
    expect(thrownBy(() => securely('node', ON, failing)).message).toMatch(
      /DSECURITY=ON.*security.unavailable/,
    );
    await expect(securelyLater('node', ON, () => Promise.resolve().then(failing))).rejects.toThrow(
      /security.unavailable/,
    );
  });

  it('passes errors on that name their cause already', () => {
    const own = new JepaMpcError('params.invalid', { subject: 'a', found: 'b', expected: 'c', remedy: 'd' });
    const failing = (): never => {
      throw own;
    };
    expect(thrownBy(() => securely('node', ON, failing))).toBe(own);
  });
});

describe('security that is on', () => {
  it('is to be enforced: anything else is warned of', () => {
    expect(securityWarnings({ ...ON, ROS_SECURITY_STRATEGY: 'Enforce' })).toEqual([]);
    expect(securityWarnings({ ...ON, ROS_SECURITY_STRATEGY: 'Permissive' })[0]).toMatch(
      /found Permissive, expected Enforce/,
    );
    expect(securityWarnings(ON)[0]).toMatch(/runs unsecured where its enclave is missing/);
    expect(securityWarnings({})).toEqual([]);
  });
});

describe('a node without DDS security', () => {
  it.each([{}, { ROS_SECURITY_ENABLE: 'false' }, { ROS_SECURITY_ENABLE: '1' }])(
    'is left as it is, with %j',
    (env) => {
      expect(() => nodeIn(env).createPublisher('std_msgs/msg/Bool', 'commands')).toThrow(
        'could not create it:\n not allowed',
      );
    },
  );
});
