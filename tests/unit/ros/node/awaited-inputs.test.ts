import { describe, expect, it } from 'vitest';

import type { ConditionReason } from '../../../../src/safety/watchdog.js';
import { JepaMpcError } from '../../../../src/core/errors.js';
import { awaitedInputs, inputInWords } from '../../../../src/ros/node/awaited-inputs.js';
import type { InputSituation } from '../../../../src/ros/node/awaited-inputs.js';

const camera = { name: 'front', topic: '/arm/image', received: 3, refused: 0, ageMs: 20 };

const complete: InputSituation = {
  simulatedNs: null,
  description: { topic: '/robot_description', isReceived: true, refusal: null },
  cameras: [camera],
  jointStates: { topic: '/joint_states', isReceived: true, refusal: null },
  reasons: [],
  poseDisagreement: null,
  outside: null,
  heartbeat: { topic: '/planner_node/emergency_stop', silence: null },
};

const silent = (name: 'image' | 'joint_states', found = 'none received'): ConditionReason => ({
  name,
  id: name === 'image' ? 'image-silent' : 'joint-states-silent',
  level: 'hold',
  found,
  limit: 'a message every 0.50 s',
  clears: `the next message on ${name}`,
});

const unknownJoint = new JepaMpcError('joint-states.unknown-joint', {
  subject: 'joint_states',
  found: 'joints base, shoulder',
  expected: "a joint 'elbow'",
  remedy: 'Correct the publisher of joint_states.',
});

function words(situation: Partial<InputSituation>, publishers: readonly string[] = []): string[] {
  return awaitedInputs({ ...complete, ...situation }).map((input) => inputInWords(input, publishers));
}

describe('what a node with a loaded model waits for', () => {
  it('is nothing when all is there', () => {
    expect(words({})).toEqual([]);
    expect(words({ reasons: [{ ...silent('image'), name: 'lifecycle' }] })).toEqual([]);
    expect(words({ simulatedNs: 5n })).toEqual([]);
  });

  it('is named with its topic and with who publishes it', () => {
    const nothing = {
      simulatedNs: 0n,
      description: { ...complete.description, isReceived: false },
      cameras: [{ ...camera, received: 0, ageMs: null }],
      jointStates: { ...complete.jointStates, isReceived: false },
      reasons: null,
    };
    expect(words(nothing)).toEqual([
      'clock: none received on /clock, which nobody publishes (use_sim_time is true)',
      'robot_description: none received on /robot_description, which nobody publishes',
      'image: none received on /arm/image, which nobody publishes',
      'joint_states: none received on /joint_states, which nobody publishes',
    ]);
    expect(words(nothing, ['/a', '/b'])[2]).toBe('image: none received on /arm/image, published by /a, /b');
  });

  it('may be a robot description that cannot be used', () => {
    const description = { ...complete.description, refusal: 'no limits [urdf.no-limits]' };
    expect(words({ description, reasons: null })).toEqual([
      'robot_description: one that cannot be used on /robot_description, which nobody publishes (no limits [urdf.no-limits])',
    ]);
  });

  it('are joints that the messages do not have', () => {
    const jointStates = { ...complete.jointStates, refusal: unknownJoint };
    const text =
      "joint_states: joints base, shoulder, expected a joint 'elbow', on /joint_states, published by /driver";
    for (const reasons of [null, [silent('joint_states')]]) {
      expect(words({ jointStates, reasons }, ['/driver'])).toEqual([text]);
    }
  });

  it('are messages that are too old or from the future', () => {
    const reasons = [silent('image', 'the last is 3600.00 s old'), silent('joint_states', 'a stamp ahead')];
    expect(words({ reasons }, ['/rig'])).toEqual([
      'image: the last is 3600.00 s old on /arm/image, published by /rig (limit a message every 0.50 s; clears with the next message on image)',
      'joint_states: a stamp ahead on /joint_states, published by /rig (limit a message every 0.50 s; clears with the next message on joint_states)',
    ]);
    // Without a clock nothing has an age.
    expect(words({ simulatedNs: 0n, reasons })).toHaveLength(1);
  });

  it('is a pose that joint states do not agree on, once nothing else of them is missing', () => {
    const poseDisagreement = "joint 'elbow' is reported between 0.000 and 0.900 within 100 ms";
    const [text, ...more] = words({ poseDisagreement }, ['/driver', '/joint_state_publisher']);
    expect(text).toContain(
      `pose: ${poseDisagreement}, on /joint_states, published by /driver, /joint_state_publisher`,
    );
    expect(more).toEqual([]);
    expect(words({ poseDisagreement, reasons: [silent('joint_states')] })[0]).toMatch(/^joint_states: /);
  });

  it('are the cameras that are silent, cannot be read, or do not fit the others', () => {
    const cameras = [
      camera,
      { ...camera, name: 'hand', received: 0, ageMs: null },
      { ...camera, name: 'side', refused: 3, ageMs: null },
    ];
    const [hand, side, ...others] = words({ cameras, reasons: [silent('image')] });
    expect(hand).toMatch(/^image of camera hand: none received on/);
    expect(side).toMatch(/^image of camera side: 3 messages, and none that can be read on/);
    expect(others).toEqual([]);
    const [front] = words({ cameras: [camera, camera], reasons: [silent('image')] });
    expect(front).toMatch(/^image of camera front: no frame that matches those of the others in time/);
  });
});
