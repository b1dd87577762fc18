import { existsSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { findPython, noPythonError } from './find-python.mjs';
import { rosLoadEnvironment } from './ros-source.mjs';
import { ask, runCommand } from './run-command.mjs';
import { SetupError } from './setup-error.mjs';
import { filesBelow, hashOf, readStamp, removeStamp, writeStamp } from './steps.mjs';
import { isOnPath } from './system-packages.mjs';

const STAMP_NAME = '.jepa-mpc-stamp.json';

/** For machines without CMake, which jepa_mpc_msgs is built with. */
const CMAKE_PACKAGE = 'cmake==3.31.10';

/**
 * @param {import('./layout.mjs').Layout} layout
 * @param {import('./ros-source.mjs').RosSource} source
 * @param {NodeJS.ProcessEnv} env
 * @returns {string} hash of what the Python environment with the simulator's libraries is made from
 */
function inputsOf(layout, source, env) {
  return hashOf([source.key, readFileSync(layout.simulatorRequirements), env['JEPA_MPC_SETUP_PYTHON'] ?? '']);
}

/**
 * @param {import('./layout.mjs').Layout} layout
 * @param {import('./ros-source.mjs').RosSource} source
 * @param {NodeJS.ProcessEnv} env
 * @returns {boolean}
 */
export function rosPrefixIsMade(layout, source, env) {
  const stamp = readStamp(join(source.pythonPrefix, STAMP_NAME));
  // The interpreter is a link to the system's: an upgrade of that may have removed it.
  return (
    stamp?.inputs === inputsOf(layout, source, env) && existsSync(join(source.pythonPrefix, 'bin', 'python'))
  );
}

/**
 * Makes the Python environment: the simulator's libraries and, where no ROS 2 is sourced, ROS 2 itself.
 *
 * @param {import('./layout.mjs').Layout} layout
 * @param {import('./ros-source.mjs').RosSource} source
 * @param {NodeJS.ProcessEnv} env
 */
export async function makeRosPrefix(layout, source, env) {
  const isPrivate = source.kind === 'private';
  if (isPrivate && (process.platform !== 'linux' || process.arch !== 'x64')) {
    throw new SetupError('setup.no-ros-wheels', 'ROS 2 has to be installed by hand on this machine', {
      found: `${process.platform} on ${process.arch}, and no sourced ROS 2 (ROS_DISTRO, AMENT_PREFIX_PATH, rclpy)`,
      expected: 'Linux on x86-64, for which ROS 2 comes as Python packages, or a sourced ROS 2',
      remedy:
        'install ROS 2 Jazzy (https://docs.ros.org/en/jazzy/Installation.html), source its setup.bash, run this again',
    });
  }
  const python = findPython(env);
  if (Array.isArray(python)) throw noPythonError(python, env);
  const interpreter = isPrivate || env['JEPA_MPC_SETUP_PYTHON'] ? python.executable : 'python3';
  const prefix = source.pythonPrefix;
  rmSync(prefix, { recursive: true, force: true });

  const venvFlags = isPrivate ? [] : ['--system-site-packages'];
  await runCommand('making a Python environment', [interpreter, '-m', 'venv', ...venvFlags, prefix], {
    logPath: join(layout.logs, 'ros-venv.log'),
    env,
    remedy: 'sudo apt-get install -y python3-venv, then run the same command again',
  });
  const files = [...(isPrivate ? [layout.rosRequirements] : []), layout.simulatorRequirements];
  const cmake = isPrivate && !isOnPath('cmake', env) ? [CMAKE_PACKAGE] : [];
  await runCommand(
    'installing ROS 2 and MuJoCo from PyPI',
    [
      join(prefix, 'bin', 'python'),
      '-m',
      'pip',
      'install',
      '--disable-pip-version-check',
      ...files.flatMap((file) => ['-r', file]),
      ...cmake,
    ],
    {
      logPath: join(layout.logs, 'ros-pip.log'),
      // A sourced workspace must not answer for packages that the private prefix has to hold itself.
      env: isPrivate ? { ...env, PYTHONPATH: '', PYTHONNOUSERSITE: '1' } : env,
      remedy:
        'check that PyPI can be reached (python3 -m pip download mujoco), then run the same command again',
    },
  );
  if (isPrivate) {
    // The wheels' librcl needs libpython's symbols. Next to librcl it is found without a path of this machine in the binary.
    symlinkSync(python.sharedLibrary, join(prefix, 'lib', basename(python.sharedLibrary)));
    repairCmakeFiles(prefix);
  }
  const check = [join(prefix, 'bin', 'python'), '-c', 'import rclpy, mujoco, numpy, PIL, pytest, trimesh'];
  if (ask(check, rosLoadEnvironment(source, env)) === undefined) {
    throw new SetupError(
      'setup.import-failed',
      'the Python environment does not import what was installed in it',
      {
        found: `rclpy, mujoco, numpy, PIL, pytest or trimesh fails to import in ${prefix}`,
        remedy: `see why: ${check.slice(0, 2).join(' ')} "${check[2] ?? ''}"`,
      },
    );
  }
  writeStamp(join(prefix, STAMP_NAME), inputsOf(layout, source, env), { python: python.version });
}

/**
 * The wheels' CMake files name the Python of the machine that built them; CMake refuses include folders that do not exist.
 *
 * @param {string} prefix
 */
function repairCmakeFiles(prefix) {
  const python = join(prefix, 'bin', 'python');
  const question =
    'import numpy, sysconfig; print(numpy.get_include()); print(sysconfig.get_path("include"))';
  const [numpyInclude = '', pythonInclude = ''] = (ask([python, '-c', question]) ?? '').split('\n');
  for (const file of filesBelow(join(prefix, 'share'), (name) => name.endsWith('.cmake'))) {
    const text = readFileSync(file, 'utf8');
    const repaired = text
      .replaceAll(/\/opt\/python\/[^;"]*\/numpy\/_?core\/include/g, numpyInclude)
      .replaceAll(/\/opt\/python\/[^;"/]*\/include\/python3\.\d+/g, pythonInclude);
    if (repaired !== text) writeFileSync(file, repaired);
  }
}

/**
 * @param {import('./ros-source.mjs').RosSource} source
 * @returns {string} file name of the libpython next to the libraries of a prefix made of wheels, which need it; else empty
 */
export function libpythonOf(source) {
  const lib = join(source.prefix, 'lib');
  return existsSync(lib) ? (readdirSync(lib).find((name) => /^libpython3\.\d+\.so/.test(name)) ?? '') : '';
}

/**
 * @param {import('./layout.mjs').Layout} layout
 * @returns {boolean}
 */
export function trainingPrefixIsMade(layout) {
  const stamp = readStamp(join(layout.trainingPrefix, STAMP_NAME));
  return stamp?.inputs === trainingInputs(layout) && existsSync(join(layout.trainingPrefix, 'bin', 'python'));
}

/**
 * @param {import('./layout.mjs').Layout} layout
 * @returns {string[]} the Python projects that training simulates with
 */
function simulatorProjects(layout) {
  return ['common', 'mujoco', 'gazebo'].map((name) => join(layout.root, 'sim', name));
}

/**
 * @param {import('./layout.mjs').Layout} layout
 * @returns {string}
 */
function trainingInputs(layout) {
  const projects = [...simulatorProjects(layout), join(layout.root, 'training')];
  return hashOf([layout.root, ...projects.map((project) => readFileSync(join(project, 'pyproject.toml')))]);
}

/**
 * Makes the Python environment for training, separate from the product's because PyTorch is large.
 *
 * @param {import('./layout.mjs').Layout} layout
 * @param {NodeJS.ProcessEnv} env
 */
export async function makeTrainingPrefix(layout, env) {
  const python = findPython(env);
  if (Array.isArray(python)) throw noPythonError(python, env);
  const prefix = layout.trainingPrefix;
  removeStamp(join(prefix, STAMP_NAME));
  rmSync(prefix, { recursive: true, force: true });
  const cleanEnv = { ...env, PYTHONPATH: '', PYTHONNOUSERSITE: '1' };
  await runCommand('making the training environment', [python.executable, '-m', 'venv', prefix], {
    logPath: join(layout.logs, 'training-venv.log'),
    env: cleanEnv,
  });
  const pip = [join(prefix, 'bin', 'python'), '-m', 'pip', 'install', '--disable-pip-version-check'];
  await runCommand(
    'installing PyTorch and the training tools',
    [
      ...pip,
      ...simulatorProjects(layout).flatMap((project) => ['-e', project]),
      '-e',
      `${join(layout.root, 'training')}[dev]`,
    ],
    {
      logPath: join(layout.logs, 'training-pip.log'),
      env: cleanEnv,
      remedy: 'check that PyPI can be reached and 3 GB of disk are free, then run the same command again',
    },
  );
  if (
    ask(
      [join(prefix, 'bin', 'python'), '-c', 'import torch, jepa_mpc_training, jepa_mpc_mujoco, jepa_mpc_sim'],
      cleanEnv,
    ) === undefined
  ) {
    throw new SetupError('setup.import-failed', 'the training environment does not import its own packages', {
      found: `torch, jepa_mpc_training, jepa_mpc_mujoco or jepa_mpc_sim fails to import in ${prefix}`,
      remedy: `see why: ${join(prefix, 'bin', 'python')} -c "import torch, jepa_mpc_training, jepa_mpc_mujoco, jepa_mpc_sim"`,
    });
  }
  writeStamp(join(prefix, STAMP_NAME), trainingInputs(layout), { python: python.version });
}
