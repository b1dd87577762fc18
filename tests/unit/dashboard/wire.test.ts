import { CdrWriter } from '@foxglove/cdr';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { arrayOf, pathsOf, pointsByJoint } from '../../../src/dashboard/planner/arrays.js';
import { JointStream } from '../../../src/dashboard/planner/joint-stream.js';
import * as wire from '../../../src/dashboard/planner/wire.js';
import { diagnosticArray } from '../../../src/ros/diagnostics/diagnostic-messages.js';
import { candidateMarkers } from '../../../src/ros/topics/candidate-markers.js';
import { cdrMessage, writeHeader, writeString } from '../../../src/ros/topics/cdr-writing.js';
import { plannedTrajectory, setPoints } from '../../../src/ros/topics/trajectory-messages.js';

const STAMP_NS = 1_700_000_000_123_456_789n;

const markers = candidateMarkers({
  stampNs: STAMP_NS,
  frame: 'base',
  lifetimeNs: 300_000_000n,
  candidates: { count: 2, length: 2, points: Float64Array.from({ length: 12 }, (_, index) => index) },
  costs: Float32Array.of(1, 2),
  plan: { count: 1, length: 3, points: Float64Array.from({ length: 9 }, (_, index) => -index) },
});

const plan = plannedTrajectory(
  STAMP_NS,
  {
    positions: Float64Array.of(1, 2, 3, 4),
    velocities: Float64Array.of(5, 6, 7, 8),
    periodNs: 100_000_000n,
  },
  ['shoulder', 'elbow'],
);

const statuses = diagnosticArray(STAMP_NS, 'arm', [
  { level: 'warn', name: 'planner', message: 'späte Pläne', values: { plan_ms: '12.5', device: 'cpu' } },
  { level: 'stale', name: 'other', message: '', values: {} },
]);

function jointState(names: readonly string[], positions: number[], velocities: number[]): Buffer {
  return cdrMessage((writer) => {
    writeHeader(writer, STAMP_NS, '');
    writer.sequenceLength(names.length);
    for (const name of names) writeString(writer, name);
    writer.float64Array(positions, true).float64Array(velocities, true).float64Array([], true);
  });
}

describe('messages of the node', () => {
  it('statuses come with their values', () => {
    expect(wire.readStatuses(statuses)).toEqual({
      stampNs: STAMP_NS,
      statuses: [
        {
          level: 'warn',
          name: 'planner',
          message: 'späte Pläne',
          values: new Map([
            ['plan_ms', '12.5'],
            ['device', 'cpu'],
          ]),
        },
        { level: 'stale', name: 'other', message: '', values: new Map() },
      ],
    });
  });

  it('a plan comes as rows of the joints in the order of the page', () => {
    const message = wire.readTrajectory(plan);
    expect(message.stampNs).toBe(STAMP_NS);
    expect(pointsByJoint(message, 'positions', ['elbow', 'shoulder'])).toEqual({
      shape: [2, 2],
      numbers: Float32Array.of(2, 1, 4, 3),
    });
    expect(pointsByJoint(message, 'velocities', ['elbow', 'wrist'])).toEqual({
      shape: [2, 2],
      numbers: Float32Array.of(6, NaN, 8, NaN),
    });
    expect(wire.readTrajectory(plan, 1).positions).toHaveLength(1);
  });

  it('candidates come as paths by their rank, and the plan as its own', () => {
    const lines = wire.readLines(markers);
    expect(lines.map(({ stampNs }) => stampNs)).toEqual([STAMP_NS, STAMP_NS, STAMP_NS]);
    const paths = pathsOf(lines, 'candidates');
    expect(paths.shape).toEqual([2, 2, 3]);
    expect([...paths.numbers]).toEqual(Array.from({ length: 12 }, (_, index) => index));
    expect(pathsOf(lines, 'plan')).toMatchObject({ shape: [1, 3, 3] });
    expect(pathsOf(lines, 'nothing')).toEqual({ shape: [0, 0, 3], numbers: new Float32Array(0) });
  });

  it('measurements and commands are put together by joint, also from parts and in another order', () => {
    const joints = new JointStream();
    joints.onState(wire.readJointState(jointState(['shoulder'], [0.5], [])));
    joints.onState(wire.readJointState(jointState(['elbow', 'gripper'], [1.5, 9], [-2, 0])));
    const { labels, data } = wire.readFloat64Array(setPoints(Float64Array.of(3, 4), ['elbow', 'shoulder']));
    expect(labels).toEqual(['elbow, shoulder']);
    joints.onCommand(['elbow', 'shoulder'], data);
    expect(joints.stampNs).toBe(STAMP_NS);
    expect([...joints.rows(['shoulder', 'elbow'])]).toEqual([0.5, 1.5, NaN, -2, 4, 3]);
  });

  it('an array whose layout does not fit its data is none', () => {
    const message = { labels: ['a', 'b'], data: Float32Array.of(1, 2, 3, 4, 5, 6) };
    expect(arrayOf({ ...message, shape: [2, 3] })).toEqual({ shape: [2, 3], numbers: message.data });
    expect(arrayOf({ ...message, shape: [2, 2] })).toBeNull();
    expect(arrayOf({ ...message, shape: [] })).toBeNull();
  });

  it('an image is a view of its message', () => {
    const message = cdrMessage((writer: CdrWriter) => {
      writeHeader(writer, STAMP_NS, 'camera');
      writer.uint32(1).uint32(2);
      writeString(writer, 'rgb8');
      writer.uint8(0).uint32(6).sequenceLength(6);
      writer.uint8Array(Uint8Array.of(1, 2, 3, 4, 5, 6), false);
    });
    expect(wire.readImage(message)).toEqual({
      stampNs: STAMP_NS,
      width: 2,
      height: 1,
      encoding: 'rgb8',
      isBigEndian: false,
      step: 6,
      data: Uint8Array.of(1, 2, 3, 4, 5, 6),
    });
  });

  it.each([
    ['statuses', statuses, wire.readStatuses],
    ['a trajectory', plan, wire.readTrajectory],
    ['markers', markers, wire.readLines],
    ['joint states', jointState(['a', 'b'], [1, 2], [3, 4]), wire.readJointState],
  ] as const)(
    '%s that are cut short or damaged are an error, and never hang or fill the memory',
    (_, whole, read) => {
      fc.assert(
        fc.property(fc.nat(whole.length - 1), fc.nat(whole.length - 1), fc.nat(255), (length, at, byte) => {
          const damaged = Uint8Array.from(whole.subarray(0, length));
          if (at < length) damaged[at] = byte;
          try {
            read(damaged);
          } catch (error) {
            expect(error).toBeInstanceOf(Error);
          }
        }),
      );
    },
  );
});
