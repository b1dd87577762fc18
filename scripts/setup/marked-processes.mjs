import { readFileSync, readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Processes are found by a variable in their environment, which their children inherit. Process groups do not find them all: some programs
 * make their own, and parents may die first.
 */

/** How long processes may take to end by themselves once asked. */
const GRACE_MS = 3000;
const POLL_MS = 100;

/**
 * @param {string} variable
 * @param {string} value
 * @returns {number[]} processes of this user with that variable in their environment, this one aside
 */
export function processesMarked(variable, value) {
  const mark = `${variable}=${value}`;
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((name) => {
      try {
        return readFileSync(`/proc/${name}/environ`, 'utf8').split('\0').includes(mark);
      } catch {
        return false; // ended meanwhile, or another user's
      }
    })
    .map(Number);
}

/**
 * Asks the marked processes to end, and ends those that do not.
 *
 * @param {string} variable
 * @param {string} value
 */
export async function endProcessesMarked(variable, value) {
  for (const pid of processesMarked(variable, value)) kill(pid, 'SIGTERM');
  for (let waitedMs = 0; waitedMs < GRACE_MS; waitedMs += POLL_MS) {
    if (processesMarked(variable, value).length === 0) return;
    await sleep(POLL_MS);
  }
  for (const pid of processesMarked(variable, value)) kill(pid, 'SIGKILL');
}

/**
 * @param {number} pid
 * @param {NodeJS.Signals} signal
 */
function kill(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch {
    // ended meanwhile
  }
}
