import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { performance } from 'node:perf_hooks';
import { endProcessesMarked } from './marked-processes.mjs';
import { RUN_ID_VARIABLE } from './run-environment.mjs';

/** Signals that are passed on to the program. */
const SIGNALS = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);

/** Ctrl-C under npm arrives twice, from the terminal and from npm: within this time it is the same one. */
const ECHO_MS = 300;

/**
 * Runs a program in the foreground: signals reach it once, and nothing that it started outlives it.
 *
 * @param {readonly string[]} command
 * @param {{ cwd?: string, env: NodeJS.ProcessEnv, output?: number }} options env holds the run's id; output: a file descriptor for what the
 *   program prints, by default this process's own streams
 * @returns {Promise<number>} its exit status; 128 + signal number when it died of a signal
 */
export async function supervise(command, { cwd, env, output }) {
  const [program = '', ...args] = command;
  /** @type {import('node:child_process').ChildProcess | undefined} */
  let child;
  // Listening before there is a program: it may be running by the time that spawn returns.
  const forwards = SIGNALS.map((signal) => {
    let lastMs = -Infinity;
    const forward = () => {
      const nowMs = performance.now();
      if (nowMs - lastMs > ECHO_MS) child?.kill(signal);
      lastMs = nowMs;
    };
    process.on(signal, forward);
    return { signal, forward };
  });
  try {
    return await new Promise((resolve, reject) => {
      // Its own process group: Ctrl-C in a terminal would otherwise reach it twice, from the terminal and from here.
      child = spawn(program, args, {
        cwd,
        env,
        stdio: ['inherit', output ?? 'inherit', output ?? 'inherit'],
        detached: true,
      });
      child.once('error', reject);
      child.once('exit', (status, signal) => {
        resolve(status ?? 128 + constants.signals[signal ?? 'SIGKILL']);
      });
    });
  } finally {
    const runId = env[RUN_ID_VARIABLE];
    if (runId !== undefined) await endProcessesMarked(RUN_ID_VARIABLE, runId);
    for (const { signal, forward } of forwards) process.off(signal, forward);
  }
}
