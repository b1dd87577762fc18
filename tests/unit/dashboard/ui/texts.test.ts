import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { caretLines } from '../../../../src/dashboard/ui/panels/caret-lines.js';
import { namesIn } from '../../../../src/dashboard/ui/panels/names-in.js';
import { parseParameter, writeParameter } from '../../../../src/dashboard/ui/parameters/parse.js';
import {
  writeExact,
  writeFixed,
  writeNumber,
  writeSeconds,
  writeUnit,
} from '../../../../src/dashboard/ui/text/numbers.js';

describe('numbers for people', () => {
  it.each([
    [0, '0'],
    [1234.56, '1230'],
    [0.012345, '0.0123'],
    [-2.5, '−2.5'],
    [1e-7, '1e−7'],
    [2.5e9, '2.5e9'],
    [0.00025, '0.00025'],
    [NaN, '–'],
    [-Infinity, '−∞'],
  ])('%d is written %s', (value, text) => {
    expect(writeNumber(value)).toBe(text);
  });

  it('do not change their width with their digits', () => {
    expect([writeFixed(1, 2), writeFixed(-0.001, 2), writeFixed(-1.239, 2)]).toEqual([
      '1.00',
      '0.00',
      '−1.24',
    ]);
  });

  it('say their unit, and pure numbers none', () => {
    expect([writeUnit('ms'), writeUnit('1'), writeUnit('')]).toEqual(['\u00a0ms', '', '']);
  });

  it('are durations in the unit that fits', () => {
    expect([writeSeconds(0.25), writeSeconds(12), writeSeconds(600)]).toEqual([
      '250\u00a0ms',
      '12\u00a0s',
      '10\u00a0min',
    ]);
  });
});

describe('what a person types for a parameter', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, min: -1e9, max: 1e9 }), (value) => {
        const parsed = parseParameter({ type: 'double' }, writeExact(value));
        expect('value' in parsed && parsed.value).toBeCloseTo(value, 3);
      }),
    );
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -1000, max: 1000 }), { maxLength: 6 }), (values) => {
        expect(parseParameter({ type: 'double_array' }, writeParameter(values))).toEqual({ value: values });
      }),
    );
  });

  it('never becomes something else than a number, whatever it is', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const parsed = parseParameter({ type: 'double' }, text);
        expect('problem' in parsed || Number.isFinite(parsed.value)).toBe(true);
      }),
    );
  });

  it.each([
    ['double', '', 'found nothing, expected a number'],
    ['double', '1,5', 'found "1,5", expected a number'],
    ['integer', '1.5', 'found "1.5", expected a whole number'],
    ['boolean', 'yes', 'found "yes", expected true or false'],
    ['double_array', '0.1, two', 'found "two", expected numbers separated by commas'],
  ] as const)('as %s, "%s" is refused: %s', (type, text, problem) => {
    expect(parseParameter({ type }, text)).toEqual({ problem });
  });

  it.each([
    ['double', ' \u22120.5 ', -0.5],
    ['double', '1e-3', 0.001],
    ['integer', '40', 40],
    ['boolean', 'True', true],
    ['string', 'a b', 'a b'],
    ['double_array', '[1 2, 3]', [1, 2, 3]],
    ['double_array', '', []],
  ] as const)('as %s, "%s" is a value', (type, text, value) => {
    expect(parseParameter({ type }, text)).toEqual({ value });
  });
});

describe('the place of an error in an expression', () => {
  it('is marked below its line', () => {
    expect(caretLines('a + bc\n+ d', { start: 4, end: 6 })).toEqual([
      { line: 'a + bc', caret: '    ^^' },
      { line: '+ d', caret: null },
    ]);
    expect(caretLines('a\nb + 1', { start: 2, end: 3 })).toEqual([
      { line: 'a', caret: null },
      { line: 'b + 1', caret: '^' },
    ]);
  });

  it('is marked exactly once, by one caret at least, wherever it is', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('a', ' ', '+', '\n'), { maxLength: 20 }).map((parts) => parts.join('')),
        fc.integer({ min: -3, max: 25 }),
        fc.nat(10),
        (text, start, length) => {
          const marked = caretLines(text, { start, end: start + length }).filter(
            ({ caret }) => caret !== null,
          );
          expect(marked).toHaveLength(1);
          expect(marked[0]?.caret).toMatch(/^ *\^+$/);
        },
      ),
    );
  });
});

describe('names in an answer', () => {
  it('are those that are texts', () => {
    expect(namesIn({ names: ['home', 3, 'away'] })).toEqual(['home', 'away']);
    for (const other of [null, undefined, 5, {}, { names: 'home' }]) expect(namesIn(other)).toEqual([]);
  });
});
