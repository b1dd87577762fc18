import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { at } from '../../../../src/core/array-access.js';
import { JepaMpcError } from '../../../../src/core/errors.js';
import { parseBoxes, parseHalfSpaces, type PlaneRule } from '../../../../src/safety/workspace/plane-rules.js';
import { cpuMs } from '../../../fixtures/cpu-time.js';
import { thrownBy } from '../../../fixtures/robot.js';

/** How far a point is inside a plane, m. */
const inside = ({ normal, offset }: PlaneRule, point: readonly number[]): number =>
  normal.reduce((sum, value, axis) => sum + value * at(point, axis), 0) - offset;
const one = (text: string): PlaneRule => at(parseHalfSpaces(text), 0);

describe('half-spaces', () => {
  it('are read with link, operator and bound; the normal points inside', () => {
    expect(parseHalfSpaces('fingertip: z >= 0.02; forearm: x <= 0.6')).toEqual([
      {
        link: 'fingertip',
        normal: [0, 0, 1],
        offset: 0.02,
        expression: 'z',
        operator: '>=',
        bound: 0.02,
        slope: 1,
      },
      {
        link: 'forearm',
        normal: [-1, -0, -0],
        offset: -0.6,
        expression: 'x',
        operator: '<=',
        bound: 0.6,
        slope: -1,
      },
    ]);
  });

  it.each([
    ['a: 0.7 x + 0.7 z >= 0.1', [0.7, 0, 0.7], 0.1],
    ['a: 0.7*x+0.7*z>=0.1', [0.7, 0, 0.7], 0.1],
    ['a:  -x   - 2 y +\n.5 z >= -1', [-1, -2, 0.5], -1],
    ['a: + y - -1e0 z >= 0', null, 0],
    ['a: x + x + 1e-1 y >= 1e-2', [2, 0.1, 0], 0.01],
    ['a: 3. x >= +4', [3, 0, 0], 4],
    ['ns:a: y >= 1', [0, 1, 0], 1],
  ] as const)('are linear in x, y and z: %s', (text, coefficients, bound) => {
    if (coefficients === null) {
      expect(() => parseHalfSpaces(text)).toThrow(JepaMpcError);
      return;
    }
    const rule = one(text);
    const length = Math.hypot(...coefficients);
    for (const [axis, value] of coefficients.entries())
      expect(at(rule.normal, axis)).toBeCloseTo(value / length, 12);
    expect(rule.offset).toBeCloseTo(bound / length, 12);
    expect(rule.slope).toBeCloseTo(length, 12);
  });

  it('measure distances in metres, whatever the factors', () => {
    expect(inside(one('a: 3 x + 4 z >= 10'), [2, 7, 6])).toBeCloseTo(4, 12);
    expect(inside(one('a: 3 x + 4 z <= 10'), [2, 7, 6])).toBeCloseTo(-4, 12);
  });

  it('may be none, and empty rules are skipped', () => {
    expect(parseHalfSpaces('')).toEqual([]);
    expect(parseHalfSpaces(' ; ;')).toEqual([]);
    expect(parseHalfSpaces('a: x >= 1;')).toHaveLength(1);
    expect(one('ns:a: y >= 1').link).toBe('ns:a');
    expect(one(' a : y >= 1').link).toBe('a');
  });

  const remedy = "Write it like 'fingertip: z >= 0.02'; rules are separated by semicolons. [params.invalid]";
  it.each([
    ['z >= 0.02', "rule 'z >= 0.02': found no link, expected a link, a colon and the rule."],
    [': z >= 0.02', "rule ': z >= 0.02': found no link,"],
    ['a: z', "rule 'a: z': found 'z', expected an expression, <= or >=, and a number."],
    ['a: z > 1', "found 'z > 1', expected an expression, <= or >=, and a number."],
    ['a: 0 <= z <= 1', "found '0 <= z <= 1', expected an expression, <= or >=, and a number."],
    ['a: z >= one', "found 'one', expected a finite decimal number."],
    ['a: z >= 1e999', "found '1e999', expected a finite decimal number."],
    ['a: z >=', "found '', expected a finite decimal number."],
    ['a: z >= 1 m', "found '1 m', expected a finite decimal number."],
    ['a: z >= 0x10', "found '0x10', expected a finite decimal number."],
    ['a: >= 1', "found '', expected a sum of x, y and z with factors, such as '0.7 x + 0.7 z'."],
    ['a: w >= 1', "found 'w', expected a sum of x, y and z"],
    ['a: x y >= 1', "found 'x y', expected a sum of x, y and z"],
    ['a: x + >= 1', "found 'x +', expected a sum of x, y and z"],
    ['a: x * 2 >= 1', "found 'x * 2', expected a sum of x, y and z"],
    ['a: 2 >= 1', "found '2', expected a sum of x, y and z"],
    ['a: x - x >= 1', 'found a normal of length 0, expected one from 0.000001 to 1000000.'],
    ['a: 1e300 x + 1e300 y >= 1', 'found a normal of length 1.4142135623730952e+300, expected one from'],
    ['a: 1e999 x >= 1', 'found a normal of length Infinity, expected one from'],
    ['a: 1e-7 x >= 1', 'found a normal of length 1e-7, expected one from'],
  ])('are refused by name: %s', (text, words) => {
    const error = thrownBy(() => parseHalfSpaces(text));
    expect(error.code).toBe('params.invalid');
    expect(error.message).toMatch(/^parameter workspace\.half_spaces, rule '/);
    expect(error.message).toContain(words);
    expect(error.message.endsWith(remedy)).toBe(true);
  });

  it('name the rule that is wrong among several', () => {
    expect(thrownBy(() => parseHalfSpaces('a: x >= 1; b: q >= 1; c: y >= 2')).message).toContain(
      "rule 'b: q >= 1'",
    );
  });

  it('accept normals at the ends of their range', () => {
    expect(one('a: 1e-6 x >= 1').slope).toBe(1e-6);
    expect(one('a: 1e6 x >= 1').slope).toBe(1e6);
  });
});

describe('boxes', () => {
  it('are six planes', () => {
    const planes = parseBoxes('tool0: [-0.5, 0.6] x [-0.4,0.3]x[0, 8e-1]');
    expect(
      planes.map(({ link, expression, operator, bound }) => [link, expression, operator, bound]),
    ).toEqual([
      ['tool0', 'x', '>=', -0.5],
      ['tool0', 'x', '<=', 0.6],
      ['tool0', 'y', '>=', -0.4],
      ['tool0', 'y', '<=', 0.3],
      ['tool0', 'z', '>=', 0],
      ['tool0', 'z', '<=', 0.8],
    ]);
    const distances = [0.6, 0.5, 0.6, 0.1, 0.5, 0.3];
    for (const [index, plane] of planes.entries())
      expect(inside(plane, [0.1, 0.2, 0.5])).toBeCloseTo(at(distances, index), 12);
  });

  it('may be several', () => {
    expect(
      parseBoxes('a: [0, 1] x [0, 1] x [0, 1]; b: [0, 1] x [0, 1] x [0, 1]').map(({ link }) => link),
    ).toEqual([...['a', 'a', 'a', 'a', 'a', 'a'], ...['b', 'b', 'b', 'b', 'b', 'b']]);
    expect(parseBoxes(' ')).toEqual([]);
  });

  it.each([
    ['[0, 1] x [0, 1] x [0, 1]', 'found no link, expected a link, a colon and the rule.'],
    [
      'a: [0, 1] x [0, 1]',
      "found '[0, 1] x [0, 1]', expected the ranges of x, y and z with an x between them.",
    ],
    ['a: [0, 1] x [0, 1] x [0, 1] x [0, 1]', 'expected the ranges of x, y and z'],
    [
      'a: [0, 1] x [0, 1] x [1, 1]',
      'found the empty range [1, 1], expected a lower end below the upper end.',
    ],
    [
      'a: [0, 1] x [2, 1] x [0, 1]',
      'found the empty range [2, 1], expected a lower end below the upper end.',
    ],
    ['a: [0, 1] x [0, q] x [0, 1]', "found 'q', expected a finite decimal number."],
    ['a: [, 1] x [0, 1] x [0, 1]', "found '', expected a finite decimal number."],
    ['a: [0, 1, 2] x [0, 1] x [0, 1]', "found '[0, 1, 2]', expected a range such as '[-0.5, 0.5]'."],
    ['a: [0] x [0, 1] x [0, 1]', "found '[0]', expected a range such as '[-0.5, 0.5]'."],
    ['a: 1[0, 1] x [0, 1] x [0, 1]', "found '1[0, 1]', expected a range"],
    ['a: [0, 1] x [0, 1] x [0, 1] m', "found '[0, 1] m', expected a range"],
    ['a: (0, 1] x [0, 1] x [0, 1)', "found '(0, 1]', expected a range"],
    ['a: [0, 1] x [0, 1] x [0, inf]', "found 'inf', expected a finite decimal number."],
  ])('are refused by name: %s', (text, words) => {
    const error = thrownBy(() => parseBoxes(text));
    expect(error.code).toBe('params.invalid');
    expect(error.message).toContain(`parameter workspace.boxes, rule '${text}': `);
    expect(error.message).toContain(words);
    expect(
      error.message.endsWith(
        "Write it like 'tool0: [-0.5, 0.5] x [-0.4, 0.4] x [0, 0.8]'; rules are separated by semicolons. [params.invalid]",
      ),
    ).toBe(true);
  });
});

describe('rules of any text', () => {
  const piece = fc.constantFrom(
    ...[
      'a',
      ':',
      ';',
      ' ',
      'x',
      'y',
      'z',
      '+',
      '-',
      '*',
      '>=',
      '<=',
      '<',
      '[',
      ']',
      ',',
      '1',
      '.5',
      '1e9',
      'e',
      '\n',
      'é',
    ],
  );
  const text = fc.oneof(
    fc.string(),
    fc.array(piece, { maxLength: 24 }).map((pieces) => pieces.join('')),
  );

  it('are planes with unit normals, or refused as params.invalid', () => {
    let planes = 0;
    fc.assert(
      fc.property(text, (any) => {
        for (const parse of [parseHalfSpaces, parseBoxes]) {
          try {
            for (const { normal, offset } of parse(any)) {
              expect(Math.hypot(...normal)).toBeCloseTo(1, 9);
              expect(Number.isFinite(offset)).toBe(true);
              planes++;
            }
          } catch (error) {
            expect(error).toBeInstanceOf(JepaMpcError);
            expect((error as JepaMpcError).code).toBe('params.invalid');
          }
        }
      }),
      { numRuns: 3000, examples: [['a: x >= 1'], ['a: [0,1]x[0,1]x[0,1]']] },
    );
    expect(planes).toBeGreaterThan(6);
  });

  it('are read in a moment, however long', () => {
    const spentMs = cpuMs(() => {
      for (const long of [
        ' '.repeat(50_000),
        '1'.repeat(50_000),
        'x '.repeat(20_000),
        '[0,1]x'.repeat(10_000),
        ':'.repeat(50_000),
      ]) {
        for (const parse of [parseHalfSpaces, parseBoxes]) thrownBy(() => parse(`a:${long}!`));
      }
    });
    expect(spentMs).toBeLessThan(2000);
  });
});
