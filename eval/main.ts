#!/usr/bin/env node
import { Command } from 'commander';

import { JepaMpcError } from '../src/core/errors.js';
import { demoCommand } from './demo/command.js';
import { robustnessCommand } from './robustness/command.js';

const program = new Command('jepa-mpc-eval')
  .description('Evaluates the planner node in closed loop, through its ROS topics only.')
  .addCommand(demoCommand())
  .addCommand(robustnessCommand());

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof JepaMpcError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
