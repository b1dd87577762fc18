import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { findPython, noPythonError } from './find-python.mjs';
import { runCommand } from './run-command.mjs';
import { SetupError } from './setup-error.mjs';

/** Where Linux distributions keep shared libraries; asked directly because `ldconfig` is not on every user's PATH. */
const LIBRARY_FOLDERS = [
  '/usr/lib/x86_64-linux-gnu',
  '/usr/lib/aarch64-linux-gnu',
  '/usr/lib64',
  '/usr/lib',
  '/usr/local/lib',
];

const OSMESA_NAMES = ['libOSMesa.so.8', 'libOSMesa.so.6', 'libOSMesa.so'];
const EGL_NAMES = ['libEGL.so.1', 'libEGL.so'];

/**
 * @param {readonly string[]} names
 * @returns {boolean}
 */
function hasLibrary(names) {
  return LIBRARY_FOLDERS.some((folder) => names.some((name) => existsSync(join(folder, name))));
}

/**
 * How MuJoCo draws its camera images. OSMesa comes first: it draws the same pixels on every machine.
 *
 * @returns {'osmesa' | 'egl' | undefined} undefined when neither library is installed
 */
export function findRenderer() {
  if (hasLibrary(OSMESA_NAMES)) return 'osmesa';
  return hasLibrary(EGL_NAMES) ? 'egl' : undefined;
}

/**
 * @param {string} program
 * @param {NodeJS.ProcessEnv} env
 * @returns {boolean} whether it is on the PATH
 */
export function isOnPath(program, env) {
  return (env['PATH'] ?? '')
    .split(delimiter)
    .some((folder) => folder !== '' && existsSync(join(folder, program)));
}

/** Vulkan computed on the processor, where Debian's package keeps it: what WebGPU runs on in tests. */
const SWIFTSHADER = '/usr/lib/chromium/vk_swiftshader_icd.json';
const VULKAN_LOADER_NAMES = ['libvulkan.so.1'];

/**
 * Debian's packages that some tests need; where they cannot be had, those tests are skipped and say why.
 *
 * @type {readonly { title: string, packages: readonly string[], debian?: string, isThere: (env: NodeJS.ProcessEnv) => boolean }[]}
 */
export const TEST_PACKAGES = [
  {
    title: 'SwiftShader for the WebGPU tests',
    packages: ['chromium-common', 'libvulkan1'],
    isThere: () => existsSync(SWIFTSHADER) && hasLibrary(VULKAN_LOADER_NAMES),
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
export function canInstallTestPackages(env, version) {
  const release = '/etc/os-release';
  const text = existsSync(release) ? readFileSync(release, 'utf8') : '';
  const isDebian = /^ID="?debian"?$/m.test(text);
  const isThatOne = version === undefined || new RegExp(`^VERSION_ID="?${version}"?$`, 'm').test(text);
  return isDebian && isThatOne && mayUseApt(env);
}

/**
 * @typedef {{ what: string, aptPackages: string[] }} Missing
 */

/**
 * @param {NodeJS.ProcessEnv} env
 * @param {{ compiler: boolean, python: boolean, renderer: boolean }} needs
 * @returns {Missing[]} what the set-up needs of the system and does not find
 */
export function findMissing(env, needs) {
  /** @type {Missing[]} */
  const missing = [];
  if (needs.compiler && !isOnPath('make', env)) missing.push({ what: 'make', aptPackages: ['make'] });
  if (needs.compiler && !['g++', 'c++'].some((name) => isOnPath(name, env))) {
    missing.push({ what: 'a C++ compiler (g++)', aptPackages: ['g++'] });
  }
  if (needs.python) {
    const python = findPython(env);
    if (Array.isArray(python)) {
      const packages = python.flatMap((refusal) => refusal.aptPackages);
      // An interpreter named by the user is theirs to mend.
      if (env['JEPA_MPC_SETUP_PYTHON']) throw noPythonError(python, env);
      missing.push({
        what: 'Python 3.10 to 3.13 with venv and a shared libpython',
        aptPackages:
          packages.length > 0 ? packages.slice(0, 1) : ['python3', 'python3-venv', 'libpython3-dev'],
      });
    }
  }
  if (needs.renderer && findRenderer() === undefined) {
    missing.push({ what: 'OSMesa or EGL, which MuJoCo draws with', aptPackages: ['libosmesa6'] });
  }
  return missing;
}

/**
 * Installs what is missing with apt-get where that needs no password, else says what to type.
 *
 * @param {readonly Missing[]} missing
 * @param {NodeJS.ProcessEnv} env `JEPA_MPC_SETUP_APT=0` forbids the installation
 * @param {string} logPath
 */
export async function installMissing(missing, env, logPath) {
  const packages = [...new Set(missing.flatMap((one) => one.aptPackages))];
  if (!mayUseApt(env)) {
    throw new SetupError('packages of the operating system are missing', {
      found: `no ${missing.map((one) => one.what).join('; no ')}`,
      expected: 'all of them installed',
      remedy: `${aptCommand(packages)} (on another distribution: its packages for the same)`,
    });
  }
  await installPackages(packages, env, logPath);
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {boolean} whether apt-get is there, allowed, and asks for no password
 */
export function mayUseApt(env) {
  return process.getuid?.() === 0 && isOnPath('apt-get', env) && env['JEPA_MPC_SETUP_APT'] !== '0';
}

/**
 * @param {readonly string[]} packages
 * @returns {string} what a person types to install them
 */
function aptCommand(packages) {
  return `sudo apt-get update && sudo apt-get install -y ${packages.join(' ')}`;
}

/**
 * Installs packages with apt-get, as root.
 *
 * @param {readonly string[]} packages
 * @param {NodeJS.ProcessEnv} env
 * @param {string} logPath
 */
export async function installPackages(packages, env, logPath) {
  const remedy = aptCommand(packages);
  const apt = { logPath, env: { ...env, DEBIAN_FRONTEND: 'noninteractive' }, remedy };
  await runCommand('apt-get update', ['apt-get', 'update', '-q'], apt);
  await runCommand(
    `installing ${packages.join(' ')}`,
    ['apt-get', 'install', '-q', '-y', '--no-install-recommends', ...packages],
    apt,
  );
}
