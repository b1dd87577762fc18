import { describe, expect, test } from 'vitest';
import { isNodeNewEnough } from '../../../scripts/setup/set-up.mjs';
import { SetupError } from '../../../scripts/setup/setup-error.mjs';
import { runSteps } from '../../../scripts/setup/steps.mjs';

const noTime = () => 0;
const noLeftovers = () => Promise.resolve();

describe('running set-up steps', () => {
  test('only what is not done is made and printed, in order', async () => {
    const made: string[] = [];
    let text = '';
    const step = (title: string, done: boolean) => ({
      title,
      isDone: () => done,
      make: () => void made.push(title),
    });
    const count = await runSteps(
      [step('packages', true), step('prefix', false), step('addon', false)],
      (part) => (text += part),
      noTime,
      noLeftovers,
    );
    expect({ count, made }).toEqual({ count: 2, made: ['prefix', 'addon'] });
    expect(text).toBe('[2/3] prefix … 0.0 s\n[3/3] addon … 0.0 s\n');
  });

  test('a failing step stops the set-up: the next ones would build on it', async () => {
    const made: string[] = [];
    const failing = {
      title: 'prefix',
      isDone: () => false,
      make: () => {
        throw new SetupError('setup.command-failed', 'no network');
      },
    };
    const next = { title: 'addon', isDone: () => false, make: () => void made.push('addon') };
    await expect(runSteps([failing, next], () => undefined, noTime, noLeftovers)).rejects.toThrow(
      'no network',
    );
    expect(made).toEqual([]);
  });

  test('what a killed set-up left behind is ended before anything is made, and not looked for otherwise', async () => {
    const events: string[] = [];
    const beforeFirst = () => Promise.resolve(void events.push('ended'));
    const step = (done: boolean) => ({ title: '', isDone: () => done, make: () => void events.push('made') });
    await runSteps([step(true)], () => undefined, noTime, beforeFirst);
    expect(events).toEqual([]);
    await runSteps([step(true), step(false), step(false)], () => undefined, noTime, beforeFirst);
    expect(events).toEqual(['ended', 'made', 'made']);
  });
});

test.each([
  ['20.20.2', true],
  ['20.20.1', false],
  ['20.19.9', false],
  ['18.99.0', false],
  ['22.0.0', true],
  ['24.1.0', true],
])('Node.js %s new enough: %s', (version, expected) => {
  expect(isNodeNewEnough(version)).toBe(expected);
});

test('a set-up error says what was found, what is expected and what to type', () => {
  const error = new SetupError('setup.make-missing', 'make is missing', {
    found: 'nothing',
    expected: 'make',
    remedy: 'apt-get install make',
  });
  expect(error.explain()).toBe(
    [
      'set-up failed: make is missing [setup.make-missing]',
      '  found:      nothing',
      '  expected:   make',
      '  what to do: apt-get install make',
    ].join('\n'),
  );
});
