import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
  try {
    return create(path) || (removeDead(path) && create(path));
  } catch {
    return false; // another user's folder or file
  }
}

/**
 * @param {string} path
 * @returns {boolean} whether it was not there and is now; nobody sees it without this process's number in it
 */
function create(path) {
  const partial = `${path}.${process.pid}`;
  writeFileSync(partial, `${process.pid}\n`);
  try {
    linkSync(partial, path);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(partial, { force: true });
  }
}

/**
 * Removes the lock of a process that was killed. Of several that find it, one at a time looks again and removes it: otherwise the second
 * would remove what the first has just made for itself.
 *
 * @param {string} path
 * @returns {boolean} whether it may be free now
 */
function removeDead(path) {
  if (!isDead(path)) return false;
  const guard = `${path}.removal`;
  if (!create(guard)) {
    if (isDead(guard)) rmSync(guard, { force: true });
    return false;
  }
  try {
    if (isDead(path)) rmSync(path);
    return true;
  } finally {
    rmSync(guard, { force: true });
  }
}

/**
 * @param {string} path
 * @returns {boolean} whether it is there and names no process that lives; one that has just been given back is not
 */
function isDead(path) {
  const text = readHolder(path);
  if (text === undefined) return false;
  const holder = Number(text);
  return !(Number.isInteger(holder) && holder > 0 && isAlive(holder));
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
  let hasReported = false;
  while (!tryLock(path)) {
    if (!hasReported) onWait(readHolder(path) ?? 'ending');
    hasReported = true;
    await sleep(POLL_MS);
  }
}

/**
 * @param {string} path
 * @returns {string | undefined} the process id in the lock file; undefined when it is gone
 */
function readHolder(path) {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return undefined;
  }
}
