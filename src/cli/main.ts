#!/usr/bin/env node
import { Command } from 'commander';

import { JepaMpcError } from '../core/errors.js';
import { docsCommand } from './docs.js';
import { modelCommand } from './model.js';
import { nodeCommand } from './node.js';

const program = new Command('jepa-mpc')
  .description('Moves robots by planning in the latent space of a JEPA world model.')
  .addCommand(nodeCommand())
  .addCommand(modelCommand())
  .addCommand(docsCommand());

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof JepaMpcError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
