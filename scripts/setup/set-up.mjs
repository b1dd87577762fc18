import { performance } from 'node:perf_hooks';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { benchModelsAreMade, benchPrefixIsMade, makeBenchModels, makeBenchPrefix } from './bench-prefix.mjs';
import { checkNode } from './check-node.mjs';
import { colconPrefixIsMade, makeColconPrefix } from './colcon-prefix.mjs';
import { buildInterfaces, interfacesAreBuilt } from './interface-build.mjs';
import { layoutOf } from './layout.mjs';
import { installNpmPackages, npmPackagesAreInstalled } from './npm-packages.mjs';
import { addonIsBuilt, buildAddon, generateMessages, messagesAreGenerated } from './rclnodejs-build.mjs';
import { findRosSource } from './ros-source.mjs';
import { installReferenceModels, referenceModelsAreInstalled } from './reference-models.mjs';
import { SetupError } from './setup-error.mjs';
import { makeRosPrefix, makeTrainingPrefix, rosPrefixIsMade, trainingPrefixIsMade } from './ros-prefix.mjs';
import { endProcessesMarked } from './marked-processes.mjs';
import { SETUP_VARIABLE } from './run-command.mjs';
import { runSteps } from './step-runner.mjs';
import { lockWhenFree, unlock } from './set-up-lock.mjs';
import {
  canInstallTestPackages,
  findMissing,
  findRenderer,
  installMissing,
  installPackages,
  TEST_PACKAGES,
} from './system-packages.mjs';
import { buildDist, distIsBuilt } from './typescript-build.mjs';

/**
 * What a task needs to be there before it starts. Each includes what stands above it, but for `bench` and `colcon`, which are `product` and:
 *
 * - `node`: the npm packages, rclnodejs for the sourced ROS 2, and the compiled sources; nothing is installed outside the checkout
 * - `product`: ROS 2 where none is sourced, the simulator's Python and jepa_mpc_msgs
 * - `training`: PyTorch too
 * - `tests`: colcon, the published world models that exporters are held against, and a WebGPU device on the processor where there is one to be had
 * - `bench`: PyTorch with stable-worldmodel, and the models that both are timed with
 * - `colcon`: colcon
 *
 * @typedef {'node' | 'product' | 'training' | 'tests' | 'bench' | 'colcon'} Extent
 */

/**
 * Makes whatever is missing or out of date, and nothing else.
 *
 * @param {Extent} extent
 * @param {NodeJS.ProcessEnv} env
 * @param {(text: string) => void} write where progress goes
 * @returns {Promise<{ layout: import('./layout.mjs').Layout, source: import('./ros-source.mjs').RosSource }>}
 */
export async function setUp(extent, env, write) {
  checkNode(process.versions.node);
  const layout = layoutOf();
  const source = findRosSource(env, layout);
  if (extent === 'node' && source.kind === 'private') throw nothingSourced(env);
  mkdirSync(layout.prefixes, { recursive: true });
  await lockWhenFree(layout.lock, (holder) => {
    write(`waiting for another set-up of this checkout to finish (process ${holder})\n`);
  });
  try {
    const startMs = performance.now();
    // A set-up that was killed outright may have left npm, pip or a compiler at work on the same folders.
    const endLeftovers = () => endProcessesMarked(SETUP_VARIABLE, layout.root);
    const steps = stepsOf(extent, layout, source, env);
    const made = await runSteps(steps, write, () => performance.now(), endLeftovers);
    if (made > 0) write(`set-up finished in ${((performance.now() - startMs) / 1000).toFixed(1)} s\n`);
  } finally {
    unlock(layout.lock);
  }
  return { layout, source };
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {SetupError}
 */
function nothingSourced(env) {
  const { ROS_DISTRO: distro = '', AMENT_PREFIX_PATH: prefixes = '' } = env;
  return new SetupError('a ROS 2 to build against is missing', {
    found: `ROS_DISTRO=${distro} AMENT_PREFIX_PATH=${prefixes}`,
    expected: 'both set, lib/librcl.so in one of the prefixes, and a python3 on the PATH that imports rclpy',
    remedy: 'source /opt/ros/<distribution>/setup.bash, install ros-<distribution>-rclpy, build again',
  });
}

/**
 * @param {Extent} extent
 * @param {import('./layout.mjs').Layout} layout
 * @param {import('./ros-source.mjs').RosSource} source
 * @param {NodeJS.ProcessEnv} env
 * @returns {import('./step-runner.mjs').Step[]}
 */
function stepsOf(extent, layout, source, env) {
  const needs = () => ({
    compiler: !existsAddon(layout, source),
    python:
      extent !== 'node' && (!rosPrefixIsMade(layout, source, env) || !ownPythonIsMade(extent, layout, env)),
    renderer: extent !== 'node',
  });
  /** @type {import('./step-runner.mjs').Step} */
  const system = {
    title: 'packages of the operating system',
    // Compilers and interpreters are looked for only while something is left to make with them.
    isDone: () => {
      const { compiler, python, renderer } = needs();
      if (!compiler && !python) return !renderer || findRenderer() !== undefined;
      return findMissing(env, needs()).length === 0;
    },
    make: () => installMissing(findMissing(env, needs()), env, join(layout.logs, 'apt.log')),
  };
  /** @type {import('./step-runner.mjs').Step} */
  const packages = {
    title: 'npm packages',
    isDone: () => npmPackagesAreInstalled(layout),
    make: () => installNpmPackages(layout, env),
  };
  /** @type {import('./step-runner.mjs').Step[]} */
  const compiled = [
    {
      title: 'rclnodejs for this ROS 2',
      isDone: () => addonIsBuilt(layout, source),
      make: () => buildAddon(layout, source, env),
    },
    {
      title: 'ROS messages for rclnodejs',
      isDone: () => messagesAreGenerated(layout, source),
      make: () => generateMessages(layout, source, env),
    },
    {
      title: 'TypeScript sources',
      isDone: () => distIsBuilt(layout),
      make: () => buildDist(layout, env),
    },
  ];
  if (extent === 'node') return [system, packages, ...compiled];

  /** @type {import('./step-runner.mjs').Step[]} */
  const product = [
    system,
    packages,
    {
      title:
        source.kind === 'private'
          ? 'ROS 2 Jazzy and MuJoCo in .prefix/ros'
          : `MuJoCo beside ROS 2 ${source.distro}`,
      isDone: () => rosPrefixIsMade(layout, source, env),
      make: () => makeRosPrefix(layout, source, env),
    },
    ...compiled,
    {
      title: 'jepa_mpc_msgs in .prefix/interfaces',
      isDone: () => interfacesAreBuilt(layout, source, env),
      make: () => buildInterfaces(layout, source, env),
    },
  ];
  if (extent === 'product') return product;
  if (extent === 'bench') {
    return [
      ...product,
      {
        title: 'benchmark environment (PyTorch, stable-worldmodel) in .prefix/bench',
        isDone: () => benchPrefixIsMade(layout),
        make: () => makeBenchPrefix(layout, env),
      },
      {
        title: 'models of the benchmark in .prefix/bench/models',
        isDone: () => benchModelsAreMade(layout),
        make: () => makeBenchModels(layout, env),
      },
    ];
  }
  /** @type {import('./step-runner.mjs').Step} */
  const colcon = {
    title: 'colcon in .prefix/colcon',
    isDone: () => colconPrefixIsMade(layout, env),
    make: () => makeColconPrefix(layout, env),
  };
  if (extent === 'colcon') return [...product, colcon];
  const training = [
    ...product,
    {
      title: 'training environment (PyTorch) in .prefix/training',
      isDone: () => trainingPrefixIsMade(layout),
      make: () => makeTrainingPrefix(layout, env),
    },
  ];
  if (extent === 'training') return training;
  return [
    ...training,
    {
      title: 'published world models (stable-worldmodel, transformers) beside PyTorch',
      isDone: () => referenceModelsAreInstalled(layout),
      make: () => installReferenceModels(layout, env),
    },
    colcon,
    ...TEST_PACKAGES.map(({ title, packages, debian, isThere }) => ({
      title,
      isDone: () => isThere(env) || !canInstallTestPackages(env, debian),
      make: () => installPackages(packages, env, join(layout.logs, `${packages[0]}-apt.log`)),
    })),
  ];
}

/**
 * @param {Extent} extent
 * @param {import('./layout.mjs').Layout} layout
 * @param {NodeJS.ProcessEnv} env
 * @returns {boolean} whether the Python environment that the extent needs besides the simulator's is there
 */
function ownPythonIsMade(extent, layout, env) {
  if (extent === 'bench') return benchPrefixIsMade(layout);
  if (extent === 'colcon') return colconPrefixIsMade(layout, env);
  return extent === 'product' || trainingPrefixIsMade(layout);
}

/**
 * @param {import('./layout.mjs').Layout} layout
 * @param {import('./ros-source.mjs').RosSource} source
 * @returns {boolean} whether the addon is there; also false before there is any npm package
 */
function existsAddon(layout, source) {
  return npmPackagesAreInstalled(layout) && addonIsBuilt(layout, source);
}
