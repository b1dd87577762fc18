import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { JepaMpcError } from '../../../src/core/errors.js';
import { refusalOf } from '../../../src/dashboard/planner/refusal.js';
import { ExpressionText } from '../../../src/planning/expression/expression-text.js';
import { parseExpression } from '../../../src/planning/expression/parse-expression.js';
import { validateParameters } from '../../../src/params/validate.js';

const name = 'objective.expression';

function reasonOf(refuse: () => unknown): string {
  try {
    refuse();
  } catch (error) {
    if (error instanceof JepaMpcError) return error.message;
    throw error;
  }
  throw new Error('nothing was refused');
}

const expressionReason = (text: string): string =>
  reasonOf(() => parseExpression(text, { joints: 2, hasTemporalDistance: true, foreseesState: true }));

describe('a refusal', () => {
  it.each([
    ['goal_distnce + 1', 'goal_distnce'],
    ['goal_distance +\n   2 * foo(action)', 'foo'],
    ['  1 + "text"', '"'],
  ])('of the expression %j points at %j in the text as it was given', (text, pointedAt) => {
    const { parameter, place } = refusalOf(expressionReason(text), { [name]: text });
    expect(parameter).toBe(name);
    expect(place && text.slice(place.start, place.end)).toBe(pointedAt);
  });

  it('of a long expression, of which only a part is shown, points at the same character', () => {
    const text = `${'goal_distance + '.repeat(20)}nonsense + ${'norm(action) + '.repeat(20)}1`;
    const { place } = refusalOf(expressionReason(text), { [name]: text });
    expect(place).toEqual({ start: text.indexOf('nonsense'), end: text.indexOf('nonsense') + 8 });
  });

  it('points at the character that the error means, whatever the white space', () => {
    const words = fc.array(fc.constantFrom('a', 'bc', '+', '(', '1.5', 'é'), { minLength: 1, maxLength: 60 });
    const gaps = fc.array(fc.constantFrom(' ', '\n', '  \t'), { minLength: 61, maxLength: 61 });
    fc.assert(
      fc.property(words, gaps, fc.nat(), (parts, blanks, pick) => {
        const index = pick % parts.length;
        // Every word is unique, so that a part of the text is found at one place alone.
        const numbered = parts.map((part, at) => `${part}_${String(at)}_`);
        const text = numbered.map((part, at) => `${blanks[at] ?? ''}${part}`).join('');
        const source = new ExpressionText(text);
        const reason = source.refusal(source.text.indexOf(numbered[index] ?? ''), 'x', 'y', 'z').message;
        const { place } = refusalOf(reason, { [name]: text });
        expect(place?.start).toBe(text.indexOf(numbered[index] ?? ''));
      }),
    );
  });

  it('names the one of several parameters that it is about', () => {
    const values = { 'sampling.samples': -1, 'sampling.samples_other': 3, planner: 'cem' };
    const reason = reasonOf(() => validateParameters({ 'sampling.samples': -1 }));
    expect(refusalOf(reason, values)).toMatchObject({ parameter: 'sampling.samples', place: null });
  });

  it('never throws, whatever the reason and the names', () => {
    fc.assert(
      fc.property(fc.string(), fc.dictionary(fc.string(), fc.string()), (reason, values) => {
        const { message, place } = refusalOf(reason, values);
        expect(message).not.toBe('');
        expect(place === null || place.start <= place.end).toBe(true);
      }),
    );
  });
});
