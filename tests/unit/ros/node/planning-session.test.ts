import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { JepaMpcError } from '../../../../src/core/errors.js';
import type { ModelInfo } from '../../../../src/core/model-info.js';
import { UNHINDERED } from '../../../../src/safety/operator-state.js';
import { validateParameters } from '../../../../src/params/validate.js';
import { ProblemLog } from '../../../../src/ros/diagnostics/problem-log.js';
import { PlanningSession } from '../../../../src/ros/node/planning-session.js';
import { reacherModel, reacherUrdf, SteadyPlanner } from '../../../fixtures/late-robot.js';
import { ms, thrownBy } from '../../../fixtures/robot.js';

/** How old joint states and frames are when they come. */
const READING_AGE_MS = 15;
const FRAME_AGE_MS = 90;

const refusal = new JepaMpcError('params.invalid', {
  subject: 'parameter actions.lower',
  found: '3 numbers',
  expected: '2',
  remedy: 'Give one for each joint.',
});

let planner: SteadyPlanner;
let session: PlanningSession;
let logged: string[];
let models: ModelInfo[];
let failures: JepaMpcError[];
let nowMs: number;
/** Settles what has to end before the model is loaded. */
let finishBefore: () => void;

function begin(parameters: Record<string, unknown> = {}, checkModel: () => void = () => undefined): void {
  const values = validateParameters({ model: 'models/reacher', seed: 7, ...parameters });
  const log = (text: string): void => void logged.push(text);
  const logger = { debug: log, info: log, warn: log, error: log };
  session = new PlanningSession({
    planner,
    parameters: () => values,
    log: logger,
    problems: new ProblemLog(logger),
    operator: () => UNHINDERED,
    watchOperator: () => undefined,
    lateCameras: () => [],
    extras: () => ({ candidates: 0, costTerms: false }),
    clock: {
      get nowNs() {
        return ms(nowMs);
      },
      stepS: 0,
      isSimulated: false,
    },
    checkModel,
    publisherName: (publisher) => `/node_${publisher}`,
    onModel: (model) => models.push(model),
    onLoadFailure: (failure) => failures.push(failure),
    after: new Promise<void>((resolve) => {
      finishBefore = resolve;
    }),
  });
}

/** Time passes; nothing comes. */
async function pass(durationMs: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(durationMs);
  nowMs += durationMs;
}

/** A session whose model is loaded. */
async function beginLoaded(parameters: Record<string, unknown> = {}): Promise<void> {
  begin(parameters);
  finishBefore();
  await pass(400);
}

/** A joint state comes, as of a while ago. */
function read(
  position: number[],
  velocity: number[] = [0, 0],
  name = ['shoulder', 'elbow'],
  ageMs = READING_AGE_MS,
  publisher?: string,
): void {
  session.onJointState({ name, position, velocity }, ms(nowMs - ageMs), publisher);
}

/** The robot rests for a while; its driver jitters and leaves every fourth message out. */
async function restAt(position: number[]): Promise<void> {
  for (let index = 0; index < 30; index++) {
    if (index % 4 !== 3) read(position, [0, 0], ['shoulder', 'elbow'], READING_AGE_MS + (index % 3));
    await pass(10);
  }
}

beforeEach(() => {
  vi.useFakeTimers();
  planner = new SteadyPlanner();
  logged = [];
  models = [];
  failures = [];
  nowMs = 50_000;
});

afterEach(() => {
  vi.useRealTimers();
});

describe('loading the model', () => {
  it('waits for what has to end before, and takes its settings from the parameters', async () => {
    begin({ 'onnx.threads': 3, 'planning.load_timeout_s': 20 });
    await pass(1000);
    expect([planner.loads, session.model]).toEqual([[], null]);
    expect(session.missing).toBe('the model is still being loaded');
    finishBefore();
    await pass(400);
    expect(planner.loads).toMatchObject([
      { parameters: { model: 'models/reacher', 'onnx.threads': 3, seed: 7, 'planning.load_timeout_s': 20 } },
    ]);
    expect([session.model, models]).toEqual([reacherModel, [reacherModel]]);
  });

  it.each([
    ['that cannot be read', (): void => void (planner.failure = refusal), undefined],
    [
      'that the settings do not fit',
      (): void => undefined,
      (): never => {
        throw refusal;
      },
    ],
  ])('%s is refused for good, with the reason', async (_, prepare, check) => {
    prepare();
    begin({}, check);
    finishBefore();
    await pass(400);
    expect([failures, session.model, session.isRefused]).toEqual([[refusal], null, true]);
    expect(session.missing).toBe(refusal.message);
  });

  it('goes unnoticed once the session is closed', async () => {
    begin();
    finishBefore();
    await pass(100);
    await session.close();
    await pass(400);
    expect([models, session.model, planner.disposedMs === null]).toEqual([[], null, false]);
    expect(failures).toEqual([]);
  });

  it('that fails once the session is closed is no failure of it', async () => {
    planner.failure = refusal;
    begin();
    finishBefore();
    await pass(100);
    await session.close();
    await pass(400);
    expect(failures).toEqual([]);
  });
});

describe('the control loop', () => {
  it('is there as soon as model and robot description are, whichever comes first', async () => {
    begin();
    session.setRobotDescription(reacherUrdf);
    expect(session.loop).toBeNull();
    finishBefore();
    await pass(400);
    expect(session.loop).not.toBeNull();
    expect(session.robot?.limits.map(({ name }) => name)).toEqual(['shoulder', 'elbow']);

    await beginLoaded();
    expect([session.loop, session.missing]).toEqual([
      null,
      'no robot_description yet, and without limits nothing may move',
    ]);
    session.setRobotDescription(reacherUrdf);
    expect(session.loop).not.toBeNull();
  });

  it('is refused for a description without the limits it needs, until one with them comes', async () => {
    await beginLoaded();
    session.setRobotDescription(reacherUrdf.replaceAll(/ acceleration="[^"]*"/g, ''));
    expect([session.loop, session.isRefused]).toEqual([null, true]);
    expect(session.missing).toContain('acceleration');
    session.setRobotDescription(reacherUrdf);
    expect([session.loop === null, session.isRefused]).toEqual([false, false]);
  });

  it('keeps its limits when another description comes, and says so', async () => {
    await beginLoaded();
    session.setRobotDescription(reacherUrdf);
    const { loop, robot } = session;
    session.setRobotDescription(reacherUrdf);
    expect(logged.join()).not.toContain('robot_description has changed');
    session.setRobotDescription(reacherUrdf.replaceAll('velocity="2.0"', 'velocity="9.0"'));
    expect([session.loop, session.robot]).toEqual([loop, robot]);
    expect(logged.at(-1)).toContain('robot_description has changed');
  });

  it('has the goal that was set before it was there', async () => {
    begin();
    session.setGoal({ stampNs: 5n, frames: [] });
    session.setRobotDescription(reacherUrdf);
    finishBefore();
    await pass(400);
    expect(session.loop?.goalStampNs).toBe(5n);
  });

  it('starts from the pose that late joint states agree on, found by name', async () => {
    await beginLoaded();
    session.setRobotDescription(reacherUrdf);
    for (let index = 0; index < 30; index++) {
      read([0.9, -1.2, 0.3], [0, 0, 0], ['gripper', 'elbow', 'shoulder'], READING_AGE_MS + (index % 3));
      await pass(10);
    }
    expect(session.loop?.reset(ms(nowMs))).toEqual({
      state: 'anchored',
      position: Float64Array.of(0.3, -1.2),
    });
  });

  it('gets frames with their own stamps, not the time at which they come', async () => {
    await beginLoaded();
    session.setRobotDescription(reacherUrdf);
    await restAt([0.3, -1.2]);
    session.onFrame({ stampNs: ms(nowMs - FRAME_AGE_MS), frames: [] });
    expect(session.loop?.newestFrame?.stampNs).toBe(ms(nowMs - FRAME_AGE_MS));
  });

  it('ends with the session, and its planner too', async () => {
    await beginLoaded();
    session.setRobotDescription(reacherUrdf);
    await restAt([0.3, -1.2]);
    session.loop?.start(ms(nowMs));
    expect(session.loop?.tick(ms(nowMs))).not.toBeNull();
    await session.close();
    expect(session.loop?.tick(ms(nowMs + 20))).toBeNull();
    expect(planner.disposedMs).not.toBeNull();
  });
});

describe('joint states', () => {
  it('are reported once when a joint of the model has been missing for a second', async () => {
    await beginLoaded();
    const errors = (): number => logged.filter((line) => line.includes('joint-states.unknown-joint')).length;
    read([0.1], [0], ['shoulder']);
    await pass(900);
    read([0.1], [0], ['shoulder']);
    expect([session.jointInput?.overdue, errors()]).toEqual([null, 0]);
    for (let index = 0; index < 200; index++) {
      await pass(20);
      read([0.1], [0], ['shoulder']);
      read([0.01], [], ['finger']);
    }
    expect([session.jointInput?.overdue?.code, errors()]).toEqual(['joint-states.unknown-joint', 1]);
  });

  it('of publishers that contradict each other hold the robot, and a reset is refused', async () => {
    await beginLoaded();
    session.setRobotDescription(reacherUrdf);
    await restAt([0.3, -1.2]);
    session.loop?.start(ms(nowMs));
    expect(session.loop?.look(ms(nowMs)).reasons.filter(({ name }) => name === 'joint_states')).toEqual([]);
    for (let index = 0; index < 40; index++) {
      read([0.3, -1.2], [0, 0], ['shoulder', 'elbow'], READING_AGE_MS, '1');
      read([0, 0], [], ['shoulder', 'elbow'], 0, '2');
      await pass(20);
    }
    const found = "joint 'shoulder' is at 0.000 by /node_2 and at 0.300 by /node_1";
    expect(session.loop?.look(ms(nowMs)).reasons).toContainEqual(
      expect.objectContaining({ id: 'joint-states-contradictory', level: 'hold', found }),
    );
    expect(session.loop?.reset(ms(nowMs))).toEqual({ state: 'refused', reason: found });
    expect(session.loop?.reading?.position).toEqual(Float64Array.of(0.3, -1.2));
    await restAt([0.3, -1.2]);
    await pass(2000);
    await restAt([0.3, -1.2]);
    expect(session.loop?.reset(ms(nowMs)).state).toBe('anchored');
  });

  it('that are late are named by their joint', async () => {
    await beginLoaded();
    session.setRobotDescription(reacherUrdf);
    await restAt([0.3, -1.2]);
    for (let index = 0; index < 20; index++) {
      read([0.3], [0], ['shoulder']);
      await pass(20);
    }
    expect(session.loop?.look(ms(nowMs)).reasons).toContainEqual(
      expect.objectContaining({
        id: 'joint-states-silent',
        found: expect.stringMatching(/^the last of elbow is 0\.\d\d s old$/) as string,
      }),
    );
  });

  it('of two messages for two joints make one pose, stamped with the older', async () => {
    await beginLoaded();
    session.setRobotDescription(reacherUrdf);
    for (let index = 0; index < 30; index++) {
      read([0.3], [0], ['shoulder'], READING_AGE_MS + 5);
      read([-1.2], [0], ['elbow'], READING_AGE_MS);
      await pass(10);
    }
    expect(session.loop?.reading?.stampNs).toBe(ms(nowMs - 10 - READING_AGE_MS - 5));
  });

  it('of before a clock that started again do not count any more', async () => {
    await beginLoaded();
    session.setRobotDescription(reacherUrdf);
    read([0.3], [0], ['shoulder']);
    nowMs = 1000;
    // Only this half is of the new clock: no pose yet.
    read([-1.2], [0], ['elbow']);
    expect(session.loop?.reading).toBeNull();
    read([0.3], [0], ['shoulder']);
    expect(session.loop?.reading?.position).toEqual(Float64Array.of(0.3, -1.2));
  });

  it('of another clock are not mixed with those of this one', async () => {
    await beginLoaded();
    session.setRobotDescription(reacherUrdf);
    read([2], [0], ['shoulder'], -5000);
    for (let index = 0; index < 5; index++) {
      read([0.3], [0], ['shoulder']);
      read([-1.2], [0], ['elbow']);
      await pass(10);
    }
    expect(session.loop?.reading?.position).toEqual(Float64Array.of(0.3, -1.2));
  });

  it('hold the robot against its weight where efforts are commanded, until they are too old', async () => {
    const efforts = {
      'command.interface': 'commands',
      'command.kind': 'effort',
      'command.effort_timeout_ms': 50,
    };
    await beginLoaded({ ...efforts, 'command.effort_kp': [10], 'command.effort_kd': [0] });
    session.setRobotDescription(reacherUrdf);
    await restAt([0.3, -1.2]);
    session.loop?.start(ms(nowMs));
    session.loop?.tick(ms(nowMs));
    read([0.2, -1.2]);
    const { efforts: held } = session.loop?.tick(ms(nowMs)) ?? {};
    expect(held?.[0]).toBeCloseTo(1, 5);
    await pass(60);
    expect(session.loop?.tick(ms(nowMs))?.efforts).toEqual(Float64Array.of(0, 0));
  });

  it('without velocities are refused where efforts need them', async () => {
    const efforts = { 'command.interface': 'commands', 'command.kind': 'effort' };
    await beginLoaded({ ...efforts, 'command.effort_kp': [10], 'command.effort_kd': [1] });
    session.setRobotDescription(reacherUrdf);
    const error = thrownBy(() => {
      read([0.3, -1.2], []);
    });
    expect(error.code).toBe('joint-states.no-velocity');
    await beginLoaded({ ...efforts, 'command.effort_kp': [10], 'command.effort_kd': [0] });
    session.setRobotDescription(reacherUrdf);
    expect(() => {
      read([0.3, -1.2], []);
    }).not.toThrow();
  });
});

describe('a planner that dies', () => {
  /** A plan is asked for, from a late frame, and the planner dies over it. */
  async function loseThePlanner(): Promise<void> {
    await beginLoaded();
    session.setRobotDescription(reacherUrdf);
    await restAt([0.3, -1.2]);
    session.setGoal({ stampNs: 5n, frames: [] });
    const { loop } = session;
    loop?.start(ms(nowMs));
    loop?.plans$.subscribe();
    planner.plan = () =>
      Promise.reject(
        new JepaMpcError('planner.worker-died', {
          subject: 'planner',
          found: 'an exit',
          expected: 'a plan',
          remedy: 'Look at the log.',
        }),
      );
    await restAt([0.3, -1.2]);
    loop?.tick(ms(nowMs));
    session.onFrame({ stampNs: ms(nowMs - FRAME_AGE_MS), frames: [] });
    await pass(10);
  }

  it('is started again, with the same settings', async () => {
    await loseThePlanner();
    expect(planner.loads).toHaveLength(2);
    expect(planner.loads[1]).toEqual(planner.loads[0]);
    await pass(400);
    expect([failures, session.isRefused]).toEqual([[], false]);
  });

  it('and cannot be started again ends the session', async () => {
    planner.failure = null;
    await loseThePlanner();
    planner.failure = refusal;
    await pass(400);
    expect([failures, session.isRefused, session.missing]).toEqual([[refusal], true, refusal.message]);
  });
});

describe('rules of the work space', () => {
  const onRail = reacherUrdf.replace(
    '<joint name="world_to_base" type="fixed">',
    '<joint name="rail" type="prismatic"><axis xyz="0 1 0"/><limit lower="-2" upper="2" velocity="1" effort="1" acceleration="1"/>',
  );

  it('know where joints are that the model does not move', async () => {
    await beginLoaded({ 'workspace.half_spaces': 'fingertip: y <= 0.5' });
    session.setRobotDescription(onRail);
    const excess = (): number => {
      const out = new Float64Array(1);
      session.robot?.motionCheck.excesses([0, 0], [0, 0], out);
      return out[0] ?? NaN;
    };
    read([0, 0]);
    const before = excess();
    read([NaN], [0], ['rail']);
    expect(excess()).toBe(before);
    read([0.75, 0.1], [0, 0], ['rail', 'of_another_robot']);
    expect(excess()).toBeCloseTo(before + 0.75, 9);
  });

  it('that cannot see a link say so in the log', async () => {
    await beginLoaded({ 'workspace.half_spaces': 'fingertip: y <= 0.5' });
    session.setRobotDescription(reacherUrdf);
    expect(logged.find((line) => line.startsWith('work space:'))).toMatch(/fingertip/);
  });

  it('that name an unknown link keep the loop from being built', async () => {
    await beginLoaded({ 'workspace.half_spaces': 'gripper: y <= 0.5' });
    session.setRobotDescription(reacherUrdf);
    expect(session.loop).toBeNull();
    expect(session.isRefused).toBe(true);
    expect(session.missing).toMatch(/workspace\.half_spaces.*gripper/s);
  });

  it('of an SRDF that cannot be read name the file', async () => {
    await beginLoaded({ 'workspace.srdf': '/nowhere/arm.srdf' });
    session.setRobotDescription(reacherUrdf);
    expect(session.missing).toMatch(/workspace\.srdf.*\/nowhere\/arm\.srdf/s);
  });
});
