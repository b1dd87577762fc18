import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from './run-command.mjs';

/**
 * @typedef {{ version?: string, optional?: boolean, dev?: boolean, devOptional?: boolean, link?: boolean }} LockedPackage
 */

/**
 * @param {string} path of a package-lock.json
 * @returns {Record<string, LockedPackage>} packages by folder; empty when there is no readable file
 */
export function readLockedPackages(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages ?? {};
  } catch {
    return {};
  }
}

/**
 * Whether node_modules holds what package-lock.json asks for. npm writes its own record last, so an interrupted installation has
 * none. The folders are checked too, in case one was deleted by hand.
 *
 * @param {import('./layout.mjs').Layout} layout
 * @returns {boolean}
 */
export function npmPackagesAreInstalled(layout) {
  const installed = readLockedPackages(join(layout.nodeModules, '.package-lock.json'));
  return Object.entries(readLockedPackages(join(layout.root, 'package-lock.json'))).every(
    ([folder, wanted]) => {
      if (folder === '') return true;
      const found = installed[folder];
      if (found === undefined) return wanted.optional === true; // for another operating system or processor
      return found.version === wanted.version && existsSync(join(layout.root, folder));
    },
  );
}

/**
 * @param {import('./layout.mjs').Layout} layout
 * @param {NodeJS.ProcessEnv} env
 */
export async function installNpmPackages(layout, env) {
  // Install scripts do not run: rclnodejs is compiled in a step of its own, and onnxruntime-node's would download CUDA libraries.
  await runCommand('npm ci', ['npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: layout.root,
    env: { ...env, ONNXRUNTIME_NODE_INSTALL: 'skip' },
    logPath: join(layout.logs, 'npm-ci.log'),
    remedy: 'check that the npm registry can be reached (npm ping), then run the same command again',
  });
}
