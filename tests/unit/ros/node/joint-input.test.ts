import { beforeEach, describe, expect, it } from 'vitest';

import { JepaMpcError } from '../../../../src/core/errors.js';
import { JointInput } from '../../../../src/ros/node/joint-input.js';
import { ms } from '../../../fixtures/robot.js';

/** How old joint states are when they come. */
const AGE_MS = 15;

let reported: unknown[];
/** Nodes by publisher; one that is not there cannot be named. */
let names: Map<string, string>;
let input: JointInput;

beforeEach(() => {
  reported = [];
  names = new Map([
    ['1', '/driver'],
    ['2', '/joint_state_publisher'],
    ['3', '/driver'],
  ]);
  const problems = {
    report: (error: unknown): JepaMpcError => {
      reported.push(error);
      return error as JepaMpcError;
    },
  };
  input = new JointInput(['shoulder', 'elbow'], {
    problems,
    publisherName: (publisher) => {
      const name = names.get(publisher);
      if (name === undefined) throw new RangeError('no such publisher');
      return name;
    },
  });
  input.setJoints(
    ['shoulder', 'elbow'].map((name) => ({ name, wraps: false, restTolerance: 0.01, velocity: 2 })),
  );
});

/** A message comes, as of a while ago. */
function send(atMs: number, joints: Readonly<Record<string, number>>, publisher?: string): boolean {
  const message = { name: Object.keys(joints), position: Object.values(joints), velocity: [] };
  return input.read(message, ms(atMs - AGE_MS), ms(atMs), publisher) !== null;
}

/** Two publishers take turns. @returns what is said of them */
function contradict(one: string, other: string): string | null {
  for (const [index, publisher] of [one, other, one].entries())
    send(1000 + 10 * index, { shoulder: publisher === one ? 0.9 : 0, elbow: -0.9 }, publisher);
  return input.contradiction(ms(1020));
}

describe('a joint that goes missing', () => {
  it('is reported once, with its age, until it is back and goes missing again', () => {
    const run = (fromMs: number, toMs: number, joints: Readonly<Record<string, number>>): void => {
      for (let atMs = fromMs; atMs <= toMs; atMs += 20) {
        send(atMs, joints);
        // The gripper has none of the joints of the model.
        send(atMs + 5, { finger: 0.01 });
      }
    };
    run(0, 2000, { shoulder: 0, elbow: 0 });
    expect([reported, input.overdue]).toEqual([[], null]);
    run(2000, 8000, { shoulder: 0 });
    expect(reported).toHaveLength(1);
    expect(String(reported[0])).toMatch(/last elbow 1\.\d\d s ago, expected a joint 'elbow'/);
    expect(input.overdue?.code).toBe('joint-states.unknown-joint');
    expect(input.report(ms(8000)).overdue).toContain("expected a joint 'elbow'");
    run(8000, 9000, { elbow: 0, shoulder: 0 });
    expect([input.overdue, input.report(ms(9000)).overdue]).toEqual([null, null]);
    run(9000, 11_000, { elbow: 0 });
    expect(reported).toHaveLength(2);
    expect(String(reported[1])).toContain("expected a joint 'shoulder'");
  });

  it('is reported with the others when they follow', () => {
    for (let atMs = 0; atMs <= 4000; atMs += 20) {
      send(atMs, { finger: 0, ...(atMs < 2000 && { shoulder: 0 }) });
    }
    expect(reported.map((error) => (error as JepaMpcError).facts.expected)).toEqual([
      "a joint 'elbow'",
      'joints shoulder, elbow',
    ]);
  });

  it('is forgotten with the clock', () => {
    for (let atMs = 0; atMs <= 1500; atMs += 20) send(atMs, { shoulder: 0 });
    expect(input.overdue).not.toBeNull();
    input.reset();
    expect(input.overdue).toBeNull();
    send(100, { shoulder: 0 });
    expect([input.overdue, reported.length]).toEqual([null, 1]);
  });
});

describe('publishers that contradict each other', () => {
  it('are named, with what they say', () => {
    expect(contradict('1', '2')).toBe(
      "joint 'shoulder' is at 0.000 by /joint_state_publisher and at 0.900 by /driver",
    );
    expect(input.report(ms(1020)).contradiction).toBe(input.contradiction(ms(1020)));
    expect(input.contradiction(ms(9000))).toBeNull();
  });

  it('may be of one node', () => {
    expect(contradict('1', '3')).toBe(
      "joint 'shoulder' is at 0.000 by /driver and at 0.900 by another publisher of /driver",
    );
  });

  it('contradict each other also where they cannot be named', () => {
    expect(contradict('1', '9')).toBe(
      "joint 'shoulder' is at 0.000 by an unknown publisher and at 0.900 by /driver",
    );
    expect(reported).toHaveLength(1);
  });

  it('are not blamed for missing joints', () => {
    for (let atMs = 0; atMs <= 1500; atMs += 20)
      for (const publisher of ['1', '2'])
        send(atMs, { shoulder: publisher === '1' ? 1 : -1, elbow: 0 }, publisher);
    expect([input.overdue, reported]).toEqual([null, []]);
    expect(input.contradiction(ms(1500))).not.toBeNull();
  });

  it('are asked for their names once', () => {
    contradict('1', '2');
    names.clear();
    send(1030, { shoulder: 0 }, '2');
    expect(input.contradiction(ms(1030))).toContain('/driver');
  });

  it('are not known before the limits of the joints are', () => {
    input = new JointInput(['shoulder', 'elbow'], {
      problems: { report: (error) => error as JepaMpcError },
      publisherName: String,
    });
    expect(contradict('1', '2')).toBeNull();
  });
});

describe('joints', () => {
  it('have an age each', () => {
    send(1000, { shoulder: 0 });
    expect(input.report(ms(1100)).agesMs).toEqual([
      ['shoulder', 100 + AGE_MS],
      ['elbow', NaN],
    ]);
  });

  it('are late if others are not', () => {
    send(1000, { shoulder: 0 });
    send(1100, { elbow: 0 });
    expect(input.lateJoints(ms(1000 - AGE_MS))).toEqual([]);
    expect(input.lateJoints(ms(1050))).toEqual(['shoulder']);
    expect(input.lateJoints(ms(1100))).toEqual([]);
  });
});
