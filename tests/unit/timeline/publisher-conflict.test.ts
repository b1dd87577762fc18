import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';

import { PublisherConflict } from '../../../src/timeline/publisher-conflict.js';
import { ms } from '../../fixtures/robot.js';

/** rad/s */
const VELOCITY = 2;
/** rad */
const REST = 0.01;
/** What two publishers may be apart who say where the joint is at one time: twice its speed for 25 ms, and its rest tolerance. */
const APART = 2 * VELOCITY * 0.025 + REST;

const joint = { wraps: false, restTolerance: REST, velocity: VELOCITY };
let conflict: PublisherConflict;

beforeEach(() => {
  conflict = new PublisherConflict([
    { ...joint, name: 'shoulder' },
    { ...joint, name: 'elbow' },
    { ...joint, name: 'wheel', wraps: true },
  ]);
});

/** A message with these joints. @returns whether it is contradicted */
function send(publisher: string, atMs: number, positions: readonly (number | null)[]): boolean {
  const places = [0, 1, 2].map((place) => (typeof positions[place] === 'number' ? place : -1));
  return conflict.isContradicted(
    publisher,
    ms(atMs),
    places,
    positions.map((position) => position ?? NaN),
  );
}

describe('publishers that contradict each other', () => {
  it('are found with the second message, with what they say of the first joint that is apart', () => {
    expect(send('a', 1000, [0, 0.5])).toBe(false);
    expect(send('b', 1010, [0, -0.5])).toBe(true);
    expect(conflict.at(ms(1010))).toBeNull();
    expect(send('a', 1020, [0.25, 0.75])).toBe(true);
    expect(conflict.at(ms(1020))).toEqual({
      joint: 'elbow',
      publishers: ['b', 'a'],
      positions: [-0.5, 0.5],
    });
  });

  it('stay the same ones, until they have agreed for two seconds', () => {
    for (const [index, publisher] of ['a', 'b', 'a', 'b'].entries())
      send(publisher, 1000 + 10 * index, [publisher === 'a' ? 0 : 1]);
    const found = conflict.at(ms(1030));
    send('b', 1500, [-9]);
    send('a', 1501, [0]);
    expect(conflict.at(ms(1501))).toBe(found);
    expect(conflict.at(ms(3501))).toBe(found);
    expect(conflict.at(ms(3502))).toBeNull();
  });

  it('have to do so twice again after that', () => {
    for (const [index, publisher] of ['a', 'b', 'a'].entries())
      send(publisher, 1000 + 10 * index, [publisher === 'a' ? 0 : 1]);
    send('a', 4000, [0]);
    expect(send('b', 4010, [0.5])).toBe(true);
    expect(conflict.at(ms(4010))).toBeNull();
    expect(send('a', 4020, [0])).toBe(true);
    expect(conflict.at(ms(4020))?.positions).toEqual([0.5, 0]);
  });

  it('are not made of two contradicted messages that are more than two seconds apart', () => {
    send('a', 1000, [0]);
    send('b', 1000, [1]);
    send('a', 3000, [0]);
    expect(send('b', 3000, [1])).toBe(true);
    expect(conflict.at(ms(3000))).not.toBeNull();
    conflict.clear();
    send('a', 1000, [0]);
    send('b', 1000, [1]);
    send('a', 3001, [0]);
    expect(send('b', 3001, [1])).toBe(true);
    expect(conflict.at(ms(3001))).toBeNull();
  });

  it('are found from a slow and a fast one, and one that came late does not end it sooner', () => {
    send('fast', 1000, [0]);
    send('slow', 1005, [1]);
    send('fast', 1010, [0]);
    send('fast', 990, [0]);
    expect(conflict.at(ms(3010))).not.toBeNull();
    expect(conflict.at(ms(3011))).toBeNull();
  });

  it('are forgotten with everything else', () => {
    send('a', 1000, [0]);
    send('b', 1010, [1]);
    send('a', 1020, [0]);
    conflict.clear();
    expect(conflict.at(ms(1020))).toBeNull();
    expect(send('b', 1030, [1])).toBe(false);
    expect(send('a', 1040, [0])).toBe(true);
    expect(conflict.at(ms(1040))).toBeNull();
  });
});

describe('publishers that do not contradict each other', () => {
  it('may be apart by as much as the joint may move in the time between, and by an error of the stamps', () => {
    for (const [laterMs, mayBe] of [
      [0, APART],
      [-100, APART + 2 * VELOCITY * 0.1],
      [100, APART + 2 * VELOCITY * 0.1],
      [500, APART + 2 * VELOCITY * 0.5],
    ] as const) {
      for (const [by, isContradicted] of [
        [mayBe - 1e-6, false],
        [mayBe + 1e-6, true],
        [-mayBe + 1e-6, false],
        [-mayBe - 1e-6, true],
      ] as const) {
        conflict.clear();
        send('a', 1000, [0.5]);
        expect([laterMs, by, send('b', 1000 + laterMs, [0.5 + by])]).toEqual([laterMs, by, isContradicted]);
      }
    }
  });

  it('are those whose messages are more than half a second apart', () => {
    send('a', 1000, [0]);
    expect(send('b', 1501, [99])).toBe(false);
    conflict.clear();
    send('a', 1000, [0]);
    expect(send('b', 1500, [99])).toBe(true);
  });

  it('are those of different joints, and a single one whatever it says', () => {
    send('arm', 1000, [0, null]);
    expect(send('gripper', 1000, [null, 9])).toBe(false);
    expect(send('arm', 1001, [9, null])).toBe(false);
    expect(send('other', 1001, [null, null, 3])).toBe(false);
  });

  it('are those of different joints also where time has just begun', () => {
    send('arm', 100, [0, null]);
    expect(send('gripper', 100, [null, 9])).toBe(false);
  });

  it('are those that have a continuous joint whole revolutions apart, and only such a joint', () => {
    send('a', 1000, [null, null, 3.1]);
    expect(send('b', 1000, [null, null, 3.1 - 2 * Math.PI])).toBe(false);
    send('a', 1000, [3.1]);
    expect(send('b', 1000, [3.1 - 2 * Math.PI])).toBe(true);
  });

  it('are compared by their newest states, whatever comes late', () => {
    send('a', 1000, [0]);
    send('a', 990, [9]);
    expect(send('b', 1001, [0])).toBe(false);
  });

  it('are any that see one robot move within its limits, in any number, order and pieces', () => {
    const message = fc.record({
      publisher: fc.constantFrom('a', 'b', 'c', 'd'),
      atMs: fc.integer({ min: 0, max: 600 }),
      errorMs: fc.integer({ min: -12, max: 12 }),
      has: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
    });
    const frequency = fc.double({ min: 0, max: 4, noNaN: true });
    fc.assert(
      fc.property(fc.array(message, { maxLength: 40 }), frequency, (messages, frequency) => {
        conflict.clear();
        for (const { publisher, atMs, errorMs, has } of messages) {
          // At most 2 rad/s; what is published may be of another time than the stamp says.
          const position = (VELOCITY / 4) * Math.sin((frequency * (atMs + errorMs)) / 1000);
          expect(
            send(
              publisher,
              atMs,
              has.map((is) => (is ? position : null)),
            ),
          ).toBe(false);
        }
        expect(conflict.at(ms(600))).toBeNull();
      }),
    );
  });
});

it('remembers sixteen publishers, and then forgets the one that has been silent longest', () => {
  send('quiet', 1000, [9]);
  send('loud', 999, [null, 9]);
  for (let index = 0; index < 14; index++) send(`wheel ${String(index)}`, 1010 + index, [null, null, 0]);
  send('loud', 1090, [null, 9]);
  // One that comes late makes nobody older.
  send('loud', 998, [null, 9]);
  expect(send('fifteenth', 1100, [0])).toBe(true);
  expect(send('sixteenth', 1101, [0])).toBe(false);
  expect(send('seventeenth', 1102, [null, 0])).toBe(true);
});
