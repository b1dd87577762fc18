import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseSpace, spreadOver, type RangeOfNumbers } from '../../../eval/tune/space.js';
import { JepaMpcError } from '../../../src/core/errors.js';
import { parameterInfos } from '../../../src/params/schema.js';

const parse = (text: string) => parseSpace(text, 'space.yaml');

const NUMBERS = parameterInfos.filter(
  ({ type, change }) => (type === 'integer' || type === 'double') && change === 'dynamic',
);

describe('a space file', () => {
  it('names parameters with ranges and choices', () => {
    const space = parse(`
sampling.samples: { low: 16, high: 512, log: true }
objective.action_weight: { low: 0, high: 2, step: 0.25 }
planner: { choices: [cem, mppi] }
sampling.horizon: { choices: [3, 5] }
`);
    expect([...space]).toEqual([
      ['sampling.samples', { kind: 'range', isInteger: true, low: 16, high: 512, step: null, log: true }],
      [
        'objective.action_weight',
        { kind: 'range', isInteger: false, low: 0, high: 2, step: 0.25, log: false },
      ],
      ['planner', { kind: 'choices', choices: ['cem', 'mppi'] }],
      ['sampling.horizon', { kind: 'choices', choices: [3, 5] }],
    ]);
  });

  it.each([
    ['', 'found nothing'],
    ['[1, 2]', 'found no map'],
    ['sampling.sample: { low: 1, high: 2 }', 'Did you mean sampling.samples?'],
    ['cem.samples: { low: 1, high: 2 }', 'present name sampling.samples'],
    ['limits.velocity_scale: { low: 0.5, high: 1 }', 'found a static parameter, expected a dynamic one'],
    ['autostart: { choices: [true, false] }', 'found a read-only parameter'],
    ['planner: { low: 1, high: 2 }', 'expected choices, since its type is string'],
    ['planner: { choices: [cem, cme] }', 'Did you mean cma?'],
    ['planner: { choices: [cem, cem] }', 'found "cem" twice'],
    ['planner: { choices: [] }', 'expected { low'],
    ['sampling.samples: { low: 0.5, high: 10 }', 'expected whole numbers'],
    ['sampling.samples: { low: 10, high: 10 }', 'expected low below high'],
    ['sampling.samples: { low: 10, high: 1000000 }', 'expected a range inside its own, 0 to 100000'],
    ['sampling.samples: { low: 0, high: 10, log: true }', 'expected low above 0'],
    ['sampling.samples: { low: 1, high: 9, log: true, step: 2 }', 'expected one of the two'],
    ['rest.margin: { low: 0, high: 1, step: 2 }', 'a step above 0 and at most 1'],
    ['rest.margin: { low: 0, high: 1, steps: 2 }', 'expected { low'],
    ['rest.margin: { low: 0, high: .inf }', 'expected { low'],
    ['rest.margin: 3', 'found 3'],
    ['rest.margin: { low: 0', 'no valid YAML'],
  ])('%j is refused: %s', (text, message) => {
    expect(() => parse(text)).toThrow(JepaMpcError);
    expect(() => parse(text)).toThrow(message);
  });

  it('takes every range inside that of a parameter, and nothing else', () => {
    const cases = fc.constantFrom(...NUMBERS).chain((info) =>
      fc.record({
        info: fc.constant(info),
        low:
          info.type === 'integer'
            ? fc.integer({ min: -5, max: 50 })
            : fc.double({ min: -5, max: 50, noNaN: true }),
        high:
          info.type === 'integer'
            ? fc.integer({ min: -5, max: 50 })
            : fc.double({ min: -5, max: 50, noNaN: true }),
      }),
    );
    fc.assert(
      fc.property(cases, ({ info, low, high }) => {
        const [min, max] = info.range ?? [0, 0];
        const text = `${info.name}: { low: ${low}, high: ${high} }`;
        if (low < high && low >= min && high <= max) {
          // As text, -0 is 0.
          expect(parse(text).get(info.name)).toMatchObject({ low: low + 0, high: high + 0 });
        } else expect(() => parse(text)).toThrow(JepaMpcError);
      }),
    );
  });

  it('is read or refused with a reason, whatever it holds', () => {
    const entry = fc.dictionary(
      fc.constantFrom('low', 'high', 'step', 'log', 'choices', 'other'),
      fc.jsonValue({ maxDepth: 2 }),
    );
    const file = fc.dictionary(fc.constantFrom('planner', 'rest.margin', 'sampling.samples', 'x'), entry);
    fc.assert(
      fc.property(file, (value) => {
        try {
          expect(parse(JSON.stringify(value)).size).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toBeInstanceOf(JepaMpcError);
        }
      }),
    );
  });
});

describe('spreadOver', () => {
  const range = (changes: Partial<RangeOfNumbers>): RangeOfNumbers => ({
    kind: 'range',
    isInteger: false,
    low: 0,
    high: 1,
    step: null,
    log: false,
    ...changes,
  });

  it.each([
    [range({}), [0, 0.25, 0.5, 0.75, 1]],
    [range({ low: 1, high: 10_000, log: true, isInteger: true }), [1, 10, 100, 1000, 10_000]],
    [range({ low: 1, high: 3, isInteger: true }), [1, 2, 3]],
    [range({ high: 2, step: 1 }), [0, 1, 2]],
  ])('%j gives %j', (entry, values) => {
    expect(spreadOver(entry, 5)).toEqual(values);
  });

  it('gives all choices in their order', () => {
    expect(spreadOver({ kind: 'choices', choices: ['b', 'a'] }, 5)).toEqual(['b', 'a']);
  });
});
