import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * One step of a set-up.
 *
 * @typedef {object} Step
 * @property {string} title as printed
 * @property {() => boolean} isDone whether its result is there and was made from the present inputs
 * @property {() => void | Promise<void>} make makes the result, from nothing or from an incomplete one
 * @property {'compiler' | 'python'} [uses] what of the operating system `make` works with
 */

/**
 * Runs those steps that are not done, in order, and prints a line for each.
 *
 * @param {readonly Step[]} steps
 * @param {(text: string) => void} write
 * @param {() => number} nowMs
 * @param {() => Promise<void>} beforeFirst runs once, before the first step that has work to do
 * @returns {Promise<number>} how many steps had work to do
 */
export async function runSteps(steps, write, nowMs, beforeFirst) {
  let made = 0;
  for (const [index, step] of steps.entries()) {
    if (step.isDone()) continue;
    if (made === 0) await beforeFirst();
    made += 1;
    write(`[${index + 1}/${steps.length}] ${step.title} … `);
    const startMs = nowMs();
    try {
      await step.make();
    } catch (error) {
      write('failed\n');
      throw error;
    }
    write(`${((nowMs() - startMs) / 1000).toFixed(1)} s\n`);
  }
  return made;
}

/*
 * A stamp records that a step is finished, and with which inputs: a file with the hash of the inputs, renamed into place at the end. An
 * interrupted step leaves no stamp, so the next set-up repeats it.
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
