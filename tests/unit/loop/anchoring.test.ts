import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';

import { Anchoring } from '../../../src/loop/anchoring.js';
import type { SettledPose } from '../../../src/timeline/reading-log.js';

const UPPER = 2;
const OUTSIDE = `joint 'a' above ${String(UPPER)}`;

let position: number;
/** Why the readings do not agree; null: they do. */
let disagreement: 'moving' | 'contradiction' | null;
/** The publishers that contradict each other, in words; null: none do. */
let contradiction: string | null;
let stream: { isAtRest: boolean };
let taken: number[];
let anchoring: Anchoring;

beforeEach(() => {
  position = 0;
  disagreement = null;
  contradiction = null;
  stream = { isAtRest: true };
  taken = [];
  const readings = {
    get newest() {
      return { stampNs: 0n, position: Float64Array.of(position), velocity: Float64Array.of(0) };
    },
    settledPose: (): SettledPose =>
      disagreement === null
        ? { position: Float64Array.of(position) }
        : { disagreement, found: `readings: ${disagreement}` },
  };
  anchoring = new Anchoring(
    { readings },
    stream,
    (pose) => void taken.push(...pose),
    ([a = NaN]) => (a > UPPER ? OUTSIDE : null),
    () => contradiction,
  );
});

describe('a reset of a robot that is commanded', () => {
  it('takes a measured pose inside the limits', () => {
    expect(anchoring.reset(true, 0n).state).toBe('anchored');
    expect(taken).toEqual([0]);
  });

  it.each([
    ['at rest', true, null],
    ['braking', false, 'moving'],
    ['pushed', true, 'moving'],
  ] as const)('is refused outside the limits, %s, and changes nothing', (_, isAtRest, readings) => {
    position = 3;
    stream.isAtRest = isAtRest;
    disagreement = readings;
    expect(anchoring.reset(true, 0n)).toEqual({ state: 'outside', found: OUTSIDE });
    expect([taken, anchoring.isPending]).toEqual([[], false]);
  });

  it('blames publishers that contradict each other, whatever the newest of them says', () => {
    position = 3;
    disagreement = 'contradiction';
    expect(anchoring.reset(true, 0n)).toEqual({ state: 'refused', reason: 'readings: contradiction' });
  });

  it('takes no pose outside the limits once the robot has come to rest, however it got there', () => {
    stream.isAtRest = false;
    expect(anchoring.reset(true, 0n).state).toBe('braking');
    stream.isAtRest = true;
    position = 3;
    anchoring.takeIfDue(false, 1n);
    expect([taken, anchoring.isPending, anchoring.waitsFor]).toEqual([[], true, OUTSIDE]);
    position = 1.5;
    anchoring.takeIfDue(false, 2n);
    expect([taken, anchoring.isPending, anchoring.waitsFor]).toEqual([[1.5], false, null]);
  });
});

describe('publishers that contradict each other', () => {
  it.each([
    ['at rest', true],
    ['moving', false],
  ])(
    'have a reset refused, whatever the readings before say, and change nothing of a robot %s',
    (_, isAtRest) => {
      contradiction = '/driver or /ghost';
      stream.isAtRest = isAtRest;
      for (const isActive of [true, false])
        expect(anchoring.reset(isActive, 0n)).toEqual({ state: 'refused', reason: contradiction });
      expect([taken, anchoring.isPending, anchoring.disagreement]).toEqual([[], false, contradiction]);
    },
  );

  it('keep an activation waiting until they agree', () => {
    contradiction = '/driver or /ghost';
    anchoring.request(true, 0n);
    anchoring.takeIfDue(false, 1n);
    expect([taken, anchoring.waitsFor]).toEqual([[], contradiction]);
    contradiction = null;
    anchoring.takeIfDue(false, 2n);
    expect([taken, anchoring.waitsFor]).toEqual([[0], null]);
  });
});

describe('an activation', () => {
  it('waits for a joint to be back inside its limits', () => {
    position = 3;
    anchoring.request(true, 0n);
    expect([taken, anchoring.waitsFor]).toEqual([[], OUTSIDE]);
    anchoring.takeIfDue(false, 1n);
    expect(taken).toEqual([]);
    position = 1;
    anchoring.takeIfDue(false, 2n);
    expect(taken).toEqual([1]);
  });
});

it('a robot that is not commanded is reset wherever it is: ~/recover starts there', () => {
  position = 3;
  expect(anchoring.reset(false, 0n)).toEqual({ state: 'anchored', position: Float64Array.of(3) });
});

it('never begins a commanded motion outside the limits, whatever is asked and measured', () => {
  const step = fc.record({
    ask: fc.constantFrom('reset', 'request', 'tick'),
    at: fc.double({ min: -3, max: 4, noNaN: true }),
    isAtRest: fc.boolean(),
    readings: fc.constantFrom(null, 'moving', 'contradiction'),
    isBlind: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      taken.length = 0;
      for (const { ask, at, isAtRest, readings, isBlind } of steps) {
        position = at;
        stream.isAtRest = isAtRest;
        disagreement = readings;
        if (ask === 'reset') anchoring.reset(true, 0n);
        else if (ask === 'request') anchoring.request(true, 0n);
        else anchoring.takeIfDue(isBlind, 0n);
      }
      expect(taken.every((each) => each <= UPPER)).toBe(true);
    }),
  );
});
