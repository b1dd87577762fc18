import type { Command } from 'commander';

import { dashboardCommand } from './dashboard.js';
import { docsCommand } from './docs.js';
import { guideCommand } from './guide.js';
import { ladderCommand } from './ladder.js';
import { modelCommand } from './model.js';
import { nodeCommand } from './node.js';
import { policyCommand } from './policy.js';
import { replayCommand } from './replay.js';

/** The commands of the product. They load what they need when they run. */
export function productCommands(): Command[] {
  return [
    nodeCommand(),
    guideCommand(),
    dashboardCommand(),
    modelCommand(),
    ladderCommand(),
    policyCommand(),
    replayCommand(),
    docsCommand(),
  ];
}
