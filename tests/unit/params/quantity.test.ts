import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { physicalUnits, quantityIn } from '../../../src/params/quantity.js';
import { parameterInfos } from '../../../src/params/schema.js';

describe('quantities', () => {
  it.each([
    ['30 deg/s', 'rad/s', Math.PI / 6],
    ['30°', 'rad', Math.PI / 6],
    ['170 deg/s²', 'rad/s² or m/s²', (170 * Math.PI) / 180],
    ['50 cm/s^2', 'rad/s² or m/s²', 0.5],
    ['0.05 s', 'ms', 50],
    ['50ms', 's', 0.05],
    ['-2 m', 'rad or m', -2],
    ['1 krad/s³', 'rad/s³', 1000],
    ['20 N·m/rad', 'N·m/rad or N/m', 20],
    ['2 kN/m', 'N·m/rad or N/m', 2000],
    ['5 N m s/rad', 'N·m·s/rad or N·s/m', 5],
    ['3 rad^-2', '1/rad² or 1/m²', 3],
  ])('%s in %s is %d', (text, unit, value) => {
    expect(quantityIn(text, unit)).toBeCloseTo(value, 12);
  });

  it.each([
    ['30 deg/s', 'ms'],
    ['50 ms', '1'],
    ['50 ms', 'unit of the cost'],
    ['50', 'ms'],
    ['ms', 'ms'],
    ['', 'ms'],
    ['50 parsec', 'rad or m'],
    ['50 ms (about)', 'ms'],
    ['1 + 2 ms', 'ms'],
  ])('"%s" is none in %s', (text, unit) => {
    expect(quantityIn(text, unit)).toBeNull();
  });

  it('answers any text', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...Array.from('15.e-+ msdeg/^²°()')) })),
        (text) => {
          expect([null, 'number']).toContain(quantityIn(text, 'rad/s or m/s') === null ? null : 'number');
        },
      ),
    );
  });

  it('every unit of the schema is one, or says that its parameter is a pure number', () => {
    for (const { name, unit } of parameterInfos) {
      for (const physical of physicalUnits(unit)) {
        const text = physical.includes('^-') ? `2 ${physical}` : `2 ${unit.split(' or ')[0] ?? ''}`;
        expect(quantityIn(text, unit), name).not.toBeNull();
      }
    }
  });
});
