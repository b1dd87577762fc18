import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { hashOf } from './steps.mjs';
import { ask } from './run-command.mjs';

/**
 * Which ROS 2 the product runs with: one that the user has sourced, or else the private prefix.
 *
 * @typedef {object} RosSource
 * @property {'sourced' | 'private'} kind
 * @property {string} distro such as "jazzy"
 * @property {string} prefix the ament prefix that holds rcl
 * @property {string} amentPrefixPath without the prefix below
 * @property {string | undefined} interfacesPrefix where the set-up builds jepa_mpc_msgs; undefined when the sourced ROS 2 has it
 * @property {string} pythonPrefix the virtual environment the simulator runs in
 * @property {string} rclKey names in stamps what rclnodejs is compiled against
 * @property {string} key names in stamps this ROS 2 with every workspace on top of it
 */

const RCL_LIBRARY = join('lib', 'librcl.so');

/** Which package description a prefix has when jepa_mpc_msgs is installed in it. */
const INTERFACES = join('share', 'jepa_mpc_msgs', 'package.xml');

/**
 * @param {string | undefined} list a search path
 * @returns {string[]} its folders
 */
const foldersOf = (list) => (list ?? '').split(':').filter((folder) => folder !== '');

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
  // What the set-up added for a program that now starts another set-up is not the user's.
  const isOwn = (/** @type {string} */ folder) =>
    resolve(folder).startsWith(resolve(layout.interfacesPrefix));
  const prefixes = foldersOf(env['AMENT_PREFIX_PATH']).filter((prefix) => !isOwn(prefix));
  const prefix = prefixes.find((path) => existsSync(join(path, RCL_LIBRARY)));
  // A shell with the private prefix's own environment in it is not a sourced ROS 2.
  const isForeign = prefix !== undefined && resolve(prefix) !== resolve(layout.rosPrefix);
  if (distro !== '' && isForeign && askProgram(['python3', '-c', 'import rclpy'], env) !== undefined) {
    const amentPrefixPath = prefixes.join(':');
    const pythonPath = foldersOf(env['PYTHONPATH']).filter((folder) => !isOwn(folder));
    return {
      kind: 'sourced',
      distro,
      prefix,
      amentPrefixPath,
      interfacesPrefix: prefixes.some((path) => existsSync(join(path, INTERFACES)))
        ? undefined
        : layout.interfacesPrefix,
      pythonPrefix: layout.overlayPrefix,
      rclKey: hashOf(['sourced', distro, prefix]),
      key: hashOf(['sourced', distro, amentPrefixPath, pythonPath.join(':')]),
    };
  }
  const key = hashOf(['private', layout.rosPrefix, readFileSync(layout.rosRequirements)]);
  return {
    kind: 'private',
    distro: 'jazzy',
    prefix: layout.rosPrefix,
    amentPrefixPath: layout.rosPrefix,
    interfacesPrefix: layout.interfacesPrefix,
    pythonPrefix: layout.rosPrefix,
    rclKey: key,
    key,
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
 * @param {string} prefix an ament prefix
 * @returns {string[]} its folders of Python modules; Debian's Python installs into one of another name
 */
function pythonFolders(prefix) {
  return ['lib', join('local', 'lib')]
    .map((lib) => join(prefix, lib))
    .filter((lib) => existsSync(lib))
    .flatMap((lib) =>
      readdirSync(lib)
        .filter((name) => /^python3/.test(name))
        .flatMap((name) => [join(lib, name, 'site-packages'), join(lib, name, 'dist-packages')]),
    )
    .filter((folder) => existsSync(folder));
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @param {Record<string, readonly string[]>} additions folders by search path
 * @returns {NodeJS.ProcessEnv} a copy with the folders first, each once
 */
function withFoldersFirst(env, additions) {
  /** @type {NodeJS.ProcessEnv} */
  const result = { ...env };
  for (const [name, folders] of Object.entries(additions)) {
    const kept = foldersOf(env[name]).filter((folder) => !folders.includes(folder));
    if (folders.length > 0) result[name] = [...folders, ...kept].join(':');
  }
  return result;
}

/**
 * The environment that programs need to load this ROS 2, and jepa_mpc_msgs where the set-up has built it.
 *
 * @param {RosSource} source
 * @param {NodeJS.ProcessEnv} env
 * @returns {NodeJS.ProcessEnv} a copy with the additions
 */
export function rosLoadEnvironment(source, env) {
  const loaded = rosAloneEnvironment(source, env);
  const { interfacesPrefix } = source;
  if (interfacesPrefix === undefined || !existsSync(join(interfacesPrefix, INTERFACES))) return loaded;
  return withFoldersFirst(loaded, {
    AMENT_PREFIX_PATH: [interfacesPrefix],
    LD_LIBRARY_PATH: [join(interfacesPrefix, 'lib')],
    PYTHONPATH: pythonFolders(interfacesPrefix),
  });
}

/**
 * The same without jepa_mpc_msgs. For a sourced ROS 2 that is the user's own.
 *
 * @param {RosSource} source
 * @param {NodeJS.ProcessEnv} env
 * @returns {NodeJS.ProcessEnv} a copy with the additions
 */
export function rosAloneEnvironment(source, env) {
  const withPath = withFoldersFirst(env, { PATH: [join(source.pythonPrefix, 'bin')] });
  if (source.kind === 'sourced') return withPath;
  const libraries = [join(source.prefix, 'lib'), ...vendoredLibraryFolders(source.prefix)];
  return {
    ...withFoldersFirst(withPath, { LD_LIBRARY_PATH: libraries }),
    AMENT_PREFIX_PATH: source.amentPrefixPath,
    ROS_DISTRO: source.distro,
    ROS_VERSION: '2',
    RMW_IMPLEMENTATION: 'rmw_fastrtps_cpp',
  };
}
