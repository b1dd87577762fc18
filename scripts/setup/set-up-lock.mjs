import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 500;

/**
 * @param {number} pid
 * @returns {boolean} whether a process of that number runs, whoever owns it
 */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/**
 * Creates a file that names this process, unless a living one holds it.
 *
 * @param {string} path
 * @returns {boolean} whether it is held now
 */
export function tryLock(path) {
  mkdirSync(dirname(path), { recursive: true });
  for (let attempt = 0; attempt < 2; attempt += 1) {
    try {
      writeFileSync(path, `${process.pid}\n`, { flag: 'wx' });
      return true;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) return false;
    }
    const holder = Number(readHolder(path));
    if (Number.isInteger(holder) && holder > 0 && isAlive(holder)) return false;
    try {
      rmSync(path, { force: true }); // its holder was killed
    } catch {
      return false; // another user's file
    }
  }
  return false;
}

/** @param {string} path */
export function unlock(path) {
  if (Number(readHolder(path)) === process.pid) rmSync(path, { force: true });
}

/**
 * Waits until no other set-up works in this checkout.
 *
 * @param {string} path
 * @param {(holder: string) => void} onWait called once when there is another
 * @returns {Promise<void>}
 */
export async function lockWhenFree(path, onWait) {
  let told = false;
  while (!tryLock(path)) {
    if (!told) onWait(readHolder(path));
    told = true;
    await sleep(POLL_MS);
  }
}

/**
 * @param {string} path
 * @returns {string} the process id in the lock file, empty when it is gone
 */
function readHolder(path) {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}
