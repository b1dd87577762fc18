import { msToNs } from '../../core/time.js';
import type { Command } from '../../safety/command.js';
import { jointOrder } from '../../robot/joint-order.js';
import type { TrajectoryPoint } from '../../safety/trajectory.js';
import { listedIn } from '../../core/names.js';
import type { Parameters } from '../../params/schema.js';
import { commandsEfforts } from '../../safety/command-settings.js';
import type { CommandTiming } from './command-timing.js';
import type { NodeOutputs } from './node-outputs.js';
import { jointTrajectory, setPoints } from './trajectory-messages.js';

/** Publishes commands in the form that the robot's controller takes; none in a dry run. */
export class CommandOutput {
  readonly #outputs: Pick<NodeOutputs, 'jointTrajectory' | 'commands'>;
  readonly #timing: CommandTiming;
  readonly #parameters: () => Parameters;
  readonly #isSimulated: boolean;
  #joints: readonly string[] = [];
  /** Index in the model of each joint of the controller. */
  #order: readonly number[] = [];
  /** The same joints by name. */
  #ordered: readonly string[] = [];
  #last: Command | null = null;
  /** Periods since the last command. */
  #silentFor = 0;

  /** @param isSimulated whether commands keep simulated time: one `/clock` message may then bring several at once */
  constructor(
    outputs: Pick<NodeOutputs, 'jointTrajectory' | 'commands'>,
    timing: CommandTiming,
    parameters: () => Parameters,
    isSimulated: boolean,
  ) {
    this.#isSimulated = isSimulated;
    this.#outputs = outputs;
    this.#timing = timing;
    this.#parameters = parameters;
  }

  /** Starts over, with an activation. @param joints in the order of commands */
  begin(joints: readonly string[]): void {
    const names = listedIn(this.#parameters()['command.joints']);
    this.#joints = joints;
    this.#order = jointOrder('command.joints', names, joints);
    this.#ordered = names.length === 0 ? joints : names;
    this.#last = null;
    this.#silentFor = 0;
    this.#timing.reset();
  }

  /** What is published, for the log. */
  get form(): string {
    const values = this.#parameters();
    if (values['command.interface'] === 'joint_trajectory')
      return `trajectories of ${this.#joints.join(', ')}`;
    return `${values['command.kind']} of ${this.#ordered.join(', ')}, in this order, on commands`;
  }

  send(command: Command): void {
    this.#last = command;
    this.#silentFor = 0;
    const values = this.#parameters();
    if (values['command.interface'] === 'joint_trajectory') {
      const isEndless = values['command.trajectory_end'] === 'moving' && command.mode === 'plan';
      this.#sendTrajectory(isEndless ? command.points.slice(0, 1) : command.points);
    } else {
      this.#sendSetPoint(command, command.efforts);
    }
    const atMs = this.#isSimulated ? Number(command.stampNs) / 1e6 : performance.now();
    this.#timing.note(atMs, values['command.period_ms']);
  }

  /**
   * Replaces a command that must not go out. A controller of trajectories has the ramp to rest already, unless trajectories end moving. One of
   * set-points would keep the last forever: it gets the ramp of the last command, point by point, or, for efforts, zeros.
   */
  brake(): void {
    const last = this.#last;
    if (last === null) return;
    this.#silentFor += 1;
    const values = this.#parameters();
    if (values['command.interface'] === 'commands') {
      const timeNs = msToNs(this.#silentFor * values['command.period_ms']);
      const point = last.points.find(({ timeFromStartNs }) => timeFromStartNs > timeNs) ?? last.points.at(-1);
      if (point !== undefined) this.#sendSetPoint(point, undefined);
    } else if (values['command.trajectory_end'] === 'moving' && this.#silentFor === 1) {
      this.#sendTrajectory(last.points);
    }
  }

  /** After the last command: a controller of efforts would keep applying that one, and nothing would regulate it any more. */
  release(): void {
    if (this.#last === null || !commandsEfforts(this.#parameters())) return;
    this.#publishSetPoints(new Float64Array(this.#joints.length));
  }

  #sendTrajectory(points: readonly TrajectoryPoint[]): void {
    if (this.#parameters().dry_run) return;
    const hasVelocities = this.#parameters()['command.trajectory_fields'] === 'positions_and_velocities';
    this.#outputs.jointTrajectory.publish(jointTrajectory(points, this.#joints, { hasVelocities }));
  }

  #sendSetPoint(
    { positions, velocities }: Omit<TrajectoryPoint, 'timeFromStartNs'>,
    efforts?: Float64Array,
  ): void {
    switch (this.#parameters()['command.kind']) {
      case 'position':
        this.#publishSetPoints(positions);
        return;
      case 'velocity':
        this.#publishSetPoints(velocities);
        return;
      case 'effort':
        this.#publishSetPoints(efforts ?? new Float64Array(this.#joints.length));
    }
  }

  /** @param values in the order of the model */
  #publishSetPoints(values: Float64Array): void {
    if (this.#parameters().dry_run) return;
    const ordered = Float64Array.from(this.#order, (joint) => values[joint] ?? NaN);
    this.#outputs.commands.publish(setPoints(ordered, this.#ordered));
  }
}
