import { Command } from 'commander';

import { LADDER } from '../safety/ladder.js';

/** `ladder`: the table of faults and reactions, for programs. */
export function ladderCommand(): Command {
  return new Command('ladder')
    .description('Print every fault, its reaction and the time bound of that as JSON.')
    .action(() => {
      console.log(JSON.stringify(LADDER, null, 2));
    });
}
