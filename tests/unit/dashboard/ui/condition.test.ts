import { describe, expect, it } from 'vitest';
import { conditionOf, type Known } from '../../../../src/dashboard/ui/state/condition.js';

const OPERATOR = {
  type: 'operator',
  condition: 'ok',
  level: 'ok',
  message: '',
  paused: false,
  stopped: false,
  speedScale: 1,
  dryRun: false,
} as const;
const RUNNING: Known = {
  link: { kind: 'open' },
  node: { type: 'node', present: true, state: 'active' },
  nodeName: '/planner_node',
  operator: OPERATOR,
  isOutdated: false,
};
const node = (state: string, present = true): Partial<Known> => ({ node: { type: 'node', present, state } });
const operator = (facts: object): Partial<Known> => ({ operator: { ...OPERATOR, ...facts } });

describe('the condition of the robot', () => {
  it('needs no words while it follows plans', () => {
    expect(conditionOf(RUNNING)).toEqual({ tone: 'ok', label: 'following plans', detail: '', remedy: null });
  });

  it.each([
    ['connecting', { link: { kind: 'connecting' } }, 'busy', null],
    [
      'connection lost',
      { link: { kind: 'lost', reason: 'the server was ended', retryAtMs: 0 } },
      'bad',
      'retry',
    ],
    ['page out of date', { isOutdated: true }, 'bad', 'reload'],
    ['no planner', node('unknown', false), 'bad', null],
    ['unconfigured', node('unconfigured'), 'warn', 'configure'],
    ['inactive', node('inactive'), 'warn', 'activate'],
    ['activating', node('activating'), 'busy', null],
    ['stopped', operator({ stopped: true }), 'bad', 'reset'],
    ['stopped', operator({ condition: 'stop' }), 'bad', 'reset'],
    ['paused', operator({ paused: true, condition: 'hold' }), 'warn', 'continue'],
    ['holding', operator({ condition: 'hold' }), 'warn', null],
    ['braking', operator({ condition: 'degrade' }), 'warn', null],
    ['dry run', operator({ dryRun: true }), 'warn', null],
  ] as const)('%s: is said in words, with what to do', (label, facts, tone, remedy) => {
    const found = conditionOf({ ...RUNNING, ...(facts as Partial<Known>) });
    expect(found).toMatchObject({ label, tone, remedy });
    expect(found.detail).toMatch(/^[A-Z].*(\.|…)$/);
  });

  it('repeats the reason of the node as a sentence', () => {
    const { detail } = conditionOf({
      ...RUNNING,
      ...operator({ condition: 'hold', message: 'image: the last is 0.52 s old' }),
    });
    expect(detail).toBe('Image: the last is 0.52 s old.');
  });

  it('is that of the connection before all else', () => {
    const lost = { kind: 'lost', reason: 'the server does not answer', retryAtMs: 0 } as const;
    expect(conditionOf({ ...RUNNING, ...operator({ stopped: true }), link: lost }).label).toBe(
      'connection lost',
    );
  });
});
