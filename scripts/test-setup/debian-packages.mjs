import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hasLibrary, installPackages, isOnPath, mayUseApt } from '../setup/system-packages.mjs';

/** Vulkan computed on the processor, where Debian's package keeps it: what WebGPU runs on in tests. */
const SWIFTSHADER = '/usr/lib/chromium/vk_swiftshader_icd.json';
const VULKAN_LOADER_NAMES = ['libvulkan.so.1'];

/**
 * Debian's packages that some tests need; where they are not available, those tests are skipped and print the reason.
 *
 * @type {readonly { title: string, packages: readonly string[], debian?: string, isThere: (env: NodeJS.ProcessEnv) => boolean }[]}
 */
const PACKAGES = [
  {
    title: 'SwiftShader for the WebGPU tests',
    packages: ['chromium-common', 'libvulkan1'],
    isThere: () => existsSync(SWIFTSHADER) && hasLibrary(VULKAN_LOADER_NAMES),
  },
  {
    title: 'Chromium for the tests of the dashboard',
    packages: ['chromium'],
    isThere: (env) => isOnPath('chromium', env),
  },
  {
    title: 'libsdformat for the tests of world and robot',
    packages: ['ignition-tools', 'libsdformat-dev'],
    // Other releases of Debian call them differently.
    debian: '12',
    isThere: (env) => isOnPath('ign', env) || isOnPath('gz', env),
  },
];

/**
 * @param {NodeJS.ProcessEnv} env `JEPA_MPC_SETUP_APT=0` forbids the installation
 * @param {string} [version] of Debian, where it has to be that one
 * @returns {boolean} whether packages for tests can be had: other distributions have them under other names, or not at all
 */
function canInstallTestPackages(env, version) {
  const release = '/etc/os-release';
  const text = existsSync(release) ? readFileSync(release, 'utf8') : '';
  const isDebian = /^ID="?debian"?$/m.test(text);
  const isThatOne = version === undefined || new RegExp(`^VERSION_ID="?${version}"?$`, 'm').test(text);
  return isDebian && isThatOne && mayUseApt(env);
}

/**
 * @param {import('../setup/layout.mjs').Layout} layout
 * @param {NodeJS.ProcessEnv} env
 * @returns {import('../setup/steps.mjs').Step[]} done also where the packages cannot be had
 */
export function debianPackageSteps(layout, env) {
  return PACKAGES.map(({ title, packages, debian, isThere }) => ({
    title,
    isDone: () => isThere(env) || !canInstallTestPackages(env, debian),
    make: () => installPackages(packages, env, join(layout.logs, `${packages[0]}-apt.log`)),
  }));
}
