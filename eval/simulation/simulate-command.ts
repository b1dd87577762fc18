import { Command } from 'commander';

/** The hidden `simulate` command: a simulation that a run starts and drives over its standard input and output. */
export function simulateCommand(): Command {
  return new Command('simulate')
    .description('Run episodes that are requested on the standard input, one JSON value a line.')
    .action(async () => {
      // Imported here because it imports ROS.
      const { serveEpisodes } = await import('./serve-episodes.js');
      // The end of the input ends it in order.
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.stdin.destroy());
      process.exitCode = await serveEpisodes(process.stdin, (line) => {
        process.stdout.write(`${line}\n`);
      });
    });
}
