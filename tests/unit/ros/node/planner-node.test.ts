import { CdrReader } from '@foxglove/cdr';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { JepaMpcError } from '../../../../src/core/errors.js';
import { PlannerNode } from '../../../../src/ros/node/planner-node.js';
import type { ParameterRules } from '../../../../src/ros/parameters/parameter-bridge.js';
import { FakeRos, readStatuses, RECORDER } from '../../../fixtures/fake-ros.js';
import { goalImage, LateRobot, reacherUrdf, SteadyPlanner } from '../../../fixtures/late-robot.js';
import { thrownBy } from '../../../fixtures/robot.js';

const LIMIT_RAD_S2 = 10;
const PERIOD_S = 0.02;

const refusal = new JepaMpcError('model.hash-mismatch', {
  subject: 'encoder.onnx',
  found: 'another hash',
  expected: 'that of the manifest',
  remedy: 'Copy the model again.',
});

let ros: FakeRos;
let robot: LateRobot;
let planners: SteadyPlanner[];
let node: PlannerNode;
let rules: ParameterRules;
let fatal: JepaMpcError[];
let isFatalModel: boolean;

function open(parameters: Record<string, unknown> = {}): void {
  ros = new FakeRos({
    model: 'models/reacher',
    'command.interface': 'commands',
    'watchdog.image_timeout_s': 0.5,
    'watchdog.joint_states_timeout_s': 0.3,
    ...parameters,
  });
  robot = new LateRobot(ros);
  node = new PlannerNode({
    openNode: (given) => {
      rules = given;
      given.refuse(ros.parameters.values);
      return ros;
    },
    recorder: RECORDER,
    createPlanner: () => {
      const planner = new SteadyPlanner();
      if (isFatalModel) planner.failure = refusal;
      planners.push(planner);
      return planner;
    },
    onFatal: (error) => fatal.push(error),
  });
}

/** A node that follows plans of its robot towards a goal. */
async function openActive(parameters: Record<string, unknown> = {}): Promise<void> {
  open({ autostart: true, ...parameters });
  node.start();
  ros.send('robot_description', { data: reacherUrdf });
  await robot.pass(1500);
  ros.send('goal_image', goalImage(Date.now()));
  await robot.pass(1500);
  expect(ros.transitions.state).toBe('active');
  expect(robot.speedsSince(Date.now() - 100).at(-1)).toBeCloseTo(0.5, 5);
}

/** What is sent from now on: no joint is accelerated or braked harder than it may be. */
function expectSmooth(speeds: readonly number[]): void {
  const steps = speeds.slice(1).map((speed, index) => Math.abs(speed - (speeds[index] ?? speed)));
  expect(Math.max(...steps)).toBeLessThanOrEqual(LIMIT_RAD_S2 * PERIOD_S + 1e-9);
}

/** Stamp of a sensor_msgs/Image. */
function stampOfImage(message: Buffer): bigint {
  const reader = new CdrReader(message);
  return BigInt(reader.int32()) * 1_000_000_000n + BigInt(reader.uint32());
}

function statusOf(part: string): { level: number; message: string } | undefined {
  const newest = ros.since('diagnostics').at(-1);
  return newest && readStatuses(newest.message).get(`planner_node: ${part}`);
}

beforeEach(() => {
  vi.useFakeTimers({ now: 100_000 });
  planners = [];
  fatal = [];
  isFatalModel = false;
});

afterEach(async () => {
  const closing = node.shutdown();
  await robot.pass(3000);
  await closing;
  vi.useRealTimers();
});

describe('a node that starts itself', () => {
  it('activates when model, limits and fresh inputs are there, in whatever order they come', async () => {
    open({ autostart: true });
    node.start();
    expect([ros.isSpinning, ros.transitions.state]).toEqual([true, 'inactive']);
    await robot.pass(1000);
    expect(ros.transitions.state).toBe('inactive');
    ros.send('robot_description', { data: reacherUrdf });
    await robot.pass(300);
    expect(ros.transitions.state).toBe('active');
    expect(ros.logged).toContain('active; commands: velocity of shoulder, elbow, in this order, on commands');
  });

  it('moves the robot towards a goal, with plans from late frames, and reports them', async () => {
    await openActive();
    expectSmooth(robot.speedsSince(0));
    expect(robot.position[0]).toBeGreaterThan(0.3);
    expect(robot.position[1]).toBeLessThan(-1.1);
    for (const topic of ['plan', 'statistics', 'goalStatus'] as const)
      expect(ros.since(topic).length).toBeGreaterThan(0);
    const [request] = planners.flatMap(({ requests }) => requests.slice(-1));
    const ageMs = Date.now() - Number(request?.history.at(-1)?.stampNs ?? 0n) / 1e6;
    expect(ageMs).toBeGreaterThan(50);
    expect(statusOf('motion')).toEqual({ level: 0, message: '' });
    expect(ros.logged.some((text) => text.startsWith('goal reached: within the tolerance'))).toBe(true);
  });

  it('shows the goal in force, whatever it came from, and none once the node is cleaned up', async () => {
    await openActive();
    const shown = (): readonly bigint[] => (ros.images.get('~/goal_image') ?? []).map(stampOfImage);
    expect(shown()).toHaveLength(1);
    const { message = '' } = ros.call('~/capture_goal') ?? {};
    expect(shown()).toHaveLength(2);
    expect(message).toContain(`stamped ${String(shown()[1])} ns`);
    ros.transitions.request('deactivate');
    await robot.pass(1500);
    ros.transitions.request('cleanup');
    expect(ros.images.has('~/goal_image')).toBe(false);
    ros.transitions.request('configure');
    await robot.pass(500);
    expect(shown()).toEqual([BigInt(/stamped (\d+) ns/.exec(message)?.[1] ?? -1)]);
  });

  it('says after a while which inputs it waits for', async () => {
    open({ autostart: true });
    node.start();
    robot.hasCamera = false;
    ros.publishers = ['/driver'];
    ros.send('robot_description', { data: reacherUrdf });
    await robot.pass(8000);
    const warning = ros.logged.find((text) => text.startsWith('not activated yet'));
    expect(warning).toContain('image: none received on /image, published by /driver');
    expect(warning).not.toContain('joint_states');
    robot.hasCamera = true;
    await robot.pass(500);
    expect(ros.transitions.state).toBe('active');
  });

  it('ends the process if its model cannot be loaded', async () => {
    isFatalModel = true;
    open({ autostart: true });
    node.start();
    await robot.pass(500);
    expect(fatal).toEqual([refusal]);
  });

  it('does not activate itself again after it was deactivated', async () => {
    await openActive();
    ros.transitions.request('deactivate');
    await robot.pass(2000);
    expect(ros.transitions.state).toBe('inactive');
  });
});

describe('a node with a lifecycle manager', () => {
  it('does nothing by itself', async () => {
    open();
    node.start();
    ros.send('robot_description', { data: reacherUrdf });
    await robot.pass(2000);
    expect([ros.transitions.state, planners]).toEqual(['unconfigured', []]);
    expect(statusOf('model')).toEqual({ level: 3, message: 'the node is not configured' });
  });

  it('refuses to be configured without a model', () => {
    open({ model: '' });
    expect(ros.transitions.request('configure')).toEqual([false]);
    expect(ros.logged.at(-1)).toContain('parameter model is empty');
  });

  it('refuses to be activated, and says what is missing, step by step', async () => {
    open();
    const refused = (): string | undefined => {
      expect(ros.transitions.request('activate')).toEqual([false]);
      return ros.logged.at(-1);
    };
    robot.hasCamera = false;
    robot.hasDriver = false;
    ros.transitions.request('configure');
    expect(refused()).toBe('not activated: the model is still being loaded');
    await robot.pass(400);
    expect(refused()).toContain('robot_description: none received on /robot_description');
    ros.send('robot_description', { data: reacherUrdf });
    const withoutInputs = refused();
    expect(withoutInputs).toContain('image: none received on /image');
    expect(withoutInputs).toContain('joint_states: none received on /joint_states');
    robot.hasCamera = true;
    robot.hasDriver = true;
    await robot.pass(600);
    expect(ros.transitions.request('activate')).toEqual([true]);
  });

  it('keeps a request to activate until the inputs come', async () => {
    open({ 'activation.wait_s': 5 });
    robot.hasCamera = false;
    ros.transitions.request('configure');
    ros.send('robot_description', { data: reacherUrdf });
    await robot.pass(1000);
    const answers = ros.transitions.request('activate');
    await robot.pass(1000);
    expect(answers).toEqual([]);
    robot.hasCamera = true;
    await robot.pass(500);
    expect([answers, ros.transitions.state]).toEqual([[true], 'active']);
  });

  it('is unconfigured after its model could not be loaded, and says why until it is configured again', async () => {
    isFatalModel = true;
    open();
    ros.transitions.request('configure');
    await robot.pass(1500);
    expect([ros.transitions.state, fatal]).toEqual(['unconfigured', []]);
    expect(statusOf('model')).toEqual({ level: 2, message: refusal.message });
    isFatalModel = false;
    ros.transitions.request('configure');
    await robot.pass(1500);
    expect(statusOf('model')?.message).toBe('reacher on cpu');
  });

  it('refuses settings that contradict each other when it starts, before anything is set up', () => {
    expect(
      thrownBy(() => {
        open({ 'command.interface': 'joint_trajectory', 'command.kind': 'position' });
      }).facts.subject,
    ).toBe('parameter command.kind');
    open();
  });

  it('refuses settings that do not fit the model as soon as it has one', async () => {
    open();
    const others = { ...ros.parameters.values, 'command.joints': 'shoulder, wrist' };
    expect(rules.isConfigured()).toBe(false);
    expect(() => {
      rules.refuse(others);
    }).not.toThrow();
    ros.transitions.request('configure');
    await robot.pass(400);
    expect(rules.isConfigured()).toBe(true);
    expect(
      thrownBy(() => {
        rules.refuse(others);
      }).facts.subject,
    ).toBe('parameter command.joints');
  });

  it('keeps static parameters until a robot that was cleaned up under has come to rest', async () => {
    await openActive();
    ros.transitions.request('deactivate');
    ros.transitions.request('cleanup');
    expect(rules.isConfigured()).toBe(true);
    await robot.pass(3000);
    expect(robot.speedsSince(0).at(-1)).toBe(0);
    expect(rules.isConfigured()).toBe(false);
  });

  it('cannot be configured with settings that do not fit the model', async () => {
    open({ 'command.joints': 'shoulder, wrist' });
    ros.transitions.request('configure');
    await robot.pass(1500);
    expect(ros.transitions.state).toBe('unconfigured');
    expect(statusOf('model')?.message).toContain('wrist');
  });
});

describe('an active node', () => {
  it.each([
    ['frames', 'hasCamera', 'image'],
    ['joint states', 'hasDriver', 'joint_states'],
  ] as const)('brakes to rest in a gap of %s, and goes on after it', async (_, source, reason) => {
    await openActive();
    const gapMs = Date.now();
    robot[source] = false;
    await robot.pass(2000);
    expect(robot.speedsSince(Date.now() - 100).at(-1)).toBe(0);
    expect(ros.logged.some((text) => text.startsWith('hold') && text.includes(reason))).toBe(true);
    expect(statusOf('motion')?.level).toBe(2);
    robot[source] = true;
    await robot.pass(2000);
    expect(robot.speedsSince(Date.now() - 100).at(-1)).toBeCloseTo(0.5, 5);
    expectSmooth(robot.speedsSince(gapMs));
  });

  it('is not stopped by jitter, nor by a gap shorter than the time limit', async () => {
    await openActive();
    const gapMs = Date.now();
    robot.hasCamera = false;
    await robot.pass(250);
    robot.hasCamera = true;
    await robot.pass(1000);
    expect(Math.min(...robot.speedsSince(gapMs))).toBeCloseTo(0.5, 5);
  });

  it('holds while joint states come from another clock, unless they are stamped on arrival', async () => {
    await openActive();
    robot.driverClockMs = 5000;
    await robot.pass(2000);
    expect(robot.speedsSince(Date.now() - 100).at(-1)).toBe(0);
    ros.parameters = { values: { ...ros.parameters.values, 'joint_states.stamps': 'arrival' } };
    await robot.pass(2000);
    expect(robot.speedsSince(Date.now() - 100).at(-1)).toBeCloseTo(0.5, 5);
  });

  it('goes on braking to rest after it was deactivated, and then sends no more', async () => {
    await openActive();
    const endMs = Date.now();
    expect(ros.transitions.request('deactivate')).toEqual([true]);
    await robot.pass(1000);
    const speeds = robot.speedsSince(endMs);
    expectSmooth([0.5, ...speeds]);
    expect(speeds.at(-1)).toBe(0);
    const count = ros.since('commands').length;
    await robot.pass(1000);
    expect(ros.since('commands')).toHaveLength(count);
    expect(planners[0]?.disposedMs).toBeNull();
  });

  it('ends its planner after a clean-up only when the robot is at rest, and loads the next model after that', async () => {
    await openActive();
    expect(ros.transitions.request('deactivate')).toEqual([true]);
    expect(ros.transitions.request('cleanup')).toEqual([true]);
    expect(ros.transitions.request('configure')).toEqual([true]);
    await vi.advanceTimersByTimeAsync(0);
    expect([planners[0]?.disposedMs, planners[1]?.loads]).toEqual([null, []]);
    await robot.pass(1000);
    const atRestMs = ros.since('commands').at(-1)?.atMs ?? Infinity;
    expect(planners[0]?.disposedMs).toBeGreaterThanOrEqual(atRestMs);
    expect(planners[1]?.loads).toHaveLength(1);
    expect(robot.speedsSince(0).at(-1)).toBe(0);
  });

  it('is not subscribed to the cameras of a model that it has cleaned up', async () => {
    await openActive();
    ros.transitions.request('deactivate');
    ros.transitions.request('cleanup');
    expect(ros.send('image', goalImage(0))).toBe(0);
  });

  it('keeps its goal for the next session', async () => {
    await openActive();
    for (const label of ['deactivate', 'cleanup', 'configure']) ros.transitions.request(label);
    await robot.pass(2000);
    expect(ros.transitions.request('activate')).toEqual([true]);
    await robot.pass(1500);
    expect(robot.speedsSince(Date.now() - 100).at(-1)).toBeCloseTo(0.5, 5);
  });

  it('brakes the robot before it ends its planner and stops receiving', async () => {
    await openActive();
    const endMs = Date.now();
    const closed = node.shutdown();
    await robot.pass(20);
    expect([planners[0]?.disposedMs, ros.hasStopped]).toEqual([null, false]);
    await robot.pass(1000);
    await closed;
    expect(ros.hasStopped).toBe(true);
    expect(robot.speedsSince(endMs).at(-1)).toBe(0);
    const diagnostics = ros.since('diagnostics').length;
    await robot.pass(3000);
    expect(ros.since('diagnostics')).toHaveLength(diagnostics);
  });

  it('publishes diagnostics once a second', async () => {
    await openActive();
    const fromMs = Date.now();
    await robot.pass(5000);
    expect(ros.since('diagnostics', fromMs + 1)).toHaveLength(5);
  });
});

describe('services', () => {
  it('say that the node is not configured', () => {
    open();
    for (const name of ['~/pause', '~/reset', '~/capture_goal']) {
      expect(ros.call(name, { data: true })).toEqual({
        success: false,
        message: 'the node is not configured: configure it first',
      });
    }
  });

  it('pause the robot, and let it go on', async () => {
    await openActive();
    expect(ros.call('~/pause', { data: true })).toEqual({
      success: true,
      message: 'paused: the robot holds',
    });
    await robot.pass(1000);
    expect(robot.speedsSince(Date.now() - 100).at(-1)).toBe(0);
    ros.call('~/pause', { data: false });
    await robot.pass(1500);
    expect(robot.speedsSince(Date.now() - 100).at(-1)).toBeCloseTo(0.5, 5);
  });

  it('explain the distance to the goal with a heat map of the newest frame', async () => {
    open({ autostart: true, 'explain.patches': 4 });
    const refusals: unknown[] = [];
    const refused = async (): Promise<void> => {
      const answers = ros.request('~/explain_distance');
      await robot.pass(1);
      refusals.push(...answers);
    };
    await refused();
    node.start();
    await refused();
    ros.send('robot_description', { data: reacherUrdf });
    await robot.pass(1500);
    await refused();
    expect(refusals).toEqual(
      [/not configured/, /robot_description|still being loaded/, /goal: found none/].map((message) => ({
        success: false,
        message: expect.stringMatching(message) as unknown,
      })),
    );
    ros.send('goal_image', goalImage(Date.now()));
    await robot.pass(500);
    const answers = ros.request('~/explain_distance');
    await robot.pass(200);
    const [message = Buffer.alloc(0)] = ros.images.get('~/distance_map') ?? [];
    expect(answers).toEqual([
      {
        success: true,
        message: `the frame stamped ${String(stampOfImage(message))} ns is 3.000 from the goal; the largest contribution of a patch is 0.500`,
      },
    ]);
    const pixels = message.subarray(-8);
    expect([pixels.readFloatLE(0), pixels.readFloatLE(4)]).toEqual([0.5, -0.25]);
  });

  it('take the newest frame, of a while ago, for the goal', async () => {
    await openActive();
    const answer = ros.call('~/capture_goal');
    expect(answer?.success).toBe(true);
    const stampNs = BigInt(/stamped (\d+) ns/.exec(answer?.message ?? '')?.[1] ?? 0n);
    const ageMs = Date.now() - Number(stampNs / 1_000_000n);
    expect(ageMs).toBeGreaterThan(50);
    expect(ageMs).toBeLessThan(200);
  });

  it('say that a goal has no joint positions once the driver is silent', async () => {
    await openActive();
    expect(ros.call('~/capture_goal')?.message).toMatch(/ns$/);
    robot.hasDriver = false;
    await robot.pass(1000);
    expect(ros.call('~/capture_goal')?.message).toMatch(
      /ns, without joint positions: no fresh joint states$/,
    );
  });

  it('reset a moving robot after it has come to rest, and one at rest at once', async () => {
    await openActive();
    expect(ros.call('~/reset')?.message).toBe('braking to rest first; then the measured pose is taken');
    ros.call('~/pause', { data: true });
    await robot.pass(1500);
    expect(ros.call('~/reset')?.message).toMatch(
      /^anchored at shoulder=[\d.]+ elbow=-[\d.]+; goal \d+; now \d+$/,
    );
  });
});
