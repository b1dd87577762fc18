import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  nearestNotch,
  notchesOf,
  type SliderParameter,
} from '../../../../src/dashboard/ui/parameters/notches.js';
import { parameterInfos } from '../../../../src/params/schema.js';

const number = (
  type: 'integer' | 'double',
  range: readonly [number, number],
  defaultValue: number,
  step: number | null = null,
): SliderParameter => ({ type, range: [...range], defaultValue, step });

const notches = (...args: Parameters<typeof number>): number[] => Array.from(notchesOf(number(...args)));

/** The sliders of the node. */
const SLIDERS = parameterInfos.flatMap(({ name, type, range, defaultValue }) =>
  range !== undefined && typeof defaultValue === 'number' && (type === 'integer' || type === 'double')
    ? [{ name, parameter: number(type, range, defaultValue) }]
    : [],
);

describe('the notches of a slider', () => {
  it('are found for every number among the parameters of the node', () => {
    expect(SLIDERS.length).toBeGreaterThan(40);
  });

  it.each(SLIDERS)(
    'of $name ascend within the range and contain its ends and the default',
    ({ parameter }) => {
      const found = notchesOf(parameter);
      const [from, to] = parameter.range ?? [NaN, NaN];
      expect(found.length).toBeGreaterThan(10);
      expect(found.length).toBeLessThan(700);
      for (const [index, notch] of found.entries()) {
        if (index > 0) expect(notch).toBeGreaterThan(found[index - 1] ?? NaN);
        if (parameter.type === 'integer') expect(Number.isInteger(notch)).toBe(true);
      }
      expect([found[0], found.at(-1)]).toEqual([from, to]);
      expect(Array.from(found)).toContain(parameter.defaultValue);
    },
  );

  it('are every value where there are few', () => {
    expect(notches('integer', [0, 5], 1)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('are decimal fractions, not what sums of them give', () => {
    expect(notches('double', [0, 1], 0.5, 0.1)).toEqual([0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]);
  });

  it('are as fine at the small end of a wide range as at the large one', () => {
    const found = notches('double', [1e-6, 1e6], 1);
    for (const decade of [1e-6, 1e-3, 1, 1e3, 1e5]) {
      const inside = found.filter((value) => value >= decade && value < 10 * decade);
      expect(inside.length).toBeGreaterThanOrEqual(30);
    }
  });

  it('have the value that stands for the model’s own at the left end, then 0', () => {
    expect(notches('double', [-1, 1e6], -1).slice(0, 2)).toEqual([-1, 0]);
    expect(notches('double', [-1, 0.99], -1)[1]).toBe(0);
  });

  it('are none for texts, switches and unlimited numbers', () => {
    expect(notchesOf({ type: 'string', range: null, defaultValue: '', step: null })).toHaveLength(0);
    expect(notchesOf({ type: 'double', range: null, defaultValue: 0, step: null })).toHaveLength(0);
  });
});

describe('the notch nearest to a value', () => {
  it('is the value’s own where it is a notch, and else no other is nearer', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...SLIDERS.map(({ parameter }) => notchesOf(parameter))),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.nat(),
        (found, share, pick) => {
          const place = pick % found.length;
          expect(nearestNotch(found, found[place] ?? NaN)).toBe(place);
          const value = (found[0] ?? 0) + share * ((found.at(-1) ?? 0) - (found[0] ?? 0));
          const nearest = Math.abs((found[nearestNotch(found, value)] ?? NaN) - value);
          expect(found.every((notch) => Math.abs(notch - value) >= nearest - 1e-12 * Math.abs(value))).toBe(
            true,
          );
        },
      ),
    );
  });

  it('is an end for values outside', () => {
    const found = Float64Array.from([1, 2, 3]);
    expect(nearestNotch(found, -5)).toBe(0);
    expect(nearestNotch(found, 9)).toBe(2);
  });
});
