import { CdrReader } from '@foxglove/cdr';
import { afterEach, describe, expect, it, vi } from 'vitest';

import type { Command } from '../../../../src/safety/command.js';
import { brakingTrajectory } from '../../../../src/safety/trajectory.js';
import { validateParameters } from '../../../../src/params/validate.js';
import { CommandOutput } from '../../../../src/ros/topics/command-output.js';
import { CommandTiming } from '../../../../src/ros/topics/command-timing.js';
import type { Output } from '../../../../src/ros/topics/node-outputs.js';
import { restingAt } from '../../../../src/safety/command-limiter.js';
import { jointLimit, ms } from '../../../fixtures/robot.js';

const limits = [jointLimit('shoulder'), jointLimit('elbow')];

/** A command on its way, from which braking takes three periods more. */
function commandOf(mode: Command['mode'], efforts?: Float64Array): Command {
  const state = { ...restingAt(Float64Array.of(0.5, -0.5)), velocity: Float64Array.of(0.6, -0.3) };
  return {
    stampNs: ms(1000),
    positions: state.position,
    velocities: state.velocity,
    points: brakingTrajectory(state, ms(20), limits),
    mode,
    reason: '',
    ...(efforts && { efforts }),
  };
}

interface SetPoints {
  readonly label: string;
  readonly values: readonly number[];
}

function readSetPoints(message: Buffer): SetPoints {
  const reader = new CdrReader(message);
  expect(reader.sequenceLength()).toBe(1);
  const label = reader.string();
  expect([reader.uint32(), reader.uint32(), reader.uint32()]).toEqual([2, 2, 0]);
  return { label, values: [...reader.float64Array()] };
}

interface Point {
  readonly velocities: readonly number[];
  readonly timeMs: number;
}

function readTrajectory(message: Buffer): Point[] {
  const reader = new CdrReader(message);
  expect([reader.int32(), reader.uint32(), reader.string()]).toEqual([0, 0, '']);
  const names = Array.from({ length: reader.sequenceLength() }, () => reader.string());
  expect(names).toEqual(['shoulder', 'elbow']);
  return Array.from({ length: reader.sequenceLength() }, () => {
    expect([...reader.float64Array()]).toHaveLength(2);
    const velocities = [...reader.float64Array()];
    expect([reader.sequenceLength(), reader.sequenceLength()]).toEqual([0, 0]);
    return { velocities, timeMs: reader.int32() * 1000 + reader.uint32() / 1e6 };
  });
}

function outputWith(parameters: Record<string, unknown>, isSimulated = false) {
  const sent: Buffer[] = [];
  const keep: Output = { hasSubscribers: true, publish: (message) => void sent.push(message) };
  const values = validateParameters(parameters);
  const timing = new CommandTiming();
  const output = new CommandOutput(
    { jointTrajectory: keep, commands: keep },
    timing,
    () => values,
    isSimulated,
  );
  output.begin(['shoulder', 'elbow']);
  return { output, sent, timing };
}

describe('set-points', () => {
  it('go in the order of the controller, which their label tells', () => {
    const { output, sent } = outputWith({
      'command.interface': 'commands',
      'command.kind': 'position',
      'command.joints': 'elbow, shoulder',
    });
    output.send(commandOf('plan'));
    expect(sent.map(readSetPoints)).toEqual([{ label: 'elbow, shoulder', values: [-0.5, 0.5] }]);
    expect(output.form).toContain('position of elbow, shoulder');
  });

  it('go on along the ramp where a command must not go out, and stay at its end', () => {
    const { output, sent } = outputWith({ 'command.interface': 'commands' });
    const command = commandOf('plan');
    output.brake();
    expect(sent).toEqual([]);
    output.send(command);
    for (let period = 0; period < 5; period++) output.brake();
    const shoulder = sent.map((message) => readSetPoints(message).values[0]);
    [0.6, 0.4, 0.2, 0, 0, 0].forEach((velocity, index) => {
      expect(shoulder[index]).toBeCloseTo(velocity, 9);
    });
    output.release();
    expect(sent).toHaveLength(6);
  });

  it('of effort are 0 where a command must not go out, and at the end', () => {
    const { output, sent } = outputWith({ 'command.interface': 'commands', 'command.kind': 'effort' });
    output.send(commandOf('hold', Float64Array.of(3, -4)));
    output.brake();
    output.send(commandOf('hold', Float64Array.of(1, 2)));
    output.release();
    expect(sent.map((message) => readSetPoints(message).values)).toEqual([
      [3, -4],
      [0, 0],
      [1, 2],
      [0, 0],
    ]);
  });
});

describe('trajectories', () => {
  it('end at rest by themselves', () => {
    const { output, sent } = outputWith({});
    output.send(commandOf('plan'));
    output.brake();
    output.release();
    expect(sent).toHaveLength(1);
    const points = sent.flatMap(readTrajectory);
    expect(points.map(({ timeMs }) => timeMs)).toEqual([20, 40, 60, 80]);
    expect(points.at(-1)?.velocities).toEqual([0, 0]);
  });

  it('leave velocities out where positions alone are asked for', () => {
    const { output, sent } = outputWith({ 'command.trajectory_fields': 'positions' });
    output.send(commandOf('plan'));
    expect(sent.flatMap(readTrajectory).map(({ velocities }) => velocities)).toEqual([[], [], [], []]);
  });

  it('end moving where that is asked for, but not when the robot is to hold or a command must not go out', () => {
    const { output, sent } = outputWith({ 'command.trajectory_end': 'moving' });
    output.send(commandOf('plan'));
    output.brake();
    output.brake();
    output.send(commandOf('hold'));
    const ends = sent.map((message) => readTrajectory(message).at(-1)?.velocities);
    expect(ends).toEqual([
      [0.6, -0.3],
      [0, 0],
      [0, 0],
    ]);
  });
});

describe('the timing of commands', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  /** Three commands a period of 20 ms apart by their stamps, sent at these times of a steady clock. */
  function timingOf(isSimulated: boolean, sentAtMs: readonly number[]): CommandTiming {
    const { output, timing } = outputWith({ 'command.period_ms': 20 }, isSimulated);
    for (const [index, atMs] of sentAtMs.entries()) {
      vi.spyOn(performance, 'now').mockReturnValue(atMs);
      output.send({ ...commandOf('plan'), stampNs: ms(1000 + 20 * index) });
    }
    return timing;
  }

  it('is that of the stamps in simulated time, however late and close together they are sent', () => {
    const timing = timingOf(true, [0, 500, 500]);
    expect([timing.count, timing.missed]).toEqual([3, 0]);
    expect(timing.periodErrorMs(1)).toBeCloseTo(0);
  });

  it('is that of sending in real time', () => {
    const timing = timingOf(false, [0, 20, 100]);
    expect([timing.count, timing.missed]).toEqual([3, 3]);
  });
});
