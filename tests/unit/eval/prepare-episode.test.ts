import { beforeAll, describe, expect, it } from 'vitest';
import { needsCapture, prepareEpisode, type PreparingPort } from '../../../eval/episodes/prepare-episode.js';
import { LOCKSTEP_PERIOD_NS } from '../../../eval/episodes/lockstep-driver.js';
import { loadSubject, type Subject } from '../../../eval/episodes/subject.js';
import type { ImageFrame } from '../../../src/core/types.js';
import type { Vector3 } from '../../../src/robot/urdf-xml.js';
import { cubeMove } from '../../fixtures/object-move.js';
import { jointLimit } from '../../fixtures/robot.js';
import { robotChoice } from '../../fixtures/robot-choice.js';

const ROBOT = { limits: [jointLimit('shoulder'), jointLimit('elbow')] };
const EPISODE = { startRad: [0.5, -1], goalRad: [-0.5, 2] };
const SHOWN_NS = 7n;

/** A simulator that obeys at once, with an image in each period, and a node that captures what is newest `lag` periods late. */
function rig(lag = 0) {
  const did: string[] = [];
  const received = {
    clockNs: 100n,
    period: { stampNs: 0n, newestImageNs: 0n },
    joints: null as PreparingPort['received']['joints'],
    contactsNs: null,
    objects: null as PreparingPort['received']['objects'],
    image: null,
    goalImage: null as ImageFrame | null,
    goalImages: 0,
    commands: 0,
    plannedFrameNs: -1n,
    holdReason: '',
    holdReports: 0,
  };
  let goalNs = 0n;
  let late = lag;
  let object: [string, Vector3] | null = null;
  const pass = (position: Float64Array): void => {
    received.clockNs += LOCKSTEP_PERIOD_NS;
    received.period = { stampNs: received.clockNs, newestImageNs: received.clockNs };
    received.joints = { stampNs: received.clockNs, position, velocity: new Float64Array(2) };
    if (object !== null) received.objects = { stampNs: received.clockNs, positions: new Map([object]) };
  };
  const port: PreparingPort = {
    received,
    setGoal: () => {
      did.push('show');
      received.goalImages++;
      received.goalImage = { stampNs: SHOWN_NS } as ImageFrame;
      goalNs = SHOWN_NS;
    },
    setState: (positionRad) => {
      did.push(positionRad === EPISODE.goalRad ? 'to the goal' : 'to the start');
      pass(Float64Array.from(positionRad));
    },
    setObject: (name, { xyz }) => {
      did.push(`${name} to ${String(xyz[0])}`);
      object = [name, xyz];
      pass(received.joints?.position ?? new Float64Array(2));
    },
    step: () => {
      pass(received.joints?.position ?? new Float64Array(2));
    },
    until: (condition) =>
      condition() ? Promise.resolve() : Promise.reject(new Error('would wait for ever')),
    // In real time the clock goes on meanwhile.
    pass: () => {
      did.push('wait');
      pass(received.joints?.position ?? new Float64Array(2));
      return Promise.resolve();
    },
    simulatorSettled: () => Promise.resolve(),
    captureGoal: () => {
      goalNs = received.period.newestImageNs - BigInt(late) * LOCKSTEP_PERIOD_NS;
      late = 0;
      return Promise.resolve(goalNs);
    },
    reset: () =>
      Promise.resolve({
        positions: new Map(
          ROBOT.limits.map(({ name }, joint) => [name, received.joints?.position[joint] ?? Number.NaN]),
        ),
        goalStampNs: goalNs,
        nowNs: received.clockNs,
      }),
    changeState: (transition) => {
      did.push(transition);
      return Promise.resolve(true);
    },
  };
  return { port, did, captured: () => goalNs };
}

describe('the beginning of an episode', () => {
  it('shows the goal and places the robot at the start, if a picture is all of the goal', async () => {
    const { port, did } = rig();
    await prepareEpisode(port, ROBOT, EPISODE, { lockstep: true, capturesGoal: false });
    expect(did).toEqual(['show', 'to the start', 'activate']);
  });

  it('lets the node capture the goal where the robot is placed at it, before the start', async () => {
    const { port, did, captured } = rig();
    await prepareEpisode(port, ROBOT, EPISODE, { lockstep: true, capturesGoal: true });
    expect(did).toEqual(['show', 'to the goal', 'to the start', 'activate']);
    expect(captured()).toBeGreaterThan(SHOWN_NS);
  });

  it('in lockstep captures the newest image alone, so that a run does not depend on the speed of the machine', async () => {
    const { port, did } = rig(1);
    const { clockNs } = port.received;
    await prepareEpisode(port, ROBOT, EPISODE, { lockstep: true, capturesGoal: true });
    expect(did).toEqual(['show', 'to the goal', 'wait', 'to the start', 'activate']);
    expect(port.received.clockNs).toBeGreaterThan(clockNs);
  });

  it('in real time waits until the images of the pose before are gone', async () => {
    const { port, did, captured } = rig();
    await prepareEpisode(port, ROBOT, EPISODE, { lockstep: false, capturesGoal: true });
    expect(did.filter((step) => step === 'wait').length).toBeGreaterThanOrEqual(5);
    expect(captured()).toBeGreaterThanOrEqual(100n + LOCKSTEP_PERIOD_NS + 100_000_000n);
  });

  it('shows an object at its goal, and puts it at its start before the robot is placed', async () => {
    const { port, did } = rig();
    const episode = { ...EPISODE, object: cubeMove() };
    await prepareEpisode(port, ROBOT, episode, { lockstep: true, capturesGoal: false });
    expect(did).toEqual(['to the goal', 'cube to 0.7', 'show', 'cube to 0.5', 'to the start', 'activate']);
    expect(port.received.objects?.positions.get('cube')).toEqual([0.5, 0, 0.03]);
  });

  it('refuses an object that does not stay where it is put', async () => {
    const { port } = rig();
    let stepped = 0;
    const sliding: PreparingPort = {
      ...port,
      step: (commands) => {
        stepped++;
        const [x, y, z] = cubeMove().goal.xyz;
        port.step(commands);
        const { objects } = port.received;
        if (objects !== null)
          Object.assign(objects, { positions: new Map([['cube', [x + 0.001 * stepped, y, z]]]) });
      },
    };
    const episode = { ...EPISODE, object: cubeMove() };
    await expect(
      prepareEpisode(sliding, ROBOT, episode, { lockstep: true, capturesGoal: false }),
    ).rejects.toMatchObject({
      code: 'params.invalid',
      facts: { subject: "object 'cube' of the scene", expected: 'an object that rests where it is put' },
    });
  });

  it('names the cameras where the node has no frame', async () => {
    const { port } = rig();
    const blind = { ...port, captureGoal: () => Promise.resolve(null) };
    await expect(
      prepareEpisode(blind, ROBOT, EPISODE, { lockstep: true, capturesGoal: true }),
    ).rejects.toMatchObject({
      code: 'planner.not-ready',
      facts: { remedy: expect.stringContaining('a camera sensor for each camera') as string },
    });
  });
});

describe('the goals that the node captures itself', () => {
  let manifest: Subject['manifest'];

  beforeAll(async () => {
    ({ manifest } = await loadSubject(robotChoice()));
  });

  it('are those of models that take more than pictures', () => {
    const { goal } = manifest;
    const proprioception = { fields: [], mean: [], std: [] };
    const judgesJoints = false;
    expect(needsCapture(manifest, { judgesJoints })).toBe(false);
    expect(needsCapture({ proprioception, goal }, { judgesJoints })).toBe(true);
  });

  it('are those of tasks that want every joint in place, if the model reads joints from a picture', () => {
    const proprioception = { fields: [], mean: [], std: [] };
    const goal = { kind: 'image', proprioception: 'from_images' } as const;
    expect(needsCapture({ proprioception, goal }, { judgesJoints: false })).toBe(false);
    expect(needsCapture({ proprioception, goal }, { judgesJoints: true })).toBe(true);
    expect(needsCapture(manifest, { judgesJoints: true })).toBe(false);
  });
});
