import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where CUDA's own packages and those of distributions put shared libraries. */
const FOLDERS = ['/usr/local/cuda/lib64', '/usr/lib/x86_64-linux-gnu', '/usr/lib64', '/usr/lib'];

/**
 * Libraries of an installed CUDA and cuDNN, for those that would be fetched. It is used as a whole or not at all: parts of two versions do
 * not have to fit each other.
 *
 * @param {import('./wheels.mjs').WheelLock} lock
 * @param {NodeJS.ProcessEnv} env
 * @param {readonly string[]} [folders] to look in after those of `CUDA_HOME` and `LD_LIBRARY_PATH`
 * @returns {string[] | undefined} their paths, in the order in which they are loaded
 */
export function findInstalledCuda({ wheels: [, ...cuda], cudnn }, env, folders = standardFolders()) {
  const { CUDA_HOME: home, LD_LIBRARY_PATH: libraries = '' } = env;
  const searched = [
    ...libraries.split(delimiter).filter((folder) => folder !== ''),
    ...(home ? [join(home, 'lib64')] : []),
    ...folders,
  ];
  /** @type {string[]} */
  const found = [];
  for (const name of cuda.flatMap(({ load }) => load)) {
    const path = searched.map((folder) => join(folder, name)).find((candidate) => existsSync(candidate));
    if (path === undefined && !isOptional(name)) return undefined;
    if (path !== undefined && name.startsWith('libcudnn') && isOlder(path, cudnn)) return undefined;
    if (path !== undefined) found.push(path);
  }
  return found;
}

/** @param {string} name a library that carries its minor version in its name, and is loaded by another that is in the list */
function isOptional(name) {
  return name.startsWith('libnvrtc-builtins');
}

/** @returns {string[]} with every CUDA 13 below /usr/local */
function standardFolders() {
  const root = '/usr/local';
  const versions = existsSync(root) ? readdirSync(root).filter((name) => /^cuda-13(\.\d+)?$/.test(name)) : [];
  return [...versions.sort().map((name) => join(root, name, 'lib64')), ...FOLDERS];
}

/**
 * @param {string} path of a library whose real name ends with its version
 * @param {string} minimum such as "9.14"
 * @returns {boolean} whether it is older, or its version unknown
 */
function isOlder(path, minimum) {
  const [, version = ''] = /\.so\.([\d.]+)$/.exec(realpathSync(path)) ?? [];
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [minMajor = 0, minMinor = 0] = minimum.split('.').map(Number);
  return major !== minMajor || minor < minMinor;
}
