import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from './run-command.mjs';
import { filesBelow, hashOfFiles, readStamp, removeStamp, writeStamp } from './steps.mjs';

/** Folders and files that the page of the dashboard is made from, besides its packages. */
const SOURCES = ['src/dashboard', 'src/guide'];
const CONFIGURATION = ['vite.config.ts', 'tsconfig.json', 'package-lock.json'];

/**
 * @param {import('./layout.mjs').Layout} layout
 * @returns {string}
 */
const stampPath = (layout) => join(layout.dist, '.jepa-mpc-page.json');

/**
 * @param {import('./layout.mjs').Layout} layout
 * @returns {string} hash of the sources and of what they are built with
 */
function inputsOf(layout) {
  const sources = SOURCES.map((folder) => join(layout.root, folder))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => filesBelow(folder, () => true));
  return hashOfFiles([...CONFIGURATION.map((name) => join(layout.root, name)), ...sources]);
}

/**
 * @param {import('./layout.mjs').Layout} layout
 * @returns {boolean}
 */
export function pageIsBuilt(layout) {
  const index = join(layout.dist, 'dashboard', 'ui', 'index.html');
  return existsSync(index) && readStamp(stampPath(layout))?.inputs === inputsOf(layout);
}

/**
 * Builds the page of the dashboard into dist/dashboard/ui.
 *
 * @param {import('./layout.mjs').Layout} layout
 * @param {NodeJS.ProcessEnv} env
 */
export async function buildPage(layout, env) {
  const inputs = inputsOf(layout); // before building: an edit made meanwhile is built next time
  removeStamp(stampPath(layout));
  const vite = join(layout.nodeModules, 'vite', 'bin', 'vite.js');
  await runCommand('building the page of the dashboard', [process.execPath, vite, 'build'], {
    cwd: layout.root,
    env,
    logPath: join(layout.logs, 'vite.log'),
  });
  writeStamp(stampPath(layout), inputs);
}
