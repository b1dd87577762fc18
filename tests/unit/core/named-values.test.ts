import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JepaMpcError } from '../../../src/core/errors.js';
import { namedValues } from '../../../src/core/named-values.js';
import { thrownBy } from '../../fixtures/robot.js';

const JOINTS = ['shoulder', 'wrist_1', 'gripper'];
const RANGE = { min: 0, max: 10 };
const read = (text: string): ReadonlyMap<string, number> => namedValues(text, 'limits.x', JOINTS, RANGE);

describe('numbers by the names of joints', () => {
  it('are read in any order, and none from an empty text', () => {
    expect([...read(' gripper = 5e-3,wrist_1=0.3 ')]).toEqual([
      ['gripper', 0.005],
      ['wrist_1', 0.3],
    ]);
    expect(read('').size).toBe(0);
    expect([...read('gripper=0,shoulder=10').values()]).toEqual([0, 10]);
  });

  it.each([
    ['griper=1', "'griper=1'", 'Did you mean gripper=…?'],
    ['gripper', "'gripper'", 'plain decimal'],
    ['gripper=', "'gripper='", 'plain decimal'],
    ['gripper=x', 'from 0 to 10', 'plain decimal'],
    ['gripper=0x1', 'gripper=number', 'plain decimal'],
    ['gripper=1=2', "'gripper=1=2'", 'plain decimal'],
    ['gripper=-0.1', 'from 0 to 10', 'plain decimal'],
    ['gripper=10.1', 'from 0 to 10', 'plain decimal'],
    ['gripper=1,gripper=2', 'joint gripper twice', 'Leave one'],
  ])('are refused where %s is no joint=number', (text, found, remedy) => {
    const error = thrownBy(() => read(text));
    expect(error.code).toBe('params.invalid');
    expect(error.facts.subject).toBe('parameter limits.x');
    expect(error.message).toContain(found);
    expect(error.facts.remedy).toContain(remedy);
  });

  it('have no place for a model without joints', () => {
    expect(thrownBy(() => namedValues('a=1', 'limits.x', [], RANGE)).facts.remedy).toBe('Leave it out.');
  });

  it('are what was written, for any choice of joints and numbers', () => {
    const numbers = fc.double({ min: 0, max: 10, noNaN: true });
    fc.assert(
      fc.property(fc.uniqueArray(fc.constantFrom(...JOINTS)), fc.infiniteStream(numbers), (names, values) => {
        const entries = names.map((name) => [name, values.next().value] as [string, number]);
        const text = entries.map(([name, value]) => `${name}=${String(value)}`).join(', ');
        expect([...read(text)]).toEqual(entries);
      }),
    );
  });

  it('are read or refused by name, whatever the text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          for (const value of read(text).values()) expect(value).toBeGreaterThanOrEqual(0);
        } catch (error) {
          expect(error).toBeInstanceOf(JepaMpcError);
        }
      }),
    );
  });
});
