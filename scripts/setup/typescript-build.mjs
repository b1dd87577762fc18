import { existsSync, rmSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { runCommand } from './run-command.mjs';
import { filesBelow, hashOfFiles, readStamp, removeStamp, writeStamp } from './steps.mjs';

/**
 * @param {import('./layout.mjs').Layout} layout
 * @returns {string}
 */
function stampPath(layout) {
  return join(layout.dist, '.jepa-mpc-stamp.json');
}

/**
 * @param {import('./layout.mjs').Layout} layout
 * @returns {string} hash of the sources and of what they are compiled with
 */
function inputsOf(layout) {
  const sources = ['src', 'eval', 'packages'].flatMap((folder) =>
    filesBelow(join(layout.root, folder), (name) => name.endsWith('.ts')),
  );
  const configuration = ['tsconfig.json', 'tsconfig.build.json', 'package-lock.json'].map((name) =>
    join(layout.root, name),
  );
  return hashOfFiles([...configuration, ...sources]);
}

/**
 * @param {import('./layout.mjs').Layout} layout
 * @returns {boolean}
 */
export function distIsBuilt(layout) {
  return readStamp(stampPath(layout))?.inputs === inputsOf(layout);
}

/**
 * @param {import('./layout.mjs').Layout} layout
 * @param {NodeJS.ProcessEnv} env
 */
export async function buildDist(layout, env) {
  const inputs = inputsOf(layout); // before compiling: an edit made meanwhile is built next time
  removeStamp(stampPath(layout));
  const tsc = join(layout.nodeModules, 'typescript', 'bin', 'tsc');
  await runCommand('compiling TypeScript', [process.execPath, tsc, '-p', 'tsconfig.build.json'], {
    cwd: layout.root,
    env,
    logPath: join(layout.logs, 'tsc.log'),
  });
  removeOrphans(layout);
  writeStamp(stampPath(layout), inputs);
}

/**
 * Deletes compiled files whose source is gone, so that nothing imports them by mistake.
 *
 * @param {import('./layout.mjs').Layout} layout
 */
function removeOrphans(layout) {
  const page = join(layout.dist, 'dashboard', sep);
  for (const file of filesBelow(layout.dist, (name) => /\.js(\.map)?$/.test(name))) {
    if (file.startsWith(page)) continue; // built by Vite: page-build.mjs
    const source = join(layout.root, relative(layout.dist, file).replace(/\.js(\.map)?$/, '.ts'));
    if (!existsSync(source)) rmSync(file);
  }
}
