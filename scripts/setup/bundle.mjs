import { cpSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { linkGpuLibraries } from './gpu/gpu-prefix.mjs';
import { readLockedPackages } from './npm-packages.mjs';

/**
 * Folders of packages that a running node never reads: other systems' binaries, what the addon was compiled from, and the binaries that
 * rclnodejs would otherwise have been compiled to.
 */
const UNUSED = [
  /node_modules\/onnxruntime-node\/bin\/napi-v\d+\/(darwin|win32)$/,
  new RegExp(`node_modules/onnxruntime-node/bin/napi-v\\d+/linux/(?!${process.arch}$)[^/]+$`),
  /node_modules\/rclnodejs\/(build\/Release\/obj\.target|prebuilds|src)$/,
];

/**
 * Writes what the installed ROS package runs from: the compiled sources and the npm packages they need, without the development ones.
 *
 * @param {import('./layout.mjs').Layout} layout
 * @param {string} target
 * @param {string} [gpuPrefix] of the checkout that the sources were copied from
 * @returns {Promise<number>} exit status
 */
export function bundleInto(layout, target, gpuPrefix = layout.gpuPrefix) {
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  cpSync(join(layout.root, 'package.json'), join(target, 'package.json'), { preserveTimestamps: true });
  cpSync(layout.dist, join(target, 'dist'), { recursive: true, preserveTimestamps: true });
  const installed = Object.entries(readLockedPackages(join(layout.root, 'package-lock.json')));
  for (const [folder, { dev, devOptional }] of installed) {
    const from = join(layout.root, folder);
    if (folder === '' || dev === true || devOptional === true || !existsSync(from)) continue;
    const to = join(target, folder);
    mkdirSync(dirname(to), { recursive: true });
    // Packages inside packages have entries of their own in the lock file.
    cpSync(from, to, {
      recursive: true,
      // CMake installs again what is newer.
      preserveTimestamps: true,
      filter: (path) => path !== join(from, 'node_modules') && !UNUSED.some((pattern) => pattern.test(path)),
    });
  }
  linkGpuLibraries(gpuPrefix, target);
  return Promise.resolve(0);
}
