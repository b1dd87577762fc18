import { readFileSync } from 'node:fs';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { JepaMpcError } from '../../../../src/core/errors.js';
import type { Expression } from '../../../../src/core/expression.js';
import type { ExpressionScope } from '../../../../src/planning/expression/expression-checker.js';
import { parseExpression } from '../../../../src/planning/expression/parse-expression.js';
import { thrownBy } from '../../../fixtures/robot.js';
import { scalarExpression } from './random-expressions.js';

const twoJoints: ExpressionScope = { joints: 2, hasTemporalDistance: true, foreseesState: true };
const nothingKnown: ExpressionScope = { joints: null, hasTemporalDistance: null, foreseesState: null };

function read(text: string, scope = twoJoints): Expression {
  return parseExpression(text, scope).root;
}

const refusal = (text: string, scope = twoJoints): JepaMpcError =>
  thrownBy(() => parseExpression(text, scope));

/** What stands above the caret of a message. */
function pointedAt({ message }: JepaMpcError): string {
  const lines = message.split('\n');
  const caret = lines.findIndex((line) => line.trim() === '^');
  return lines[caret - 1]?.slice(lines[caret]?.indexOf('^')) ?? '';
}

describe('an expression', () => {
  it('names distances, actions and foreseen states, by joint from 1 and by step', () => {
    expect(read('goal_distance')).toEqual({ kind: 'distance', shape: 'scalar', to: 'goal_distance' });
    expect(read('action[2]')).toMatchObject({ of: 'action', joint: 1, step: { from: 'current', offset: 0 } });
    expect(read('q[t - 1, 1]')).toMatchObject({
      of: 'state',
      joint: 0,
      step: { from: 'current', offset: -1 },
    });
    expect(read('state[H, 1]')).toMatchObject({ step: { from: 'last', offset: 0 } });
    expect(read('action[1 + t - 3, 1]')).toMatchObject({ step: { from: 'current', offset: -2 } });
    expect(read('action[3, 1]')).toMatchObject({ step: { from: 'start', offset: 3 } });
  });

  it('has its constant parts computed, units and angles included', () => {
    const value = (text: string): number => {
      const root = read(text);
      return root.kind === 'constant' ? root.value : NaN;
    };
    expect(value('2 + 3 * 4 ^ 2 / 8')).toBe(8);
    expect(value('90 deg')).toBeCloseTo(Math.PI / 2, 12);
    expect(value('90 deg/s^2 * (20 ms)')).toBeCloseTo((Math.PI / 2) * 0.02, 12);
    expect(value('max(1, 2, cos(pi))')).toBe(2);
    expect(value('3 > 2 ? 10 : 20')).toBe(10);
    expect(value('-(+2) < 1')).toBe(1);
  });

  it('carries the shape of every node: a scalar counts for every joint of a vector', () => {
    const root = read('sum(abs(action) * 2) + norm(q - action)');
    expect(root).toMatchObject({
      shape: 'scalar',
      left: { operand: { shape: 'vector', left: { shape: 'vector' } } },
    });
  });

  it('may take t and H as an exponent, so that later steps can count more', () => {
    expect(read('0.9 ^ (H - t) * latent_distance').shape).toBe('scalar');
  });

  it('is judged only by what is known of the model', () => {
    expect(read('goal_distance + state[7]', nothingKnown).shape).toBe('scalar');
    expect(refusal('goal_distanc', nothingKnown).code).toBe('objective.invalid');
  });

  it('counts any white space as one blank', () => {
    expect(parseExpression('  goal_distance\n  +  1\t', twoJoints).text).toBe('goal_distance + 1');
  });
});

describe('a refused expression', () => {
  it.each([
    ['2 * goal_distnce', 'goal_distnce', 'Did you mean goal_distance?'],
    ['1 + nrm(action)', 'nrm(action)', 'Did you mean norm?'],
    ['1 + action', '+ action', 'one number for each joint'],
    ['action', 'action', 'Add up the joints'],
    ['sum(goal_distance)', 'sum(', 'sum of a single number'],
    ['goal_distance / (2 - 2)', '- 2)', 'division by 0'],
    ['1 + log(-1)', 'log(', 'NaN'],
    ['2 * 1e400', '1e400', 'Infinity'],
    ['2 * 1e39', '1e39', 'too large for a float32'],
    ['abs(q[3])', '3]', 'a whole number from 1 to 2'],
    ['abs(q[1.5])', '1.5]', 'a whole number from 1 to 2'],
    ['action[t - 1]', '- 1]', 'a joint that is not a fixed number'],
    ['action[t / 2, 1]', '/ 2', 'whole number'],
    ['action[t, 1, 1]', 'action', '3 indices'],
    ['action(1)', 'action(', 'square brackets'],
    ['goal_distance[1]', 'goal_distance', 'one number'],
    ['2 ^ goal_distance', 'goal_distance', 'exponent'],
    ['q[1] deg', 'deg', 'a number before the unit'],
    ['q[1] * 5 mm/s', 's', '(5 mm/s)'],
    ['deg + 1', 'deg', '1 deg'],
    ['1 + abs', 'abs', 'abs(…)'],
    ['abs(1, 2)', 'abs(', '2 arguments'],
    ['atan2(1)', 'atan2(', 'two arguments'],
    ['goal_distance!', 'goal_distance', 'the operator !'],
    ['t % 2', '% 2', 'the operator %'],
    ['t and H', 'and', 'the operator and'],
    ['1 < t < H', '1 <', 'chain of comparisons'],
    ['x = 3', 'x', 'an assignment'],
    ['f(x) = x', 'f(', 'a definition'],
    ['1; 2', '1;', 'several expressions'],
    ['sum([1, 2])', '1,', 'a list'],
    ['action[1:2]', '1:2', 'a range'],
    ['"goal"', '"goal"', 'numbers'],
    ['true', 'true', 'numbers'],
    ['action.x', 'action', 'without a name'],
    ['1 + # why', '#', 'comment'],
    ['2 + * 3', '* 3', 'Value expected'],
    ['sum(action', '', 'Parenthesis ) expected'],
    ['goal_distance; import("fs")', 'goal_distance;', 'several expressions'],
  ])('%s: points at "%s" and says "%s"', (text, place, words) => {
    const error = refusal(text);
    expect(error.code).toBe('objective.invalid');
    expect(error.message).toContain(words);
    expect(pointedAt(error).startsWith(place)).toBe(true);
  });

  it('names what the model lacks', () => {
    expect(refusal('goal_distance', { ...twoJoints, hasTemporalDistance: false }).message).toContain(
      'latent_distance',
    );
    expect(refusal('norm(q)', { ...twoJoints, foreseesState: false }).message).toContain('joint velocities');
  });

  it.each([[''], ['   \n ']])('is empty: %j', (text) => {
    expect(refusal(text).message).toContain('no expression');
  });

  it('is too long, and is shown in part', () => {
    const error = refusal('1 + '.repeat(300) + '1');
    expect(error.message).toContain('1201 characters');
    expect(error.message.length).toBeLessThan(400);
  });

  it('reads in full', () => {
    expect(refusal('2 * goal_distnce + 1').message).toBe(
      [
        'objective.expression: found the unknown name "goal_distnce", expected one of goal_distance, latent_distance, action, state, q, t, H, pi, e. Did you mean goal_distance?',
        '  2 * goal_distnce + 1',
        '      ^',
        ' [objective.invalid]',
      ].join('\n'),
    );
  });
});

describe('the parser', () => {
  it('accepts the examples of docs/objectives.md', () => {
    const [, block = ''] =
      /## Expressions[^]*?```\n([^]*?)```/u.exec(readFileSync('docs/objectives.md', 'utf8')) ?? [];
    const examples = block
      .trim()
      .split('\n')
      .map((line) => line.replace(/#.*/u, ''));
    expect(examples.length).toBeGreaterThan(3);
    for (const example of examples) expect(read(example).shape).toBe('scalar');
  });

  it('accepts every well formed expression', () => {
    fc.assert(
      fc.property(scalarExpression, (text) => {
        expect(read(text).shape).toBe('scalar');
      }),
      { numRuns: 300 },
    );
  });

  it('points at a misspelt name wherever it stands', () => {
    fc.assert(
      fc.property(scalarExpression, scalarExpression, (before, after) => {
        fc.pre(before.length + after.length < 900);
        const error = refusal(`${before} + goal_distnce * ${after}`);
        expect(pointedAt(error).startsWith('goal_distnce')).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('answers any text with an expression or with the reason', () => {
    const piece = fc.constantFrom(
      ...'+-*/^()[],<>=!?:;.\'"#{}|&%@~ \n'.split(''),
      ...['action', 'q', 't', 'H', '1', '2.5', 'deg', 'sum', 'e', 'and', 'to', 'Infinity', 'NaN', 'i', 'end'],
    );
    const text = fc.oneof(
      fc.array(piece).map((pieces) => pieces.join('')),
      fc.string(),
    );
    fc.assert(
      fc.property(text, (written) => {
        try {
          expect(read(written).shape).toBe('scalar');
        } catch (error) {
          expect(error).toBeInstanceOf(JepaMpcError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
