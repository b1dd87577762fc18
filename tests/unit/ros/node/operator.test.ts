import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { PlannerNode } from '../../../../src/ros/node/planner-node.js';
import { FakeRos, readSetPoint, readStatuses, RECORDER } from '../../../fixtures/fake-ros.js';
import { goalImage, LateRobot, reacherUrdf, SteadyPlanner } from '../../../fixtures/late-robot.js';

const LIMIT_RAD_S2 = 10;
const PERIOD_S = 0.02;

let ros: FakeRos;
let robot: LateRobot;
let planners: SteadyPlanner[];
let node: PlannerNode;

function open(parameters: Record<string, unknown> = {}): void {
  ros = new FakeRos({
    model: 'models/reacher',
    'command.interface': 'commands',
    'watchdog.joint_states_timeout_s': 0.3,
    ...parameters,
  });
  robot = new LateRobot(ros);
  node = new PlannerNode({
    openNode: () => ros,
    recorder: RECORDER,
    createPlanner: () => {
      const planner = new SteadyPlanner();
      planners.push(planner);
      return planner;
    },
    onFatal: () => undefined,
  });
}

/** A configured node whose inputs are there. */
async function openInactive(parameters: Record<string, unknown> = {}): Promise<void> {
  open(parameters);
  ros.transitions.request('configure');
  ros.send('robot_description', { data: reacherUrdf });
  await robot.pass(1000);
}

/** A node that follows plans towards a goal. */
async function openMoving(parameters: Record<string, unknown> = {}): Promise<void> {
  await openInactive(parameters);
  expect(ros.transitions.request('activate')).toEqual([true]);
  ros.send('goal_image', goalImage(Date.now()));
  await robot.pass(2500);
  expect(speed()).toBeGreaterThan(0.1);
}

/** Speed of the faster joint in the newest command, rad/s. */
const speed = (): number => robot.speedsSince(0).at(-1) ?? NaN;

const press = (data: boolean, publisher = 'button'): void => {
  ros.send('~/emergency_stop', { data }, publisher);
};

function statusOf(part: string): { level: number; message: string } | undefined {
  const newest = ros.since('diagnostics').at(-1);
  return newest && readStatuses(newest.message).get(`planner_node: ${part}`);
}

/** What was sent since a time: no joint is accelerated or braked harder than it may be. */
function expectSmooth(sinceMs: number): void {
  const speeds = robot.speedsSince(sinceMs);
  const steps = speeds.slice(1).map((each, index) => Math.abs(each - (speeds[index] ?? each)));
  expect(Math.max(...steps)).toBeLessThanOrEqual(LIMIT_RAD_S2 * PERIOD_S + 1e-9);
}

beforeEach(() => {
  vi.useFakeTimers({ now: 100_000 });
  planners = [];
});

afterEach(async () => {
  const closing = node.shutdown();
  await robot.pass(3000);
  await closing;
  vi.useRealTimers();
});

describe('an emergency stop', () => {
  it('brakes the robot within its limits, keeps it at rest with commands, and says who pressed', async () => {
    await openMoving();
    const pressedMs = Date.now();
    press(true);
    await robot.pass(1500);
    expect(speed()).toBe(0);
    expectSmooth(pressedMs - 40);
    press(false);
    await robot.pass(2000);
    expect(speed()).toBe(0);
    expect(Date.now() - (ros.since('commands').at(-1)?.atMs ?? 0)).toBeLessThan(100);
    expect(ros.logged).toContain('emergency stop: pressed by /button; it lasts until ~/reset');
    expect(ros.logged.some((text) => text.startsWith('stop: emergency_stop: pressed by /button'))).toBe(true);
    expect(statusOf('motion')).toMatchObject({ level: 2 });
    expect(statusOf('motion')?.message).toContain('emergency_stop: pressed by /button');
  });

  it('is cleared by a reset alone, and only once every button is released', async () => {
    await openMoving();
    press(true, 'left');
    press(false, 'right');
    await robot.pass(500);
    press(true, 'left');
    press(false, 'right');
    expect(ros.call('~/reset')).toEqual({
      success: false,
      message: 'emergency_stop: /left says true, /right says false; release every button, then call ~/reset',
    });
    press(false, 'left');
    expect(ros.call('~/reset')?.success).toBe(true);
    await robot.pass(2500);
    expect(speed()).toBeGreaterThan(0.1);
  });

  it('is not cleared while a button that publishes on change only is pressed, until its publisher ends', async () => {
    await openMoving();
    ros.publishing.add('left');
    press(true, 'left');
    await robot.pass(5000);
    expect(ros.call('~/reset')?.message).toContain('/left says true');
    await robot.pass(1000);
    expect(speed()).toBe(0);
    ros.publishing.delete('left');
    expect(ros.call('~/reset')?.success).toBe(true);
  });

  it('counts when nobody can say who pressed, and is not cleared while nobody knows whether that one is gone', async () => {
    await openMoving();
    ros.isGraphBroken = true;
    press(true);
    await robot.pass(2000);
    expect(speed()).toBe(0);
    const topic = '/planner_node/emergency_stop';
    expect(ros.logged).toContain(
      `emergency stop: pressed by an unknown publisher of ${topic}; it lasts until ~/reset`,
    );
    expect(ros.call('~/reset')?.message).toContain(`an unknown publisher of ${topic} says true`);
    ros.isGraphBroken = false;
    expect(ros.call('~/reset')?.success).toBe(true);
  });

  it('may be requested by service, which does not release it', async () => {
    await openMoving();
    expect(ros.call('~/emergency_stop', { data: true })).toEqual({
      success: true,
      message: 'stopped; ~/reset clears it',
    });
    await robot.pass(1000);
    expect(speed()).toBe(0);
    expect(ros.call('~/emergency_stop', { data: false })).toEqual({
      success: false,
      message: 'release every button, then call ~/reset',
    });
    await robot.pass(500);
    expect(speed()).toBe(0);
    expect(ros.logged).toContain(
      'emergency stop: requested by service ~/emergency_stop; it lasts until ~/reset',
    );
  });

  it('counts in a node that is not configured, and is remembered until a reset', async () => {
    open();
    press(true);
    await robot.pass(2000);
    ros.transitions.request('configure');
    ros.send('robot_description', { data: reacherUrdf });
    await robot.pass(1000);
    ros.transitions.request('activate');
    ros.send('goal_image', goalImage(Date.now()));
    await robot.pass(2000);
    expect(speed()).toBe(0);
    expect(ros.call('~/reset')?.success).toBe(true);
    await robot.pass(2500);
    expect(speed()).toBeGreaterThan(0.1);
  });

  it('can be cleared in a node that is not configured', () => {
    open();
    ros.call('~/emergency_stop', { data: true });
    expect(ros.call('~/reset')).toEqual({
      success: true,
      message: 'the emergency stop is cleared; the node is not configured: configure it first',
    });
    expect(ros.call('~/reset')?.success).toBe(false);
  });

  it('outlasts a deactivation in which it came, and the next activation', async () => {
    await openMoving();
    const pressedMs = Date.now();
    ros.transitions.request('deactivate');
    press(true);
    await robot.pass(2000);
    expectSmooth(pressedMs - 40);
    ros.transitions.request('activate');
    await robot.pass(1500);
    expect(speed()).toBe(0);
    expect(statusOf('motion')?.message).toContain('emergency_stop');
  });
});

describe('the heartbeat of the emergency stop', () => {
  it('is required for activation, if it has a timeout', async () => {
    await openInactive({ 'emergency_stop.timeout_s': 0.5 });
    expect(ros.transitions.request('activate')).toEqual([false]);
    expect(ros.logged.at(-1)).toContain(
      'emergency_stop: no heartbeat received on /planner_node/emergency_stop, which nobody publishes',
    );
    press(false);
    expect(ros.transitions.request('activate')).toEqual([true]);
  });

  it('stops the robot when it is lost, until it is back and a reset', async () => {
    await openInactive({ 'emergency_stop.timeout_s': 0.5 });
    press(false);
    ros.transitions.request('activate');
    ros.send('goal_image', goalImage(Date.now()));
    for (let beat = 0; beat < 25; beat++) {
      press(false);
      await robot.pass(100);
    }
    expect(speed()).toBeGreaterThan(0.1);
    const lostMs = Date.now();
    await robot.pass(400);
    expect(speed()).toBeGreaterThan(0.1);
    await robot.pass(800);
    expect(speed()).toBe(0);
    expectSmooth(lostMs);
    expect(ros.call('~/reset')?.message).toMatch(
      /^emergency_stop: no heartbeat for 1\.\d\d s from \/button; /,
    );
    press(false);
    await robot.pass(100);
    expect(speed()).toBe(0);
    expect(ros.call('~/reset')?.success).toBe(true);
  });
});

describe('the heartbeats of two publishers', () => {
  beforeEach(async () => {
    await openInactive({ 'emergency_stop.timeout_s': 0.5 });
    press(false, 'left');
    press(false, 'right');
    expect(ros.transitions.request('activate')).toEqual([true]);
  });

  it('stop the robot when one of them is lost, and are those of the other after a reset', async () => {
    for (let beat = 0; beat < 10; beat++) {
      press(false, 'left');
      await robot.pass(100);
    }
    expect(statusOf('motion')?.message).toMatch(/emergency_stop: no heartbeat for \d\.\d\d s from \/right/);
    press(false, 'left');
    expect(ros.call('~/reset')?.success).toBe(true);
    for (let beat = 0; beat < 10; beat++) {
      press(false, 'left');
      await robot.pass(100);
    }
    expect(statusOf('motion')?.message).not.toContain('emergency_stop');
  });

  it('are not lost to a reset that comes before the next tick', async () => {
    await robot.pass(440);
    // Time passes, and the tick that would notice is still to come.
    const clock = vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 100);
    press(false, 'left');
    expect(ros.call('~/reset')?.success).toBe(true);
    clock.mockRestore();
    expect(ros.logged.some((text) => text.startsWith('emergency stop: no heartbeat for'))).toBe(true);
  });
});

describe('the speed scale', () => {
  it('slows the robot down with the next tick, to rest at 0, and lets it go on', async () => {
    await openMoving();
    const full = speed();
    const sentMs = Date.now();
    ros.send('~/speed_scale', { data: 0.3 });
    await robot.pass(1000);
    expect(speed()).toBeCloseTo(0.3 * full, 3);
    expect(robot.speedsSince(sentMs)[1]).toBeLessThan(full);
    ros.send('~/speed_scale', { data: 0 });
    await robot.pass(1000);
    expect(speed()).toBe(0);
    expectSmooth(sentMs);
    ros.send('~/speed_scale', { data: 1 });
    await robot.pass(1000);
    expect(speed()).toBeCloseTo(full, 3);
  });

  it.each([NaN, 2, -1])('refuses %d by name, and keeps the one before', async (data) => {
    await openMoving();
    const full = speed();
    ros.send('~/speed_scale', { data: 0.5 });
    await robot.pass(1000);
    ros.send('~/speed_scale', { data });
    await robot.pass(500);
    expect(speed()).toBeCloseTo(0.5 * full, 3);
    expect(ros.logged.some((text) => text.includes('~/speed_scale') && text.includes(String(data)))).toBe(
      true,
    );
  });

  it('holds the robot while a required topic is silent', async () => {
    await openMoving({ 'command.speed_scale_timeout_s': 0 });
    ros.parameters = { values: { ...ros.parameters.values, 'command.speed_scale_timeout_s': 0.5 } };
    await robot.pass(1000);
    expect(speed()).toBe(0);
    expect(statusOf('motion')?.message).toContain('speed_scale: no message received');
    for (let beat = 0; beat < 20; beat++) {
      ros.send('~/speed_scale', { data: 1 });
      await robot.pass(100);
    }
    expect(speed()).toBeGreaterThan(0.1);
  });
});

describe('a dry run', () => {
  it('plans and reports, and sends no command, while the robot is moved by hand', async () => {
    await openInactive({ dry_run: true });
    expect(ros.transitions.request('activate')).toEqual([true]);
    expect(ros.logged).toContain('active; commands: none, for dry_run is true');
    ros.send('goal_image', goalImage(Date.now()));
    for (let step = 0; step < 20; step++) {
      robot.position = [robot.position[0] + 0.05, robot.position[1]];
      await robot.pass(100);
    }
    expect(ros.since('plan').length).toBeGreaterThan(5);
    expect(ros.since('statistics').length).toBeGreaterThan(5);
    expect([ros.since('commands'), ros.since('jointTrajectory')]).toEqual([[], []]);
    expect(statusOf('motion')?.message).toBe(
      'dry_run: no command is sent, clears with dry_run: false, before the node is configured',
    );
    const [request] = planners.flatMap(({ requests }) => requests.slice(-1));
    expect(request?.joints.commanded?.[0]).toBeGreaterThan(0.9);
    ros.transitions.request('deactivate');
    await robot.pass(500);
    expect(ros.since('commands')).toEqual([]);
  });
});

describe('who else is on the command topic', () => {
  it.each([
    ['another planner', { publishers: ['/other'], subscribers: 1 }, '/other also publishes /commands'],
    ['no controller', { publishers: [], subscribers: 0 }, 'nobody subscribes to /commands'],
  ])('holds the robot if it is %s', async (_what, peers, text) => {
    await openMoving();
    const fromMs = Date.now();
    ros.peers = peers;
    await robot.pass(2000);
    expect(speed()).toBe(0);
    expectSmooth(fromMs);
    expect(statusOf('motion')?.message).toContain(`controller: ${text}`);
    ros.peers = { publishers: [], subscribers: 1 };
    await robot.pass(3000);
    expect(speed()).toBeGreaterThan(0.1);
  });
});

describe('a camera that repeats one picture', () => {
  it('holds a robot that moves, until the picture changes', async () => {
    await openMoving();
    robot.isFrozen = true;
    await robot.pass(2500);
    expect(speed()).toBe(0);
    expect(statusOf('motion')?.message).toContain('image: the picture has not changed');
    robot.isFrozen = false;
    await robot.pass(2500);
    expect(speed()).toBeGreaterThan(0.1);
  });
});

describe('a joint outside the limits of the robot description', () => {
  const OUTSIDE = 3;

  it('refuses activation, and is brought back slowly by ~/recover', async () => {
    await openInactive();
    robot.position = [0.1, OUTSIDE];
    await robot.pass(500);
    expect(ros.transitions.request('activate')).toEqual([false]);
    expect(ros.logged.at(-1)).toMatch(
      /limits: joint 'elbow' at 3\.0000 rad, outside its limits .* rad.*~\/recover/,
    );
    const answer = ros.call('~/recover');
    expect(answer?.message).toMatch(/^moving slowly: elbow from 3\.0000 to 2\.\d+$/);
    await robot.pass(200);
    expect(ros.transitions.request('activate')).toEqual([false]);
    expect(ros.logged.at(-1)).toContain('~/recover still moves joints back');
    await robot.pass(8000);
    const limits = ros.since('commands').map(({ message }) => readSetPoint(message)[1] ?? NaN);
    expect(Math.min(...limits)).toBeGreaterThanOrEqual(-0.21);
    expect(limits.at(-1)).toBe(0);
    expectSmooth(0);
    expect(robot.position[1]).toBeLessThan(2.61);
    expect(ros.logged).toContain('recovery has ended: every joint is inside its limits');
    const count = ros.since('commands').length;
    await robot.pass(500);
    expect(ros.since('commands')).toHaveLength(count);
    expect(ros.transitions.request('activate')).toEqual([true]);
  });

  it('is not brought back in other states, in a dry run, or during an emergency stop', async () => {
    await openMoving();
    expect(ros.call('~/recover')?.message).toContain('found state active, expected state inactive');
    ros.transitions.request('deactivate');
    await robot.pass(1000);
    ros.call('~/emergency_stop', { data: true });
    expect(ros.call('~/recover')).toMatchObject({ success: false });
    expect(ros.call('~/recover')?.message).toContain('emergency_stop: requested by');
    ros.call('~/reset');
    expect(ros.call('~/recover')).toEqual({ success: true, message: 'every joint is inside its limits' });
    ros.parameters = { values: { ...ros.parameters.values, dry_run: true } };
    expect(ros.call('~/recover')?.success).toBe(false);
  });

  it('stops on its way for an emergency stop, and does not go on by itself', async () => {
    await openInactive();
    robot.position = [0.1, OUTSIDE];
    await robot.pass(500);
    ros.call('~/recover');
    await robot.pass(500);
    expect(speed()).toBeGreaterThan(0.05);
    press(true);
    await robot.pass(1000);
    expect(speed()).toBe(0);
    expectSmooth(0);
    const count = ros.since('commands').length;
    await robot.pass(1000);
    expect(ros.call('~/reset')?.success).toBe(true);
    await robot.pass(500);
    expect(ros.since('commands')).toHaveLength(count);
  });

  it('is no pose to start from again: a reset of an active robot is refused, and ~/recover is the way back', async () => {
    await openMoving();
    robot.position = [robot.position[0], OUTSIDE];
    await robot.pass(1500);
    expect(speed()).toBe(0);
    expect(statusOf('motion')?.message).toContain("fault: joint 'elbow'");
    const answer = ros.call('~/reset');
    expect(answer?.success).toBe(false);
    expect(answer?.message).toMatch(
      /^limits: joint 'elbow' at 2\.9\d+ rad, outside its limits .*; deactivate the node, then call ~\/reset and ~\/recover$/,
    );
    await robot.pass(1000);
    expect(speed()).toBe(0);
    ros.transitions.request('deactivate');
    await robot.pass(500);
    expect(ros.call('~/reset')?.success).toBe(true);
    expect(ros.call('~/recover')?.message).toMatch(/^moving slowly: elbow/);
    await robot.pass(8000);
    expect(robot.position[1]).toBeLessThan(2.61);
    expect(ros.transitions.request('activate')).toEqual([true]);
  });

  it('is not where a reset ends its way back inside', async () => {
    await openInactive();
    robot.position = [0.1, OUTSIDE];
    await robot.pass(500);
    ros.call('~/recover');
    await robot.pass(500);
    const answer = ros.call('~/reset');
    expect(answer?.success).toBe(false);
    expect(answer?.message).toContain('~/recover still moves joints back inside their limits');
    await robot.pass(8000);
    expect(ros.logged).toContain('recovery has ended: every joint is inside its limits');
    expect(robot.position[1]).toBeLessThan(2.61);
    expect(ros.call('~/reset')?.success).toBe(true);
  });

  it('waits on its way for joint states, and for a pause', async () => {
    await openInactive();
    robot.position = [0.1, OUTSIDE];
    await robot.pass(500);
    ros.call('~/recover');
    await robot.pass(500);
    ros.call('~/pause', { data: true });
    await robot.pass(500);
    expect(speed()).toBe(0);
    ros.call('~/pause', { data: false });
    await robot.pass(500);
    expect(speed()).toBeGreaterThan(0.05);
  });
});
