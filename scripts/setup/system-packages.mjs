import { existsSync } from 'node:fs';
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
export function hasLibrary(names) {
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
      // Only the user can repair an interpreter that they have named.
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
 * Installs what is missing with apt-get where that needs no password, else reports what to type.
 *
 * @param {readonly Missing[]} missing
 * @param {NodeJS.ProcessEnv} env `JEPA_MPC_SETUP_APT=0` forbids the installation
 * @param {string} logPath
 */
export async function installMissing(missing, env, logPath) {
  const packages = [...new Set(missing.flatMap((one) => one.aptPackages))];
  if (!mayUseApt(env)) {
    throw new SetupError('setup.system-packages-missing', 'packages of the operating system are missing', {
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
