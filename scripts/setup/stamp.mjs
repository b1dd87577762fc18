import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * A stamp says that a step was finished, and from what: a file with the hash of the step's inputs, renamed into place when
 * the step is done. A step that was cut off leaves no stamp, so the next run does it again.
 */

/**
 * @param {readonly (string | Buffer)[]} parts
 * @returns {string} SHA-256 of the parts, each with its length so that no two lists collide
 */
export function hashOf(parts) {
  const hash = createHash('sha256');
  for (const part of parts) {
    const bytes = Buffer.from(part);
    hash.update(`${bytes.length}:`).update(bytes);
  }
  return hash.digest('hex');
}

/**
 * @param {string} folder
 * @param {(name: string) => boolean} keep which file names count
 * @returns {string[]} paths below the folder, sorted
 */
export function filesBelow(folder, keep) {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return filesBelow(path, keep);
      return keep(entry.name) ? [path] : [];
    })
    .sort();
}

/**
 * @param {readonly string[]} files
 * @returns {string} hash of the files' names and contents
 */
export function hashOfFiles(files) {
  return hashOf(files.flatMap((file) => [file, readFileSync(file)]));
}

/**
 * @param {string} path
 * @returns {{ inputs: string, facts: Record<string, string> } | undefined} undefined when there is no readable stamp
 */
export function readStamp(path) {
  try {
    const stamp = JSON.parse(readFileSync(path, 'utf8'));
    return typeof stamp?.inputs === 'string' && typeof stamp.facts === 'object' ? stamp : undefined;
  } catch {
    return undefined; // absent or cut off: the step is not done
  }
}

/**
 * @param {string} path
 * @param {string} inputs
 * @param {Record<string, string>} [facts] what later steps need to know of this one
 */
export function writeStamp(path, inputs, facts = {}) {
  mkdirSync(dirname(path), { recursive: true });
  const partial = `${path}.${process.pid}`;
  writeFileSync(partial, `${JSON.stringify({ inputs, facts }, null, 2)}\n`);
  renameSync(partial, path);
}

/** @param {string} path */
export function removeStamp(path) {
  rmSync(path, { force: true });
}
