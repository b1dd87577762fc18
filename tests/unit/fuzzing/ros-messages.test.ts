import { CdrReader } from '@foxglove/cdr';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { diagnosticArray } from '../../../src/ros/diagnostics/diagnostic-messages.js';
import { cdrMessage, writeTime } from '../../../src/ros/topics/cdr-writing.js';
import { checkOverride } from '../../../src/ros/topics/qos-override-check.js';
import { stampToNs } from '../../../src/ros/topics/stamp.js';
import { jointTrajectory, setPoints } from '../../../src/ros/topics/trajectory-messages.js';
import { cpuMs } from '../../fixtures/cpu-time.js';
import { answersOrNames, mutationsOf } from '../../fixtures/fuzzing.js';

const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', 'é', '\u{1f916}', '\0'),
);
/** As ROS keeps it: half a surrogate pair and a zero, which would end the text, become the replacement character. */
const asUtf8 = (written: string): string =>
  new TextDecoder('utf-8', { ignoreBOM: true }).decode(
    new TextEncoder().encode(written.replaceAll('\0', '\ufffd')),
  );
/** Reads a string by its bytes; the reader of the library drops a byte order mark. */
const stringOf = (reader: CdrReader): string => {
  const bytes = Uint8Array.from({ length: reader.uint32() }, () => reader.uint8());
  expect(bytes.at(-1)).toBe(0);
  return new TextDecoder('utf-8', { ignoreBOM: true, fatal: true }).decode(bytes.subarray(0, -1));
};
const numbers = fc.array(fc.double(), { maxLength: 7 }).map((values) => Float64Array.from(values));
/** What a 32-bit second can hold. */
const stampNs = fc.bigInt(-(2n ** 31n) * 1_000_000_000n, 2n ** 31n * 1_000_000_000n - 1n);

describe('any message that the node writes', () => {
  it('has the time that was written, with nanoseconds from 0 to below a second', () => {
    fc.assert(
      fc.property(stampNs, (ns) => {
        const reader = new CdrReader(
          cdrMessage((writer) => {
            writeTime(writer, ns);
          }),
        );
        const stamp = { sec: reader.int32(), nanosec: reader.uint32() };
        expect(stamp.nanosec).toBeLessThan(1_000_000_000);
        expect(stampToNs(stamp)).toBe(ns);
      }),
    );
  });

  it('has the set-points of the joints, whatever their names and values', () => {
    fc.assert(
      fc.property(numbers, fc.array(text, { maxLength: 4 }), (values, joints) => {
        const reader = new CdrReader(setPoints(values, joints));
        expect(reader.sequenceLength()).toBe(1);
        expect(stringOf(reader)).toBe(asUtf8(joints.join(', ')));
        expect([reader.uint32(), reader.uint32(), reader.uint32()]).toEqual([
          values.length,
          values.length,
          0,
        ]);
        expect(reader.float64Array()).toEqual(values);
      }),
    );
  });

  it('has the points of the trajectory, whatever the names of joints', () => {
    const point = fc.record({
      positions: numbers,
      velocities: numbers,
      timeFromStartNs: fc.bigInt(0n, 10n ** 12n),
    });
    fc.assert(
      fc.property(
        fc.array(point, { maxLength: 5 }),
        fc.array(text, { maxLength: 4 }),
        fc.boolean(),
        (points, joints, hasVelocities) => {
          const reader = new CdrReader(jointTrajectory(points, joints, { hasVelocities }));
          expect([reader.int32(), reader.uint32(), stringOf(reader)]).toEqual([0, 0, '']);
          expect(Array.from({ length: reader.sequenceLength() }, () => stringOf(reader))).toEqual(
            joints.map(asUtf8),
          );
          expect(reader.sequenceLength()).toBe(points.length);
          for (const { positions, velocities, timeFromStartNs } of points) {
            expect(reader.float64Array()).toEqual(positions);
            expect(reader.float64Array()).toEqual(hasVelocities ? velocities : new Float64Array());
            expect([reader.sequenceLength(), reader.sequenceLength()]).toEqual([0, 0]);
            expect(stampToNs({ sec: reader.int32(), nanosec: reader.uint32() })).toBe(timeFromStartNs);
          }
        },
      ),
    );
  });

  it('has the statuses, whatever was found', () => {
    const status = fc.record({
      name: text,
      level: fc.constant('ok' as const),
      message: text,
      values: fc.dictionary(text, text, { maxKeys: 4, noNullPrototype: true }),
    });
    fc.assert(
      fc.property(stampNs, text, fc.array(status, { maxLength: 3 }), (stamp, hardware, statuses) => {
        const bytes = diagnosticArray(stamp, hardware, statuses);
        const reader = new CdrReader(bytes);
        expect(stampToNs({ sec: reader.int32(), nanosec: reader.uint32() })).toBe(stamp);
        expect(stringOf(reader)).toBe('');
        expect(reader.sequenceLength()).toBe(statuses.length);
        for (const { name, message, values } of statuses) {
          expect(reader.uint8()).toBe(0);
          expect([stringOf(reader), stringOf(reader), stringOf(reader)]).toEqual(
            [name, message, hardware].map(asUtf8),
          );
          const entries = Array.from({ length: reader.sequenceLength() }, () => [
            stringOf(reader),
            stringOf(reader),
          ]);
          expect(entries).toEqual(Object.entries(values).map((entry) => entry.map(asUtf8)));
        }
        expect(reader.decodedBytes).toBe(bytes.byteLength);
      }),
    );
  });
});

describe('any override of QoS', () => {
  const value = fc.oneof(
    fc.constantFrom<unknown>(
      1n,
      0n,
      -1n,
      1001n,
      10n ** 30n,
      true,
      null,
      '',
      'reliable',
      'best_effort',
      'volatile',
      'constructor',
      '5',
      NaN,
    ),
    mutationsOf('best_available'),
  );

  it('is one that a subscription takes, or is refused by name', () => {
    fc.assert(
      fc.property(
        mutationsOf('qos_overrides./camera/image.subscription.reliability', [
          'depth',
          'durability',
          'publisher',
          '.subscription_x.',
        ]),
        value,
        (name, given) => {
          answersOrNames(() => {
            checkOverride(name, given);
          }, ['params.invalid']);
        },
      ),
      { numRuns: 500 },
    );
  });

  it.each(['/'.repeat(50_000), `/${'.subscription'.repeat(5000)}`, `/${'a.subscription_'.repeat(5000)}`])(
    'is answered soon, however long its topic is (%#)',
    (topic) => {
      const spentMs = cpuMs(() => {
        answersOrNames(() => {
          checkOverride(`qos_overrides.${topic}`, 1);
        }, ['params.invalid']);
      });
      expect(spentMs).toBeLessThan(5000);
    },
  );
});
