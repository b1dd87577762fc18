import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { PLAN, REQUEST } from '../../../src/recording/planner-records.js';
import { decode, definitionOf, encode, messageType } from '../../../src/recording/ros-message.js';
import {
  DIAGNOSTIC_ARRAY,
  FLOAT64_MULTI_ARRAY,
  IMAGE,
  JOINT_TRAJECTORY,
  PARAMETER_EVENT,
} from '../../../src/recording/ros-types.js';
import { diagnosticArray } from '../../../src/ros/diagnostics/diagnostic-messages.js';
import { jointTrajectory, setPoints } from '../../../src/ros/topics/trajectory-messages.js';

const PART = messageType('test_msgs/msg/Part', { on: 'bool', count: 'int64', name: 'string' });
const WHOLE = messageType('test_msgs/msg/Whole', {
  stamp: 'time',
  lasts: 'duration',
  level: 'byte',
  size: 'uint32',
  cost: 'float64',
  part: PART,
  parts: [PART],
  flags: 'bool[]',
  bytes: 'uint8[]',
  raw: 'byte[]',
  counts: 'int64[]',
  actions: 'float32[]',
  positions: 'float64[]',
  names: 'string[]',
  stamps: 'time[]',
});

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
/** Times whose seconds fit in 32 bits. */
const time = fc.bigInt({ min: -(2n ** 31n) * 1_000_000_000n, max: 2n ** 31n * 1_000_000_000n - 1n });
const text = fc.string({ unit: 'grapheme' }).filter((value) => !value.includes('\0'));
const part = fc.record({ on: fc.boolean(), count: int64, name: text });
const whole = fc.record({
  stamp: time,
  lasts: time,
  level: fc.nat(255),
  size: fc.nat(2 ** 32 - 1),
  cost: fc.double(),
  part,
  parts: fc.array(part, { maxLength: 4 }),
  flags: fc.array(fc.boolean()),
  bytes: fc.uint8Array(),
  raw: fc.uint8Array(),
  counts: fc.array(int64),
  actions: fc.float32Array({ noNaN: true, maxLength: 40 }),
  positions: fc.float64Array({ noNaN: true, maxLength: 40 }),
  names: fc.array(text),
  stamps: fc.array(time),
});

describe('messages of ROS', () => {
  it('are read as they were written, whatever is in them', () => {
    fc.assert(
      fc.property(whole, (message) => {
        expect(decode(WHOLE, encode(WHOLE, message, 16))).toEqual(message);
      }),
    );
  });

  it('are read as the node publishes them', () => {
    const points = [
      {
        positions: Float64Array.of(1, 2),
        velocities: Float64Array.of(3, 4),
        timeFromStartNs: 1_500_000_000n,
      },
    ];
    const trajectory = decode(
      JOINT_TRAJECTORY,
      jointTrajectory(points, ['épaule', 'b'], { hasVelocities: true }),
    );
    expect(trajectory.joint_names).toEqual(['épaule', 'b']);
    expect(trajectory.points).toMatchObject([
      {
        positions: Float64Array.of(1, 2),
        velocities: Float64Array.of(3, 4),
        time_from_start: 1_500_000_000n,
      },
    ]);
    expect(decode(FLOAT64_MULTI_ARRAY, setPoints(Float64Array.of(0.5), ['a'])).data).toEqual(
      Float64Array.of(0.5),
    );
    const status = { level: 'warn', name: 'planner', message: 'late', values: { cost: 1.5 } } as const;
    expect(decode(DIAGNOSTIC_ARRAY, diagnosticArray(7n, 'arm', [status]))).toEqual({
      header: { stamp: 7n, frame_id: '' },
      status: [
        {
          level: 1,
          name: 'planner',
          message: 'late',
          hardware_id: 'arm',
          values: [{ key: 'cost', value: '1.5' }],
        },
      ],
    });
  });

  it('bring the definitions of all that is in them, each once', () => {
    expect(definitionOf(IMAGE)).toBe(
      [
        'std_msgs/Header header\nuint32 height\nuint32 width\nstring encoding\nuint8 is_bigendian\nuint32 step\nuint8[] data\n',
        'MSG: std_msgs/Header\nbuiltin_interfaces/Time stamp\nstring frame_id\n',
        'MSG: builtin_interfaces/Time\nint32 sec\nuint32 nanosec\n',
      ].join(`${'='.repeat(80)}\n`),
    );
    for (const type of [REQUEST, PLAN, PARAMETER_EVENT]) {
      const defined = [...definitionOf(type).matchAll(/^MSG: (.*)$/gm)].map(([, name]) => name);
      const named = [...definitionOf(type).matchAll(/^(\w+\/\w+)(?:\[\])? \w+$/gm)].map(([, name]) => name);
      expect(defined.toSorted()).toEqual([...new Set(named)].toSorted());
    }
  });
});
