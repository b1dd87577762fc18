#!/usr/bin/env node
import { Command } from 'commander';

import { productCommands } from '../src/cli/commands.js';
import { JepaMpcError } from '../src/core/errors.js';
import { demoCommand } from './demo/command.js';
import { evaluateCommand } from './evaluate/command.js';
import { guideCheckCommand } from './guide/command.js';
import { robustnessCommand } from './robustness/command.js';
import { simulateCommand } from './simulation/simulate-command.js';
import { sweepCommand } from './sweep/command.js';
import { tuneCommand } from './tune/command.js';
import { urdfsCommand } from './urdfs/command.js';

const program = new Command('jepa-mpc').description(
  'Moves robots by planning in the latent space of a JEPA world model, and evaluates that through the ROS topics of the node.',
);
for (const command of productCommands()) program.addCommand(command);
program
  .addCommand(demoCommand())
  .addCommand(evaluateCommand())
  .addCommand(tuneCommand())
  .addCommand(sweepCommand())
  .addCommand(guideCheckCommand())
  .addCommand(robustnessCommand())
  .addCommand(urdfsCommand())
  .addCommand(simulateCommand(), { hidden: true });

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof JepaMpcError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
