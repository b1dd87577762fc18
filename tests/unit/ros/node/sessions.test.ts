import { beforeEach, describe, expect, it } from 'vitest';

import type { PlanningSession } from '../../../../src/ros/node/planning-session.js';
import { Sessions } from '../../../../src/ros/node/sessions.js';

/** What a session has received, and whether it was closed. */
class FakeSession {
  readonly received: unknown[] = [];
  isClosed = false;
  failure: Error | null = null;

  setRobotDescription(urdf: string): void {
    this.received.push(urdf);
  }

  onJointState(_message: unknown, stampNs: bigint): void {
    this.received.push(stampNs);
  }

  close(): Promise<void> {
    this.isClosed = true;
    return this.failure === null ? Promise.resolve() : Promise.reject(this.failure);
  }
}

const message = { name: [], position: [], velocity: [] };

let sessions: Sessions;
let first: FakeSession;
/** Lets the robot come to rest. */
let rest: () => void;
let problems: unknown[];

const begin = (session: FakeSession): void => {
  sessions.begin(session as unknown as PlanningSession);
};
const end = (): void => {
  const brakeToRest = (): Promise<void> =>
    new Promise((resolve) => {
      rest = resolve;
    });
  sessions.end(brakeToRest, (problem) => problems.push(problem));
};

beforeEach(() => {
  sessions = new Sessions();
  first = new FakeSession();
  problems = [];
  begin(first);
});

describe('a session', () => {
  it('gets the robot description, whether that came before it or after', () => {
    sessions.setRobotDescription('<robot/>');
    const second = new FakeSession();
    begin(second);
    expect([first.received, second.received]).toEqual([['<robot/>'], ['<robot/>']]);
    expect(sessions.hasRobotDescription).toBe(true);
  });

  it('that is over receives joint states until its robot is at rest, and is closed then', async () => {
    end();
    expect(sessions.current).toBeNull();
    sessions.onJointState(message, 1n);
    await Promise.resolve();
    expect([first.received, first.isClosed]).toEqual([[1n], false]);
    rest();
    await sessions.ending;
    sessions.onJointState(message, 2n);
    expect([first.received, first.isClosed]).toEqual([[1n], true]);
  });

  it('receives them together with the one before it, whose robot still brakes', () => {
    end();
    const second = new FakeSession();
    begin(second);
    sessions.onJointState(message, 1n);
    expect([first.received, second.received]).toEqual([[1n], [1n]]);
  });

  it('that still brakes is not forgotten by another request to end', async () => {
    end();
    const restFirst = rest;
    end();
    sessions.onJointState(message, 1n);
    let hasEnded = false;
    void sessions.ending.then(() => {
      hasEnded = true;
    });
    rest();
    await Promise.resolve();
    expect([first.received, first.isClosed, hasEnded]).toEqual([[1n], false, false]);
    restFirst();
    await sessions.ending;
    expect(first.isClosed).toBe(true);
  });

  it('that cannot be closed is reported, and the next one does not wait forever', async () => {
    first.failure = new Error('worker hangs');
    end();
    rest();
    await sessions.ending;
    expect(problems).toEqual([first.failure]);
  });
});
