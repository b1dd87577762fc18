import type { Command } from '../control/command-stream.js';
import type { Parameters } from '../params/schema.js';
import type { CommandTiming } from './command-timing.js';
import type { NodeOutputs } from './node-outputs.js';
import { jointTrajectory, setPoints } from './trajectory-messages.js';

/** Sends commands in the form that the robot's controller takes. */
export class CommandOutput {
  readonly #outputs: NodeOutputs;
  readonly #timing: CommandTiming;
  readonly #parameters: () => Parameters;

  constructor(outputs: NodeOutputs, timing: CommandTiming, parameters: () => Parameters) {
    this.#outputs = outputs;
    this.#timing = timing;
    this.#parameters = parameters;
  }

  /** @param joints in the order of the command */
  send(command: Command, joints: readonly string[]): void {
    const values = this.#parameters();
    if (values['command.interface'] === 'joint_trajectory') {
      this.#outputs.jointTrajectory.publish(jointTrajectory(command, joints));
    } else {
      const isVelocity = values['command.kind'] === 'velocity';
      this.#outputs.commands.publish(setPoints(isVelocity ? command.velocities : command.positions));
    }
    this.#timing.note(performance.now(), values['command.period_ms']);
  }
}
