import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { JepaMpcError } from '../../../../src/core/errors.js';
import { ProblemLog } from '../../../../src/ros/diagnostics/problem-log.js';
import { Lifecycle } from '../../../../src/ros/node/lifecycle.js';
import type { Blocker, LifecycleHandlers } from '../../../../src/ros/node/lifecycle.js';
import type { Outcome } from '../../../../src/ros/node/transitions.js';
import { FakeTransitions } from '../../../fixtures/fake-transitions.js';

const MISSING_IMAGE: Blocker = { text: 'image: none received', canClear: true };
const WRONG_URDF: Blocker = { text: 'no limits', canClear: false };

const fault = new JepaMpcError('planner.worker-died', {
  subject: 'planner',
  found: 'nothing',
  expected: 'a plan',
  remedy: 'Look at the log.',
});

let machine: FakeTransitions;
let calls: string[];
let logged: string[];
let blocker: Blocker | null;
let waitMs: number;
let outcomes: Partial<Record<'configure' | 'activate' | 'deactivate' | 'cleanup' | 'recover', Outcome>>;
let lifecycle: Lifecycle;

beforeEach(() => {
  vi.useFakeTimers();
  machine = new FakeTransitions();
  calls = [];
  logged = [];
  blocker = null;
  waitMs = 0;
  outcomes = {};
  const log = (text: string): void => void logged.push(text);
  const logger = { debug: log, info: log, warn: log, error: log };
  const handler = (name: keyof typeof outcomes) => (): Outcome => {
    calls.push(name);
    return outcomes[name] ?? 'success';
  };
  const handlers: LifecycleHandlers = {
    configure: handler('configure'),
    activate: () => (blocker === null ? handler('activate')() : 'failure'),
    deactivate: handler('deactivate'),
    cleanup: handler('cleanup'),
    shutdown: handler('cleanup'),
    recover: handler('recover'),
    blocker: () => blocker,
    get activationWaitMs() {
      return waitMs;
    },
  };
  lifecycle = new Lifecycle(machine, handlers, logger, new ProblemLog(logger));
});

afterEach(() => {
  vi.useRealTimers();
});

describe('a request for a transition', () => {
  it('is done by its label or by its id, and answered with what came of it', () => {
    expect(machine.request('configure')).toEqual([true]);
    expect(machine.request(3)).toEqual([true]);
    expect([machine.state, calls]).toEqual(['active', ['configure', 'activate']]);
  });

  it('that does not exist in this state is answered and logged, with those that do', () => {
    expect(machine.request('activate')).toEqual([false]);
    expect(machine.request(99)).toEqual([false]);
    expect([machine.state, calls]).toEqual(['unconfigured', []]);
    expect(logged).toEqual([
      'there is no transition activate in state unconfigured: found activate, expected one of configure, shutdown',
      'there is no transition 99 in state unconfigured: found 99, expected one of configure, shutdown',
    ]);
  });

  it('that is refused is answered with a failure and changes nothing', () => {
    outcomes.configure = 'failure';
    expect(machine.request('configure')).toEqual([false]);
    expect(machine.state).toBe('unconfigured');
  });

  it('that ends in an error is a failure, although the node recovers from it', () => {
    machine.request('configure');
    outcomes.activate = 'error';
    expect(machine.request('activate')).toEqual([false]);
    expect([machine.state, calls.at(-1)]).toEqual(['unconfigured', 'recover']);
  });

  it('whose handler throws ends in the error state, with the reason in the log', () => {
    machine.request('configure');
    Object.defineProperty(outcomes, 'activate', {
      get: () => {
        throw fault;
      },
    });
    expect(machine.request('activate')).toEqual([false]);
    expect(machine.state).toBe('unconfigured');
    expect(logged.at(-1)).toBe(`the node is unconfigured after an error: ${fault.message}`);
  });

  it('finalizes a node that cannot recover', () => {
    machine.request('configure');
    outcomes.activate = 'error';
    outcomes.recover = 'error';
    machine.request('activate');
    expect(machine.state).toBe('finalized');
  });
});

describe('a request to activate', () => {
  beforeEach(() => {
    machine.request('configure');
    blocker = MISSING_IMAGE;
    waitMs = 2000;
  });

  it('is refused at once where it may not wait', () => {
    waitMs = 0;
    expect(machine.request('activate')).toEqual([false]);
  });

  it('is refused at once if waiting does not help', () => {
    blocker = WRONG_URDF;
    expect(machine.request('activate')).toEqual([false]);
  });

  it('waits until its blocker has cleared', () => {
    const answers = machine.request('activate');
    vi.advanceTimersByTime(1500);
    lifecycle.reconsider();
    expect([answers, machine.state]).toEqual([[], 'inactive']);
    expect(logged).toContain('activation waits: image: none received');
    blocker = null;
    lifecycle.reconsider();
    expect([answers, machine.state]).toEqual([[true], 'active']);
    machine.request('deactivate');
    vi.advanceTimersByTime(5000);
    expect([answers, machine.state]).toEqual([[true], 'inactive']);
  });

  it('fails as soon as its blocker cannot clear any more', () => {
    const answers = machine.request('activate');
    blocker = WRONG_URDF;
    lifecycle.reconsider();
    expect(answers).toEqual([false]);
  });

  it('is tried once more when its time is up, and fails then', () => {
    const answers = machine.request('activate');
    vi.advanceTimersByTime(1999);
    expect(answers).toEqual([]);
    vi.advanceTimersByTime(1);
    expect([answers, machine.state]).toEqual([[false], 'inactive']);
  });

  it.each(['activate', 'cleanup'])('is replaced by a request to %s', (other) => {
    const answers = machine.request('activate');
    const later = machine.request(other);
    expect(answers).toEqual([false]);
    expect(later).toEqual(other === 'cleanup' ? [true] : []);
  });

  it('outlives a request for a transition that does not exist', () => {
    const answers = machine.request('activate');
    machine.request('deactivate');
    expect(answers).toEqual([]);
  });

  it('fails when the node shuts down', () => {
    const answers = machine.request('activate');
    lifecycle.close();
    expect(answers).toEqual([false]);
    vi.advanceTimersByTime(5000);
    expect(answers).toEqual([false]);
  });

  it('whose client is gone is reported, and the node is active all the same', () => {
    machine.request('activate');
    const lost = vi.fn(() => {
      throw new Error('client will not receive response');
    });
    machine.answerWith(lost);
    blocker = null;
    lifecycle.reconsider();
    expect(lost).toHaveBeenCalled();
    expect(machine.state).toBe('active');
    expect(logged.at(-1)).toContain('client will not receive response');
  });
});

describe('the node itself', () => {
  it('may do a transition, which tells whether it was done', () => {
    expect(lifecycle.request('activate')).toBe(false);
    expect(lifecycle.request('configure')).toBe(true);
    blocker = MISSING_IMAGE;
    expect(lifecycle.request('activate')).toBe(false);
    blocker = null;
    expect(lifecycle.request('activate')).toBe(true);
  });

  it.each([['activate'], []])('goes through the error state after a fault (%s)', (...more) => {
    for (const label of ['configure', ...more]) machine.request(label);
    calls = [];
    lifecycle.fail(fault);
    expect([machine.state, calls]).toEqual(['unconfigured', ['recover']]);
    expect(logged.at(-1)).toContain(fault.message);
    expect(machine.request('configure')).toEqual([true]);
  });

  it('has nothing to recover from before it is configured', () => {
    lifecycle.fail(fault);
    expect([machine.state, calls]).toEqual(['unconfigured', []]);
  });
});
