import { beforeAll, describe, expect, it } from 'vitest';
import { needsCapture, prepareEpisode, type PreparingPort } from '../../../eval/episodes/prepare-episode.js';
import { LOCKSTEP_PERIOD_NS } from '../../../eval/episodes/lockstep-driver.js';
import { loadSubject, type Subject } from '../../../eval/episodes/subject.js';
import type { ImageFrame } from '../../../src/core/types.js';
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
  const pass = (position: Float64Array): void => {
    received.clockNs += LOCKSTEP_PERIOD_NS;
    received.period = { stampNs: received.clockNs, newestImageNs: received.clockNs };
    received.joints = { stampNs: received.clockNs, position, velocity: new Float64Array(2) };
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
