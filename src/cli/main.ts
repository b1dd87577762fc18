#!/usr/bin/env node
import { Command } from 'commander';

import { JepaMpcError } from '../core/errors.js';
import { productCommands } from './commands.js';

const program = new Command('jepa-mpc').description(
  'Moves robots by planning in the latent space of a JEPA world model.',
);
for (const command of productCommands()) program.addCommand(command);

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof JepaMpcError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
