import { readFile } from 'node:fs/promises';

import { Command, InvalidArgumentError } from 'commander';

import { JepaMpcError } from '../core/errors.js';
import { defaultProfilesFolder } from '../dashboard/profiles/profile-store.js';
import { AccessToken } from '../dashboard/server/access-token.js';
import { defaultRecordingFolder } from '../recording/recording-parameters.js';
import { requireRosEnvironment } from './ros-environment.js';

const MAX_PORT = 65_535;

interface Flags {
  readonly node: string;
  readonly host: string;
  readonly port: number;
  readonly token?: string;
  readonly tokenFile?: string;
  readonly profiles: string;
  readonly recordings: string;
}

/** Parses a port on a command line. */
export function portNumber(text: string): number {
  const port = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (port <= MAX_PORT) return port;
  throw new InvalidArgumentError(
    `Found '${text}', expected a number from 0 (any that is free) to ${MAX_PORT}.`,
  );
}

/** `dashboard`: the live page of a planner node. Arguments after `--ros-args` are ROS'. */
export function dashboardCommand(): Command {
  return new Command('dashboard')
    .description(
      'Serve the live page of a planner node: what it sees and plans, its parameters, goals and stops.',
    )
    .option('--node <name>', 'name of the planner node, with its namespace', 'planner_node')
    .option(
      '--host <address>',
      'address to listen on; any other than loopback opens it to the network',
      '127.0.0.1',
    )
    .option('--port <n>', 'port to listen on; 0: any that is free', portNumber, 8321)
    .option('--token <text>', 'what a browser has to present; default: a random one, which is printed')
    .option(
      '--token-file <file>',
      'file with the token: other users of the machine see --token in the list of processes',
    )
    .option('--profiles <folder>', 'where profiles are saved', defaultProfilesFolder(process.env))
    .option('--recordings <folder>', 'recordings that pages can replay', defaultRecordingFolder(process.env))
    .allowUnknownOption()
    .allowExcessArguments()
    .action(async (flags: Flags, command: Command) => {
      const [unknown] = command.args;
      if (unknown !== undefined && unknown !== '--ros-args')
        command.error(`error: unknown option '${unknown}'`);
      requireRosEnvironment();
      const token = await tokenOf(flags);
      const { runDashboard } = await import('../dashboard/ros/run-dashboard.js');
      const forRos = process.argv.indexOf('--ros-args');
      await runDashboard({
        node: flags.node,
        host: flags.host,
        port: flags.port,
        token,
        profilesFolder: flags.profiles,
        recordingsFolder: flags.recordings,
        replayEntry: new URL('./replay-process.js', import.meta.url),
        rosArguments: forRos < 0 ? [] : process.argv.slice(forRos),
      });
    });
}

/** @throws JepaMpcError `dashboard.token` */
async function tokenOf({ token, tokenFile }: Flags): Promise<AccessToken> {
  if (token !== undefined) return AccessToken.given(token, '--token');
  if (tokenFile === undefined) return AccessToken.random();
  let text: string;
  try {
    text = await readFile(tokenFile, 'utf8');
  } catch (error) {
    throw new JepaMpcError('dashboard.token', {
      subject: `--token-file ${tokenFile}`,
      found: error instanceof Error ? error.message : String(error),
      expected: 'a file that can be read',
      remedy: 'Check the path, or leave the option out: a random token is made then.',
      cause: error,
    });
  }
  return AccessToken.given(text.trim(), `--token-file ${tokenFile}`);
}
