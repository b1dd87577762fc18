import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { joinedByNameAlone, JointStateReader } from '../../../src/timeline/joint-state-reader.js';
import type { JointStateMessage } from '../../../src/timeline/joint-state-reader.js';
import type { JointReading } from '../../../src/core/types.js';
import { ms, thrownBy } from '../../fixtures/robot.js';

const JOINTS = ['shoulder', 'elbow', 'finger'];
const readerOf = (joints: readonly string[]): JointStateReader =>
  new JointStateReader(joinedByNameAlone(joints));

/** A part of a joint state: what its joints are at, and when. */
interface Part {
  readonly stampNs: bigint;
  readonly message: JointStateMessage;
}

const messageOf = (states: readonly (readonly [string, number, number])[]): JointStateMessage => ({
  name: states.map(([name]) => name),
  position: states.map(([, position]) => position),
  velocity: states.map(([, , velocity]) => velocity),
});

/** Positions and velocities that tell the joint and the time. */
const stateAt = (joint: string, stampNs: bigint): readonly [string, number, number] => {
  const index = JOINTS.indexOf(joint);
  return [joint, Number(stampNs) + index / 10, -Number(stampNs) - index / 10];
};
const partOf = (stampNs: bigint, joints: readonly string[]): Part => ({
  stampNs,
  message: messageOf(joints.map((joint) => stateAt(joint, stampNs))),
});

const readAll = (parts: readonly Part[], joints: readonly string[] = JOINTS): JointReading[] => {
  const reader = readerOf(joints);
  return parts.flatMap(({ message, stampNs }) => reader.read(message, stampNs) ?? []);
};
const stampsOf = (readings: readonly JointReading[]): number[] =>
  readings.map(({ stampNs }) => Number(stampNs));

/** One round, cut into parts in any order, with further joints, some parts repeated, and some of the round before among them. */
const roundParts = (round: number): fc.Arbitrary<Part[]> =>
  fc
    .tuple(
      fc.array(fc.nat(2), { minLength: 3, maxLength: 3 }),
      fc.shuffledSubarray(JOINTS, { minLength: 3 }),
      fc.array(fc.record({ joint: fc.constantFrom(...JOINTS), isOld: fc.boolean() }), { maxLength: 3 }),
      fc.boolean(),
    )
    .chain(([groupOf, joints, repeated, hasOthers]) => {
      const others = hasOthers ? [['wheel', NaN, Infinity] as const] : [];
      const parts = [0, 1, 2].flatMap((group): Part[] => {
        const members = joints.filter((joint) => groupOf[JOINTS.indexOf(joint)] === group);
        const states = [...others, ...members.map((joint) => stateAt(joint, BigInt(round)))];
        return states.length === 0 ? [] : [{ stampNs: BigInt(round), message: messageOf(states) }];
      });
      const again = repeated.map(({ joint, isOld }) =>
        partOf(BigInt(isOld && round > 1 ? round - 1 : round), [joint]),
      );
      const all = [...parts, ...again];
      return fc.shuffledSubarray(all, { minLength: all.length });
    });

describe('JointStateReader', () => {
  it('finds its joints by name in any order, among any others', () => {
    const all = [
      ['shoulder', 1, 0.1],
      ['elbow', 2, 0.2],
      ['gripper', NaN, NaN],
      ['wheel', 4, Infinity],
    ] as const;
    fc.assert(
      fc.property(fc.shuffledSubarray([...all], { minLength: 4 }), (states) => {
        expect(readerOf(['shoulder', 'elbow']).read(messageOf(states), 5n)).toEqual({
          stampNs: 5n,
          position: Float64Array.of(1, 2),
          velocity: Float64Array.of(0.1, 0.2),
        });
      }),
    );
  });

  it('gives the readings of whole messages, however their rounds are split, ordered and repeated', () => {
    const rounds = fc
      .integer({ min: 1, max: 6 })
      .chain((count) => fc.tuple(...Array.from({ length: count }, (_, round) => roundParts(round + 1))));
    fc.assert(
      fc.property(rounds, (parts) => {
        const whole = readAll(parts.map((_, round) => partOf(BigInt(round + 1), JOINTS)));
        expect(whole).toHaveLength(parts.length);
        expect(readAll(parts.flat())).toEqual(whole);
      }),
    );
  });

  it('reads publishers out of step at the stamps of both, each joint where it was then', () => {
    const arm = ['shoulder', 'elbow'];
    const parts = [0n, 10n, 20n, 30n].flatMap((ns) => [partOf(ns, arm), partOf(ns + 4n, ['finger'])]);
    const readings = readAll(parts);
    expect(stampsOf(readings)).toEqual([4, 10, 14, 20, 24, 30]);
    for (const { stampNs, position, velocity } of readings) {
      const time = Number(stampNs);
      expect([...position]).toEqual([0, 1, 2].map((joint): unknown => expect.closeTo(time + joint / 10, 9)));
      expect([...velocity]).toEqual([0, 1, 2].map((joint): unknown => expect.closeTo(-time - joint / 10, 9)));
    }
  });

  it('is as old as the slowest part, and ends with it', () => {
    const arm = Array.from({ length: 50 }, (_, k) => partOf(BigInt(10 * k), ['shoulder', 'elbow']));
    const finger = [3n, 103n, 203n].map((ns) => partOf(ns, ['finger']));
    const inTime = [...arm, ...finger].sort((a, b) => Number(a.stampNs - b.stampNs));
    expect(stampsOf(readAll(inTime))).toEqual([3, 100, 103, 200, 203]);
  });

  it('only gives newer readings, each joint where it was at their time, in any order of arrival', () => {
    const arrival = fc.tuple(fc.bigInt(0n, 20n), fc.subarray(JOINTS));
    fc.assert(
      fc.property(fc.array(arrival, { maxLength: 60 }), (arrivals) => {
        const readings = readAll(arrivals.map(([ns, joints]) => partOf(ns, joints)));
        let previous: JointReading | null = null;
        for (const reading of readings) {
          for (const [joint, value] of reading.position.entries())
            expect(value).toBeCloseTo(Number(reading.stampNs) + joint / 10, 9);
          if (previous !== null) expect(reading.stampNs).toBeGreaterThan(previous.stampNs);
          previous = reading;
        }
      }),
    );
  });

  it('has NaN for a velocity that is not measured: none at all, or NaN as from a broadcaster without the interface', () => {
    const reader = readerOf(['shoulder', 'elbow']);
    const name = ['shoulder', 'elbow'];
    expect(reader.read({ name, position: [1, 2], velocity: [] }, 0n)?.velocity).toEqual(
      Float64Array.of(NaN, NaN),
    );
    expect(reader.read({ name, position: [1, 2], velocity: [0.5, NaN] }, 1n)?.velocity).toEqual(
      Float64Array.of(0.5, NaN),
    );
  });

  it('says nothing of a message without joints of the model, whatever is in it', () => {
    const reader = readerOf(JOINTS);
    expect(reader.read({ name: ['wheel', 'caster'], position: [], velocity: [NaN] }, 0n)).toBeNull();
    expect(reader.read({ name: [], position: [], velocity: [] }, 0n)).toBeNull();
  });

  it('lists the joints that were never received, and those not received lately', () => {
    const reader = readerOf(JOINTS);
    expect(reader.missing()).toEqual(JOINTS);
    reader.read(partOf(1n, ['finger']).message, 1n);
    expect(reader.missing()).toEqual(['shoulder', 'elbow']);
    reader.read(partOf(5n, ['shoulder', 'elbow']).message, 5n);
    expect(reader.missing()).toEqual([]);
    expect(reader.missing(2n)).toEqual(['finger']);
    expect(reader.missingError(2n).facts.expected).toBe("a joint 'finger'");
  });

  it('names the joints received, and the nearest name, for one that is missing', () => {
    const reader = readerOf(['shoulder', 'elbow']);
    reader.read(messageOf([['wheel', 0, 0]]), 0n);
    reader.read(
      messageOf([
        ['shoulder', 0, 0],
        ['elbw', 0, 0],
      ]),
      3n,
    );
    const error = reader.missingError();
    expect(error.code).toBe('joint-states.unknown-joint');
    expect(error.facts.found).toBe('joints wheel, shoulder, elbw');
    expect(error.facts.remedy).toContain("'elbw'");
    expect(reader.missingError(1n).facts.found).toBe('joints shoulder, elbw');
    expect(readerOf(['elbow']).missingError().facts.found).toBe('no joints');
  });

  it('does not take a joint of the model for a misspelling of another, and names all that are missing', () => {
    const reader = readerOf(['wrist_1', 'wrist_2', 'wrist_3']);
    reader.read(messageOf([['wrist_2', 0, 0]]), 1n);
    expect(reader.missingError().facts.remedy).toContain('Publish these joints on this topic too');
    reader.read(
      messageOf([
        ['wrist_2', 0, 0],
        ['wrist1', 0, 0],
      ]),
      3n,
    );
    const { subject, found, expected, remedy } = reader.missingError().facts;
    expect([subject, found, expected]).toEqual([
      'joint_states',
      'joints wrist_2, wrist1',
      'joints wrist_1, wrist_3',
    ]);
    expect(remedy).toContain("The nearest name to 'wrist_1' is 'wrist1'");
    reader.read(messageOf([['wrist1', 0, 0]]), 2n);
    expect(reader.missingError(3n).facts.found).toBe('joints wrist_2, wrist1');
  });

  it('waits a second for parts that are still to come, from its first message on, and then names them with their ages', () => {
    const SECOND_NS = 1_000_000_000n;
    const startNs = 60n * SECOND_NS;
    const reader = readerOf(JOINTS);
    const readUntil = (endNs: bigint, joints: readonly string[]): string => {
      for (let ns = startNs; ns <= endNs; ns += SECOND_NS / 10n) reader.read(partOf(ns, joints).message, ns);
      return reader.overdue(endNs)?.message ?? '';
    };
    expect(reader.overdue(startNs)).toBeNull();
    expect(readUntil(startNs + SECOND_NS - 100_000_000n, ['shoulder', 'elbow'])).toBe('');
    expect(readUntil(startNs + SECOND_NS, ['shoulder', 'elbow'])).toContain(
      "found joints shoulder, elbow, expected a joint 'finger'",
    );
    reader.read(partOf(startNs + SECOND_NS, ['finger']).message, startNs + SECOND_NS);
    expect(readUntil(startNs + 2n * SECOND_NS, ['shoulder', 'elbow'])).toBe('');
    expect(readUntil(startNs + 3n * SECOND_NS, ['shoulder', 'elbow'])).toContain(
      "found joints shoulder, elbow; last finger 2.00 s ago, expected a joint 'finger'",
    );
    const silentUntilNs = startNs + 6n * SECOND_NS;
    reader.read({ name: ['gripper'], position: [0], velocity: [] }, silentUntilNs);
    expect(reader.overdue(silentUntilNs), 'all of them late: nothing is left out').toBeNull();
    reader.reset();
    reader.read(partOf(SECOND_NS, ['elbow']).message, SECOND_NS);
    expect(reader.overdue(SECOND_NS)).toBeNull();
  });

  it('has an age for each joint', () => {
    const reader = readerOf(JOINTS);
    reader.read(partOf(1_000_000n, ['shoulder']).message, 1_000_000n);
    reader.read(partOf(3_000_000n, ['elbow']).message, 3_000_000n);
    expect(reader.agesMs(5_500_000n)).toEqual([
      ['shoulder', 4.5],
      ['elbow', 2.5],
      ['finger', NaN],
    ]);
  });

  it('reads no message that another publisher contradicts, and says so of the second', () => {
    const joint = { wraps: false, restTolerance: 0.01, velocity: 2 };
    const reader = new JointStateReader([
      { ...joint, name: 'shoulder' },
      { ...joint, name: 'elbow' },
    ]);
    const send = (atMs: number, publisher: string, position: number): JointReading | null =>
      reader.read(
        { name: ['elbow', 'shoulder'], position: [0, position], velocity: [] },
        ms(atMs),
        publisher,
      );
    expect(send(1000, 'driver', 0.9)).not.toBeNull();
    expect(send(1010, 'other', 0)).toBeNull();
    expect(reader.contradiction(ms(1010))).toBeNull();
    expect(send(1020, 'driver', 0.9)).toBeNull();
    expect(reader.contradiction(ms(1020))).toEqual({
      joint: 'shoulder',
      publishers: ['other', 'driver'],
      positions: [0, 0.9],
    });
    reader.reset();
    expect(reader.contradiction(ms(1020))).toBeNull();
    expect(send(1030, 'driver', 0.9)?.position).toEqual(Float64Array.of(0.9, 0));
  });

  it('cannot see a contradiction where it is not known who publishes', () => {
    const reader = new JointStateReader([{ name: 'elbow', wraps: false, restTolerance: 0, velocity: 1 }]);
    for (const [atMs, position] of [
      [0, 0],
      [10, 9],
      [20, 0],
    ] as const)
      expect(reader.read({ name: ['elbow'], position: [position], velocity: [] }, ms(atMs))).not.toBeNull();
    expect(reader.contradiction(ms(20))).toBeNull();
  });

  it('begins afresh after a reset, from earlier stamps too', () => {
    const reader = readerOf(JOINTS);
    expect(reader.read(partOf(9n, JOINTS).message, 9n)).not.toBeNull();
    expect(reader.read(partOf(2n, JOINTS).message, 2n)).toBeNull();
    reader.reset();
    expect(reader.missing()).toEqual(JOINTS);
    expect(reader.read(partOf(2n, JOINTS).message, 2n)?.stampNs).toBe(2n);
  });

  it.each([
    ['position', [0, NaN], [0, 0]],
    ['position', [0, -Infinity], [0, 0]],
    ['velocity', [0, 0], [0, Infinity]],
  ])('refuses a %s that is not finite, and keeps nothing of that message', (field, position, velocity) => {
    const reader = readerOf(['shoulder', 'elbow']);
    const error = thrownBy(() => reader.read({ name: ['shoulder', 'elbow'], position, velocity }, 0n));
    expect(error.code).toBe('joint-states.not-finite');
    expect(error.message).toContain(`${field} of joint 'elbow'`);
    expect(reader.missing()).toEqual(['shoulder', 'elbow']);
  });

  it.each([
    ['position', [0], [0, 0]],
    ['velocity', [0, 0], [0]],
  ])('refuses a %s array of another length than the names', (field, position, velocity) => {
    const reader = readerOf(['shoulder']);
    const error = thrownBy(() => reader.read({ name: ['shoulder', 'elbow'], position, velocity }, 0n));
    expect(error.code).toBe('joint-states.wrong-size');
    expect(error.message).toContain(field);
  });
});
