import { spawn, spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { ROOT } from './layout.mjs';
import { SetupError } from './setup-error.mjs';

/** Lines of a failed command's log shown with its error. */
const LOG_TAIL_LINES = 25;

/** Names the checkout in the environment of every command of its set-up, so that those that outlive a killed set-up are found. */
export const SETUP_VARIABLE = 'JEPA_MPC_SETTING_UP';

/**
 * The command's process while one runs. An interrupted set-up ends it.
 *
 * @type {import('node:child_process').ChildProcess | undefined}
 */
let running;

/**
 * Runs a command with its output in a log file.
 *
 * @param {string} what what it does, for the error
 * @param {readonly string[]} command program and arguments; no shell is involved
 * @param {{ logPath: string, cwd?: string, env?: NodeJS.ProcessEnv, remedy?: string }} options
 * @returns {Promise<void>}
 */
export async function runCommand(what, command, { logPath, cwd, env, remedy }) {
  mkdirSync(dirname(logPath), { recursive: true });
  const log = openSync(logPath, 'w');
  const [program = '', ...args] = command;
  const code = await new Promise((resolve, reject) => {
    // Its own process group, so that an interrupted set-up can end compilers and downloads with it.
    running = spawn(program, args, {
      cwd,
      env: { ...(env ?? process.env), [SETUP_VARIABLE]: ROOT },
      stdio: ['ignore', log, log],
      detached: true,
    });
    running.on('error', (cause) => {
      const facts = { found: cause.message, ...(remedy !== undefined && { remedy }) };
      reject(new SetupError('setup.command-not-started', `${what}: ${program} could not be started`, facts));
    });
    running.on('exit', (status, signal) => {
      resolve(status ?? signal);
    });
  }).finally(() => {
    running = undefined;
    closeSync(log);
  });
  if (code === 0) return;
  const tail = readFileSync(logPath, 'utf8').trimEnd().split('\n').slice(-LOG_TAIL_LINES).join('\n    ');
  throw new SetupError('setup.command-failed', `${what} did not work`, {
    found: `${program} ended with ${code}; the end of ${logPath}:\n    ${tail}`,
    expected: 'that it ends with 0',
    remedy: remedy ?? 'fix what the log names, then run the same command again; finished steps are kept',
  });
}

/** Ends the running command and everything it started. */
export function endRunningCommand() {
  if (running?.pid === undefined) return;
  try {
    process.kill(-running.pid, 'SIGTERM');
  } catch {
    // it ended by itself in the meantime
  }
}

/**
 * Asks a program a short question.
 *
 * @param {readonly string[]} command
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {string | undefined} its standard output, trimmed; undefined when it is missing or fails
 */
export function ask(command, env = process.env) {
  const [program = '', ...args] = command;
  const answer = spawnSync(program, args, {
    encoding: 'utf8',
    env,
    timeout: 30_000,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return answer.status === 0 ? answer.stdout.trim() : undefined;
}
