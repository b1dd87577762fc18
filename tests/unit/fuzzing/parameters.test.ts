import { readFileSync } from 'node:fs';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { gatherParameters } from '../../../src/params/given-parameters.js';
import { parseValue } from '../../../src/params/profile.js';
import { quantityIn } from '../../../src/params/quantity.js';
import { readRosArguments } from '../../../src/params/ros-arguments.js';
import { parameterInfos } from '../../../src/params/schema.js';
import { validateParameters } from '../../../src/params/validate.js';
import { frozenEntries } from '../../../src/planning/action-constraints.js';
import { parseExpression } from '../../../src/planning/expression/parse-expression.js';
import { answersOrNames, isFiniteThroughout, mutationsOf } from '../../fixtures/fuzzing.js';

const PROFILE = readFileSync('config/reacher.yaml', 'utf8');
const YAML_POISON = [
  '&a',
  '*a',
  '<<: *a',
  '!!binary',
  '!!set',
  '!!omap',
  '---',
  '...',
  '%YAML 9.9',
  '? ',
  '- ',
  '|',
  '>',
  '0o17',
  '190:20:30',
  '.NaN',
];
const INVALID = ['params.invalid'] as const;

describe('a parameter file changed anywhere', () => {
  it('gives parameters in their ranges, or is refused by name', () => {
    fc.assert(
      fc.property(mutationsOf(PROFILE, YAML_POISON), (text) => {
        const values = answersOrNames(() => {
          const given = readRosArguments(['node', 'x', '--ros-args', '--params-file', 'p'], 'planner_node');
          const gathered = gatherParameters(
            given,
            () => text,
            () => false,
          );
          return validateParameters(Object.fromEntries(gathered.values), { acceptsQuantities: true });
        }, INVALID);
        if (values === undefined) return;
        expect(isFiniteThroughout(values)).toBe(true);
        for (const { name, range } of parameterInfos) {
          const value = values[name];
          if (range === undefined) continue;
          for (const entry of typeof value === 'object' ? value : [value]) {
            expect(entry).toBeGreaterThanOrEqual(range[0]);
            expect(entry).toBeLessThanOrEqual(range[1]);
          }
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('any ROS arguments', () => {
  const argument = fc.oneof(
    fc.constantFrom(
      '--ros-args',
      '--',
      '-p',
      '--param',
      '--params-file',
      '-r',
      '--remap',
      '__node:=x',
      '__ns:=/a/b',
      '__ns:=',
      'planner_node:__node:=y',
      'seed:=3',
      '/**:seed:=4',
      'a:b:c:=1',
      ':=',
      'x:=',
      '__proto__:=1',
      'seed:=[1',
      'seed:=*x',
    ),
    mutationsOf('/robot1/planner_node:sampling.samples:="64"'),
  );

  it('are read, or are refused by name', () => {
    fc.assert(
      fc.property(fc.array(argument, { maxLength: 8 }), (given) => {
        answersOrNames(() => {
          const read = readRosArguments(['node', 'main.js', '--ros-args', ...given], 'planner_node');
          expect(read.fullName).toMatch(/^\//);
          return gatherParameters(
            read,
            () => PROFILE,
            () => false,
          );
        }, INVALID);
      }),
      { numRuns: 500 },
    );
  });

  it('have values of YAML, or are refused by name', () => {
    fc.assert(
      fc.property(mutationsOf('[1, 2.5, "a b", true, null, 30 deg/s, {}]', YAML_POISON), (text) => {
        answersOrNames(() => parseValue(text, 'parameter x'), INVALID);
      }),
      { numRuns: 500 },
    );
  });
});

describe('any quantity', () => {
  it('is a number of the unit, or none', () => {
    const units = [...new Set(parameterInfos.map(({ unit }) => unit))];
    fc.assert(
      fc.property(
        mutationsOf('-1.5e-3 deg/s^2', ['°', '²', '·', ' to ', '1/m²', 'e400', 'degC', 'dB']),
        fc.constantFrom(...units),
        (text, unit) => {
          const value = quantityIn(text, unit);
          if (value !== null) expect(value).not.toBeNaN();
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('any list of frozen actions', () => {
  it('holds joints at finite actions, or is refused by name', () => {
    fc.assert(
      fc.property(
        mutationsOf('elbow=0, shoulder=0.5', ['==', 'elbow=0x10', 'elbow=1e999', 'elbow=']),
        (text) => {
          const names = ['shoulder', 'elbow'];
          const entries = answersOrNames(() => frozenEntries(text, { names, frozen: [null, 0.25] }), INVALID);
          for (const entry of entries ?? []) if (entry !== null) expect(Number.isFinite(entry)).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('an expression changed anywhere', () => {
  const VALID =
    'goal_distance + 0.1 * norm(action - action[t - 1]) + (t == H ? 2 : 0.5) * max(abs(q[1] / (30 deg)), q[2]^2)';
  const scope = { joints: 2 } as Parameters<typeof parseExpression>[1];

  it('is read with finite constants, or is refused by name', () => {
    fc.assert(
      fc.property(
        mutationsOf(VALID, [
          'constructor',
          'import("fs")',
          'evaluate',
          '->',
          ';',
          '=',
          '.constructor',
          '["x"]',
          "'",
          '!',
          'to',
          'i',
          '%',
          'Infinity',
        ]),
        (text) => {
          const expression = answersOrNames(() => parseExpression(text, scope), ['objective.invalid']);
          if (expression !== undefined) expect(isFiniteThroughout(expression)).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });

  it.each([
    'import("fs")',
    'evaluate("1")',
    'parse("1")',
    'compile("1")',
    'createUnit("x")',
    'simplify("x")',
    'config({})',
    'cos.constructor("return process")()',
    'q.constructor',
    'q["constructor"]',
    '__proto__',
    'toString()',
    'f(x) = x',
    'x = 1',
    '{a: 1}.a',
    'reviver(1)',
    'typed(1)',
    'random()',
  ])('is never evaluated: %s is refused', (text) => {
    expect(() => parseExpression(text, scope)).toThrow(/\[objective.invalid\]$/);
  });
});
