import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JointStateReader, positionAt } from '../../../src/control/joint-reading.js';
import { thrownBy } from './fixtures.js';

const READER = new JointStateReader(['shoulder', 'elbow']);

describe('JointStateReader', () => {
  it('finds its joints by name in any order, among any others', () => {
    const all = [
      { name: 'shoulder', position: 1, velocity: 0.1 },
      { name: 'elbow', position: 2, velocity: 0.2 },
      { name: 'gripper', position: NaN, velocity: NaN },
      { name: 'wheel', position: 4, velocity: Infinity },
    ];
    fc.assert(
      fc.property(fc.shuffledSubarray(all, { minLength: 4 }), (joints) => {
        const { reading, velocityKnown } = READER.read(
          {
            name: joints.map((joint) => joint.name),
            position: joints.map((joint) => joint.position),
            velocity: joints.map((joint) => joint.velocity),
          },
          5n,
        );
        expect(reading).toEqual({
          stampNs: 5n,
          position: Float64Array.of(1, 2),
          velocity: Float64Array.of(0.1, 0.2),
        });
        expect(velocityKnown).toBe(true);
      }),
    );
  });

  it('says that the velocity is unknown when there is none, or NaN as from a broadcaster without the interface', () => {
    const name = ['shoulder', 'elbow'];
    const none = READER.read({ name, position: [1, 2], velocity: [] }, 0n);
    expect([none.velocityKnown, ...none.reading.velocity]).toEqual([false, 0, 0]);
    const half = READER.read({ name, position: [1, 2], velocity: [0.5, NaN] }, 0n);
    expect([half.velocityKnown, ...half.reading.velocity]).toEqual([false, 0.5, 0]);
  });

  it('lists the joints found, and the nearest name, when one is missing', () => {
    const error = thrownBy(() =>
      READER.read({ name: ['shoulder', 'elbw'], position: [0, 0], velocity: [] }, 0n),
    );
    expect(error.code).toBe('joint-states.unknown-joint');
    expect(error.message).toContain('joints shoulder, elbw');
    expect(error.facts.remedy).toContain("'elbw'");
  });

  it.each([
    ['position', [0, NaN], [0, 0]],
    ['position', [0, -Infinity], [0, 0]],
    ['velocity', [0, 0], [0, Infinity]],
  ])('refuses a %s that is not finite', (field, position, velocity) => {
    const error = thrownBy(() => READER.read({ name: ['shoulder', 'elbow'], position, velocity }, 0n));
    expect(error.code).toBe('joint-states.not-finite');
    expect(error.message).toContain(`${field} of joint 'elbow'`);
  });

  it.each([
    ['position', [0], [0, 0]],
    ['velocity', [0, 0], [0]],
  ])('refuses a %s array of another length than the names', (field, position, velocity) => {
    const error = thrownBy(() => READER.read({ name: ['shoulder', 'elbow'], position, velocity }, 0n));
    expect(error.code).toBe('joint-states.wrong-size');
    expect(error.message).toContain(field);
  });
});

describe('positionAt', () => {
  const reading = {
    stampNs: 1_000_000_000n,
    position: Float64Array.of(1, -1),
    velocity: Float64Array.of(0.5, 0),
  };

  it('is the reading at its own time', () => {
    expect(positionAt(reading, 1_000_000_000n)).toEqual(reading.position);
  });

  it('goes back and on with the measured velocity', () => {
    expect([...positionAt(reading, 900_000_000n)]).toEqual([0.95, -1]);
    expect([...positionAt(reading, 1_200_000_000n)]).toEqual([1.1, -1]);
  });
});
