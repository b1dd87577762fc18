import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { rosAloneEnvironment } from './ros-source.mjs';
import { ask, runCommand } from './run-command.mjs';
import { filesBelow, hashOf, readStamp, removeStamp, writeStamp } from './steps.mjs';
import { isOnPath } from './system-packages.mjs';
import { spacelessTmpdir } from './layout.mjs';

/** Packages of ROS 2 that turn an action into C, C++ and Python. */
const GENERATORS = ['ament_cmake', 'rosidl_default_generators'];

/** @param {import('./ros-source.mjs').RosSource} source */
const stampPath = ({ interfacesPrefix = '' }) => join(interfacesPrefix, '.jepa-mpc-stamp.json');

/**
 * @param {import('./layout.mjs').Layout} layout
 * @param {import('./ros-source.mjs').RosSource} source
 * @returns {string}
 */
function inputsOf(layout, source) {
  const files = filesBelow(layout.interfaces, () => true);
  return hashOf([source.key, source.interfacesPrefix ?? '', ...files.map((file) => readFileSync(file))]);
}

/**
 * Why jepa_mpc_msgs cannot be built for a checkout. The node then runs without its action, so this is no error.
 *
 * @param {import('./ros-source.mjs').RosSource} source its Python environment has to be there
 * @param {NodeJS.ProcessEnv} env
 * @returns {string | undefined} undefined when it can
 */
function interfaceBuildBlocker(source, env) {
  const rosEnv = rosAloneEnvironment(source, env);
  const prefixes = source.amentPrefixPath.split(':');
  const absent = GENERATORS.filter(
    (name) => !prefixes.some((prefix) => existsSync(join(prefix, 'share', name))),
  );
  if (absent.length > 0) return `ROS 2 ${source.distro} has no ${absent.join(', no ')}`;
  if (!isOnPath('cmake', rosEnv)) return 'there is no cmake on the PATH';
  const python = join(source.pythonPrefix, 'bin', 'python');
  const include = ask([python, '-c', 'import sysconfig; print(sysconfig.get_path("include"))'], rosEnv);
  if (include === undefined || !existsSync(join(include, 'Python.h'))) {
    return `there is no Python.h in ${include ?? 'this Python'} (Debian: python3-dev)`;
  }
  return undefined;
}

/**
 * @param {import('./layout.mjs').Layout} layout
 * @param {import('./ros-source.mjs').RosSource} source
 * @param {NodeJS.ProcessEnv} env
 * @returns {boolean} also true where it cannot be built, or the sourced ROS 2 brings it
 */
export function interfacesAreBuilt(layout, source, env) {
  if (source.interfacesPrefix === undefined) return true;
  if (readStamp(stampPath(source))?.inputs === inputsOf(layout, source)) return true;
  return existsSync(source.pythonPrefix) && interfaceBuildBlocker(source, env) !== undefined;
}

/**
 * Builds jepa_mpc_msgs as colcon would and installs it in a prefix of its own.
 *
 * @param {import('./layout.mjs').Layout} layout
 * @param {import('./ros-source.mjs').RosSource} source
 * @param {NodeJS.ProcessEnv} env
 */
export async function buildInterfaces(layout, source, env) {
  const { interfacesPrefix } = source;
  if (interfacesPrefix === undefined || interfaceBuildBlocker(source, env) !== undefined) return;
  removeStamp(stampPath(source));
  rmSync(interfacesPrefix, { recursive: true, force: true });
  const workshop = mkdtempSync(join(spacelessTmpdir(), 'jepa-mpc-interfaces-'));
  try {
    const [sources, build] = [join(workshop, 'jepa_mpc_msgs'), join(workshop, 'build')];
    cpSync(layout.interfaces, sources, { recursive: true });
    const rosEnv = {
      ...rosAloneEnvironment(source, env),
      CMAKE_PREFIX_PATH: source.amentPrefixPath,
      PYTHONDONTWRITEBYTECODE: '1',
    };
    const steps = [
      [
        'cmake',
        ...['-S', sources, '-B', build, '-DBUILD_TESTING=OFF', '-DCMAKE_BUILD_TYPE=Release'],
        `-DCMAKE_INSTALL_PREFIX=${interfacesPrefix}`,
        `-DPython3_EXECUTABLE=${join(source.pythonPrefix, 'bin', 'python')}`,
      ],
      ['cmake', '--build', build, '--parallel', String(availableParallelism())],
      ['cmake', '--install', build],
    ];
    for (const [index, command] of steps.entries()) {
      await runCommand('building jepa_mpc_msgs', command, {
        logPath: join(layout.logs, `interfaces-${String(index + 1)}.log`),
        env: rosEnv,
      });
    }
  } finally {
    rmSync(workshop, { recursive: true, force: true });
  }
  writeStamp(stampPath(source), inputsOf(layout, source));
}
