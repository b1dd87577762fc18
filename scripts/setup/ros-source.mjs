import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { hashOf } from './stamp.mjs';
import { ask } from './run-command.mjs';

/**
 * Which ROS 2 the product runs with: one that the user has sourced, or else the private prefix.
 *
 * @typedef {object} RosSource
 * @property {'sourced' | 'private'} kind
 * @property {string} distro such as "jazzy"
 * @property {string} prefix the ament prefix that holds rcl
 * @property {string} amentPrefixPath
 * @property {string} pythonPrefix the virtual environment the simulator runs in
 * @property {string} key names this ROS 2 in stamps
 */

const RCL_LIBRARY = join('lib', 'librcl.so');

/**
 * A sourced ROS 2 is used when it can be: rcl is in one of its prefixes and the Python it belongs to imports rclpy.
 *
 * @param {NodeJS.ProcessEnv} env
 * @param {import('./layout.mjs').Layout} layout
 * @param {(command: readonly string[], env: NodeJS.ProcessEnv) => string | undefined} [askProgram]
 * @returns {RosSource}
 */
export function findRosSource(env, layout, askProgram = ask) {
  const distro = env['ROS_DISTRO'] ?? '';
  const amentPrefixPath = env['AMENT_PREFIX_PATH'] ?? '';
  const prefixes = amentPrefixPath.split(':').filter((prefix) => prefix !== '');
  const prefix = prefixes.find((path) => existsSync(join(path, RCL_LIBRARY)));
  // A shell with the private prefix's own environment in it is not a sourced ROS 2.
  const isForeign = prefix !== undefined && resolve(prefix) !== resolve(layout.rosPrefix);
  if (distro !== '' && isForeign && askProgram(['python3', '-c', 'import rclpy'], env) !== undefined) {
    return {
      kind: 'sourced',
      distro,
      prefix,
      amentPrefixPath,
      pythonPrefix: layout.overlayPrefix,
      key: hashOf(['sourced', distro, amentPrefixPath, env['PYTHONPATH'] ?? '']),
    };
  }
  return {
    kind: 'private',
    distro: 'jazzy',
    prefix: layout.rosPrefix,
    amentPrefixPath: layout.rosPrefix,
    pythonPrefix: layout.rosPrefix,
    key: hashOf(['private', layout.rosPrefix, readFileSync(layout.rosRequirements)]),
  };
}

/**
 * @param {string} prefix a virtual environment
 * @returns {string[]} the folders of shared libraries that its ROS wheels carry with them
 */
function vendoredLibraryFolders(prefix) {
  const lib = join(prefix, 'lib');
  if (!existsSync(lib)) return [];
  return readdirSync(lib)
    .filter((name) => /^python3\.\d+$/.test(name))
    .map((name) => join(lib, name, 'site-packages'))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) =>
      readdirSync(folder)
        .filter((name) => /^ros_.*\.libs$/.test(name))
        .sort()
        .map((name) => join(folder, name)),
    );
}

/**
 * The environment that programs need to load this ROS 2. For a sourced one that is the user's own.
 *
 * @param {RosSource} source
 * @param {NodeJS.ProcessEnv} env
 * @returns {NodeJS.ProcessEnv} a copy with the additions
 */
export function rosLoadEnvironment(source, env) {
  const path = [join(source.pythonPrefix, 'bin'), env['PATH'] ?? ''].filter((part) => part !== '').join(':');
  if (source.kind === 'sourced') return { ...env, PATH: path };
  const libraries = [join(source.prefix, 'lib'), ...vendoredLibraryFolders(source.prefix)];
  if (env['LD_LIBRARY_PATH']) {
    libraries.push(...env['LD_LIBRARY_PATH'].split(':').filter((folder) => !libraries.includes(folder)));
  }
  return {
    ...env,
    PATH: path,
    AMENT_PREFIX_PATH: source.amentPrefixPath,
    LD_LIBRARY_PATH: libraries.join(':'),
    ROS_DISTRO: source.distro,
    ROS_VERSION: '2',
    RMW_IMPLEMENTATION: 'rmw_fastrtps_cpp',
  };
}
