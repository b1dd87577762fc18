import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { decodeFrame } from '../../../src/dashboard/binary-frame.js';
import { Dashboard } from '../../../src/dashboard/dashboard.js';
import { serverMessageSchema } from '../../../src/dashboard/protocol.js';
import { recordingListSchema } from '../../../src/dashboard/replay-protocol.js';
import type { ServerMessage } from '../../../src/dashboard/protocol.js';
import type { StatusMessage } from '../../../src/dashboard/planner/wire.js';
import { diagnosticArray } from '../../../src/ros/diagnostics/diagnostic-messages.js';
import { cdrMessage, writeHeader, writeString } from '../../../src/ros/topics/cdr-writing.js';
import { jointTrajectory } from '../../../src/ros/topics/trajectory-messages.js';
import { FakeRosPort } from './fake-ros-port.js';
import { FakeSocket } from './fake-socket.js';

const NODE = '/planner_node';
const HELLO: ServerMessage = { type: 'hello', protocol: 1, version: '0', node: NODE, profilesFolder: '/' };
const URDF = `<robot name="arm"><link name="base"/><link name="tip"/>
  <joint name="elbow" type="revolute"><parent link="base"/><child link="tip"/><axis xyz="0 0 1"/>
    <limit lower="-1" upper="2" velocity="3" effort="4"/></joint></robot>`;

type Of<Type extends ServerMessage['type']> = Extract<ServerMessage, { type: Type }>;

function status(part: string, message: string, values: Record<string, string>): StatusMessage {
  return { level: 'ok', name: `planner_node: ${part}`, message, values: new Map(Object.entries(values)) };
}

const REPORT = {
  stampNs: 0n,
  statuses: [
    status('model', 'loaded', { joints: 'elbow', period_ms: '100' }),
    status('camera wrist', '30 a second', { topic: '/image' }),
    status('commands', '', { interface: 'joint_trajectory' }),
    status('motion', '', { condition: 'ok', emergency_stop: '', speed_scale: '1', dry_run: 'false' }),
  ],
};

describe('the dashboard of a planner', () => {
  let ros = new FakeRosPort();
  let folder = '';
  let dashboard: Dashboard;
  let socket = new FakeSocket();
  let say: (message: object) => void = () => undefined;
  let nowMs = 0;

  beforeEach(() => {
    vi.useFakeTimers();
    nowMs = 0;
    folder = mkdtempSync(join(tmpdir(), 'dashboard-'));
    ros = new FakeRosPort();
    ros.subscriptions = [
      { name: '/image', types: ['sensor_msgs/msg/Image'] },
      { name: '/joint_states', types: ['sensor_msgs/msg/JointState'] },
      { name: '/robot_description', types: ['std_msgs/msg/String'] },
    ];
    ros.publications = [
      { name: '/joint_trajectory', types: ['trajectory_msgs/msg/JointTrajectory'] },
      { name: `${NODE}/statistics`, types: ['diagnostic_msgs/msg/DiagnosticArray'] },
    ];
    const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
    dashboard = new Dashboard({
      ros,
      node: NODE,
      profilesFolder: folder,
      recordingsFolder: folder,
      replayEntry: new URL('file:///none'),
      packagePrefixes: [],
      log,
      nowMs: () => nowMs,
    });
    socket = new FakeSocket();
    const connection = dashboard.hub.connect(socket, HELLO);
    say = (message) => {
      connection.onMessage(JSON.stringify(message));
    };
  });

  afterEach(() => {
    dashboard.close();
    vi.useRealTimers();
    rmSync(folder, { recursive: true });
  });

  /** Lets time pass, with what is due in it. */
  async function pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 100) {
      nowMs += 100;
      await vi.advanceTimersByTimeAsync(100);
    }
  }

  function all<Type extends ServerMessage['type']>(type: Type): readonly Of<Type>[] {
    return socket.messages
      .map((message) => serverMessageSchema.parse(message))
      .filter((message): message is Of<Type> => message.type === type);
  }

  async function answerTo(request: object): Promise<Of<'reply'>> {
    const before = all('reply').length;
    say({ id: 99, ...request });
    // Some are answered from files, for which no timer waits.
    for (let rounds = 0; rounds < 50 && all('reply').length === before; rounds++) await pass(200);
    const reply = all('reply').at(-1);
    if (reply === undefined) throw new Error('there is no reply');
    return reply;
  }

  it('shows the node, its state, its parameters with their values, and its channels', async () => {
    await pass(1100);
    expect(all('node').at(-1)).toEqual({ type: 'node', present: true, state: 'active' });
    const [schema] = all('schema');
    expect(schema?.parameters.find(({ name }) => name === 'sampling.samples')).toMatchObject({
      type: 'integer',
      range: [0, 100_000],
      defaultValue: 0,
    });
    expect(schema?.parameters.some(({ name }) => name.startsWith('qos_overrides'))).toBe(false);
    expect(all('parameters')[0]?.values).toMatchObject({ planner: 'cem', seed: 1 });
    const streams = all('streams').at(-1)?.streams ?? [];
    expect(streams.find(({ channel }) => channel === 'statistics')?.available).toBe(true);
    expect(streams.find(({ channel }) => channel === 'candidate_costs')?.available).toBe(false);
    expect(streams.map(({ channel }) => channel)).toContain('camera/image');
  });

  it('asks the thread of the node for a few parameters at a time', async () => {
    await pass(1100);
    const sizes = ros.calls.flatMap(([, { names }]) => (Array.isArray(names) ? [names.length] : []));
    expect(Math.max(...sizes)).toBeLessThanOrEqual(16);
  });

  it('notices that the node goes silent, ends and comes back, and reads its parameters anew', async () => {
    await pass(2000);
    ros.report(REPORT);
    await pass(3000);
    expect(all('node').at(-1)).toMatchObject({ present: true });
    await pass(6000);
    expect(all('node').at(-1)).toMatchObject({ present: false, state: 'unknown' });
    ros.isThere = false;
    await pass(2000);
    ros.isThere = true;
    ros.state = 'unconfigured';
    const before = all('schema').length;
    await pass(2000);
    expect(all('node').at(-1)).toEqual({ type: 'node', present: true, state: 'unconfigured' });
    expect(all('schema').length).toBe(before + 1);
  });

  it('takes reports of its own planner only, where another one has the same name', async () => {
    await pass(1000);
    ros.report(REPORT, ['/other/planner_node']);
    expect(all('diagnostics')).toEqual([]);
    ros.report(REPORT);
    expect(all('diagnostics')[0]?.parts.map(({ part }) => part)).toEqual([
      'model',
      'camera wrist',
      'commands',
      'motion',
    ]);
    await pass(1100);
    const streams = all('streams').at(-1)?.streams ?? [];
    expect(streams.map(({ channel }) => channel)).toContain('camera/wrist');
  });

  it('subscribes to what somebody watches, and to nothing else', async () => {
    await pass(1100);
    expect(ros.topics).not.toContain(`${NODE}/statistics`);
    say({ type: 'watch', channels: ['statistics', 'joints'] });
    expect(ros.topics).toEqual(
      expect.arrayContaining([`${NODE}/statistics`, '/joint_states', '/joint_trajectory']),
    );
    expect(ros.topics).not.toContain('/image');
    say({ type: 'watch', channels: [] });
    expect(ros.topics).not.toContain(`${NODE}/statistics`);
  });

  it('sends the figures of each plan', async () => {
    await pass(1100);
    say({ type: 'watch', channels: ['statistics'] });
    const values = { frame_stamp_ns: '1700000000123456789', plan_ms: '12.5', device: 'cpu' };
    ros.publish(
      `${NODE}/statistics`,
      diagnosticArray(0n, 'arm', [{ level: 'ok', name: 'planner', message: '', values }]),
    );
    expect(all('statistics')).toEqual([
      {
        type: 'statistics',
        stampNs: '1700000000123456789',
        values: { frame_stamp_ns: '1700000000123456789', plan_ms: 12.5, device: 'cpu' },
      },
    ]);
  });

  it('sends the robot with its limits, and its joints in the order of the model', async () => {
    await pass(1100);
    ros.publish(
      '/robot_description',
      cdrMessage((writer) => {
        writeString(writer, URDF);
      }),
    );
    ros.report(REPORT);
    expect(all('robot').at(-1)).toEqual({
      type: 'robot',
      version: 1,
      joints: [{ name: 'elbow', lower: -1, upper: 2, velocity: 3, unit: 'rad' }],
      commandKind: 'position',
      periodMs: 100,
    });
    say({ type: 'watch', channels: ['joints'] });
    ros.publish(
      '/joint_states',
      cdrMessage((writer) => {
        writeHeader(writer, 5n, '');
        writer.sequenceLength(1);
        writeString(writer, 'elbow');
        writer.float64Array([0.5], true).float64Array([0.25], true).float64Array([], true);
      }),
    );
    await pass(100);
    const bytes = socket.sent.findLast((data) => typeof data !== 'string') as Uint8Array<ArrayBuffer>;
    expect(decodeFrame(bytes.buffer)).toMatchObject({
      channel: 'joints',
      stampNs: 5n,
      shape: [3, 1],
      numbers: Float32Array.of(0.5, 0.25, NaN),
    });
  });

  it('sends no plan before it knows the joints that its columns are of', async () => {
    await pass(1100);
    say({ type: 'watch', channels: ['plan'] });
    const point = { positions: Float64Array.of(0.5), velocities: Float64Array.of(0.25), timeFromStartNs: 1n };
    const plan = jointTrajectory([point], ['elbow'], { hasVelocities: true });
    const frames = (): number => socket.sent.filter((data) => typeof data !== 'string').length;
    ros.publish(`${NODE}/plan`, plan);
    expect(frames()).toBe(0);
    ros.report(REPORT);
    ros.publish(`${NODE}/plan`, plan);
    expect(frames()).toBe(1);
  });

  it('sends an empty picture once there is no goal any more, also to pages that look later', async () => {
    const topic = `${NODE}/goal_image`;
    ros.publications.push({ name: topic, types: ['sensor_msgs/msg/Image'] });
    await pass(1100);
    say({ type: 'watch', channels: ['goal/image'] });
    ros.publish(
      topic,
      cdrMessage((writer) => {
        writeHeader(writer, 7n, '');
        writer.uint32(0).uint32(0);
        writeString(writer, 'rgb8');
        writer.uint8(0).uint32(0).sequenceLength(0);
      }),
    );
    await pass(100);
    say({ type: 'watch', channels: [] });
    say({ type: 'watch', channels: ['goal/image'] });
    const frames = socket.sent.filter((data) => typeof data !== 'string') as Uint8Array<ArrayBuffer>[];
    expect(frames.map((bytes) => decodeFrame(bytes.buffer))).toEqual(
      Array.from({ length: 2 }, () => ({
        kind: 'picture',
        channel: 'goal/image',
        stampNs: 7n,
        jpeg: new Uint8Array(0),
      })),
    );
  });

  it('sets parameters as the types that they have, and passes a refusal on', async () => {
    await pass(1100);
    expect(
      await answerTo({ type: 'set_parameters', values: { 'mppi.temperature': 2, seed: 4 } }),
    ).toMatchObject({ ok: true });
    expect(ros.calls.at(-1)?.[1]['parameters']).toMatchObject([
      { value: { type: 3, double_value: 2 } },
      { value: { type: 2, integer_value: 4n } },
    ]);
    expect(all('parameters').at(-1)?.values).toEqual({ 'mppi.temperature': 2, seed: 4 });
    ros.refusal = 'parameter seed: found -1, expected a whole number from 0';
    const refused = await answerTo({ type: 'set_parameters', values: { seed: -1 } });
    expect(refused).toMatchObject({
      ok: false,
      refusal: { message: ros.refusal, parameter: 'seed', place: null },
    });
  });

  it('stops at once, also while other requests wait for their turn', async () => {
    await pass(1100);
    for (let id = 0; id < 50; id++) say({ type: 'speed_scale', id, value: 0.5 });
    say({ type: 'call', id: 100, call: { service: 'emergency_stop' } });
    await vi.advanceTimersByTimeAsync(0);
    const names = ros.calls.map(([name]) => name);
    expect(names).toContain('emergency_stop');
    expect(names.filter((name) => name === 'set_parameters_atomically').length).toBeLessThan(3);
  });

  it('never requests more of the node than 50 things a second, whatever the pages do', async () => {
    await pass(1100);
    const before = ros.calls.length;
    for (let id = 0; id < 64; id++) say({ type: 'speed_scale', id, value: 0.5 });
    await pass(500);
    expect(ros.calls.length - before).toBeLessThanOrEqual(26);
  });

  it('saves and loads goals by name, through the parameter that the services read', async () => {
    await pass(1100);
    await answerTo({ type: 'call', call: { service: 'load_goal', name: 'home' } });
    expect(ros.calls.slice(-2).map(([name]) => name)).toEqual(['set_parameters_atomically', 'load_goal']);
    const listed = await answerTo({ type: 'call', call: { service: 'list_goals' } });
    expect(listed).toMatchObject({ ok: true, data: { names: ['home', 'work'] } });
  });

  it('shows a pause that was granted at once, whatever an older report says', async () => {
    await pass(1100);
    ros.report(REPORT);
    expect(all('operator').at(-1)).toMatchObject({ paused: false });
    await answerTo({ type: 'call', call: { service: 'pause', paused: true } });
    ros.report(REPORT);
    expect(all('operator').at(-1)).toMatchObject({ paused: true });
    await pass(2000);
    ros.report(REPORT);
    expect(all('operator').at(-1)).toMatchObject({ paused: false });
  });

  it('lists recordings, and refuses to replay what is not among them, in words', async () => {
    writeFileSync(join(folder, 'run.mcap'), 'x');
    const listed = await answerTo({ type: 'list_recordings' });
    const list = recordingListSchema.parse(listed.data);
    expect([list.folder, list.recordings.map(({ name, bytes }) => [name, bytes])]).toEqual([
      folder,
      [['run.mcap', 1]],
    ]);
    const refused = await answerTo({ type: 'start_replay', recording: '../run.mcap', profile: null });
    expect(refused).toMatchObject({
      ok: false,
      refusal: { message: expect.stringContaining('found no such file') as string },
    });
    expect(all('replay')).toEqual([]);
    expect(await answerTo({ type: 'cancel_replay' })).toMatchObject({ ok: true });
  });

  it('refuses what a node that is not there would have to do, and says so', async () => {
    ros.isThere = false;
    await pass(1100);
    expect(await answerTo({ type: 'call', call: { service: 'reset' } })).toMatchObject({
      ok: false,
      refusal: { message: expect.stringContaining('found nobody') as string },
    });
  });
});
