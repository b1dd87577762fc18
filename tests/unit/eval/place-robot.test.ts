import { describe, expect, it } from 'vitest';

import { LOCKSTEP_PERIOD_NS } from '../../../eval/episodes/lockstep-driver.js';
import { placeRobot, type PlacingPort } from '../../../eval/episodes/place-robot.js';
import type { ImageFrame } from '../../../src/core/types.js';
import type { Received } from '../../../eval/ros/demo-subscriptions.js';
import type { ResetReport } from '../../../eval/ros/demo-messages.js';
import { jointLimit } from '../../fixtures/robot.js';

const ROBOT = { limits: [jointLimit('shoulder'), jointLimit('elbow', { continuous: true })] };
const START = [0.5, -1];
const GOAL_NS = 7n;

/** Response of the node to one `~/reset`: its state, null for a refusal. */
interface Knows {
  readonly pose?: readonly number[];
  readonly goalNs?: bigint;
  /** By how much its clock lags. */
  readonly lateNs?: bigint;
}

/** A simulator that obeys at once, and a node that responds with these states one after the other, then with the last one for ever. */
class Rig {
  readonly did: string[] = [];
  readonly #answers: (Knows | null)[];
  readonly #activations: boolean[];
  readonly #received = {
    clockNs: 100n,
    period: { stampNs: 0n, newestImageNs: 0n },
    joints: null as Received['joints'],
    contactsNs: null,
    objects: null,
    image: null,
    goalImage: { stampNs: GOAL_NS } as ImageFrame,
    goalImages: 1,
    commands: 0,
    plannedFrameNs: -1n,
    holdReason: '',
    holdReports: 0,
  };

  constructor(answers: (Knows | null)[], activations: boolean[] = [true]) {
    this.#answers = answers;
    this.#activations = activations;
  }

  get port(): PlacingPort {
    return {
      received: this.#received,
      setState: (positionRad) => {
        this.#pass(Float64Array.from(positionRad));
      },
      step: () => {
        this.#pass(this.#received.joints?.position ?? new Float64Array(2));
      },
      until: (condition) =>
        condition() ? Promise.resolve() : Promise.reject(new Error('would wait for ever')),
      pass: () => {
        this.did.push('wait');
        return Promise.resolve();
      },
      simulatorSettled: () => {
        this.did.push('settled');
        return Promise.resolve();
      },
      reset: () => Promise.resolve(this.#report()),
      changeState: (transition) => {
        this.did.push(transition);
        return Promise.resolve(this.#next(this.#activations) ?? false);
      },
    };
  }

  get clockNs(): bigint {
    return this.#received.clockNs;
  }

  #pass(position: Float64Array): void {
    this.#received.clockNs += LOCKSTEP_PERIOD_NS;
    this.#received.joints = { stampNs: this.#received.clockNs, position, velocity: new Float64Array(2) };
  }

  #report(): ResetReport | null {
    const knows = this.#next(this.#answers) ?? null;
    if (knows === null) return null;
    const { pose = START, goalNs = GOAL_NS, lateNs = 0n } = knows;
    const positions = new Map(ROBOT.limits.map(({ name }, index) => [name, pose[index] ?? NaN]));
    return { positions, goalStampNs: goalNs, nowNs: this.#received.clockNs - lateNs };
  }

  #next<Item>(items: Item[]): Item | undefined {
    return items.length > 1 ? items.shift() : items[0];
  }
}

const place = async (rig: Rig, lockstep = false): Promise<readonly string[]> => {
  await placeRobot(rig.port, ROBOT, { startRad: START, goalNs: GOAL_NS }, lockstep);
  return rig.did;
};

describe('placing the robot at the start of an episode', () => {
  it('activates the node once it knows the pose and the goal, after the simulator has processed earlier messages', async () => {
    expect(await place(new Rig([{}]))).toEqual(['settled', 'activate']);
  });

  it('takes a continuous joint in another revolution for the same pose, and no other joint', async () => {
    expect(await place(new Rig([{ pose: [0.5, 2 * Math.PI - 1] }]))).toEqual(['settled', 'activate']);
    const turned = { pose: [0.5 - 2 * Math.PI, -1] };
    expect(await place(new Rig([turned, {}]))).toEqual(['settled', 'wait', 'activate']);
  });

  it.each<[string, Knows | null]>([
    ['refuses to take the pose', null],
    ['knows the pose from before the teleport', { pose: [-2, 1] }],
    ['lacks a joint', { pose: [0.5] }],
    ['knows the goal before', { goalNs: 6n }],
  ])('waits while the node %s', async (_, stale) => {
    expect(await place(new Rig([stale, stale, {}]))).toEqual(['settled', 'wait', 'wait', 'activate']);
  });

  it('checks again when the node was activated by messages in transit', async () => {
    expect(await place(new Rig([{}, { pose: [-2, 1] }, {}]))).toEqual(['settled', 'activate', 'wait']);
  });

  it('requests activation again when the node refuses', async () => {
    expect(await place(new Rig([{}], [false, true]))).toEqual(['settled', 'activate', 'wait', 'activate']);
  });

  it('requires the exact time of the simulator in lockstep, and advances it only when needed', async () => {
    const rig = new Rig([{ lateNs: LOCKSTEP_PERIOD_NS }, {}]);
    expect(await place(rig, true)).toEqual(['settled', 'wait', 'activate']);
    const waited = new Rig([null, {}]);
    expect(await place(waited, true)).toEqual(['settled', 'wait', 'activate']);
    expect(waited.clockNs).toBeGreaterThan(rig.clockNs);
    // In real time the node's time is unknown.
    expect(await place(new Rig([{ lateNs: LOCKSTEP_PERIOD_NS }]))).toEqual(['settled', 'activate']);
  });

  it('gives up with an error after many attempts', async () => {
    await expect(place(new Rig([{ goalNs: 6n }]))).rejects.toMatchObject({ code: 'planner.not-ready' });
  });
});
