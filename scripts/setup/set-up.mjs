import { performance } from 'node:perf_hooks';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { benchModelsAreMade, benchPrefixIsMade, makeBenchModels, makeBenchPrefix } from './bench-prefix.mjs';
import { checkNode } from './check-node.mjs';
import { layoutOf } from './layout.mjs';
import { installNpmPackages, npmPackagesAreInstalled } from './npm-packages.mjs';
import { addonIsBuilt, buildAddon, generateMessages, messagesAreGenerated } from './rclnodejs-build.mjs';
import { findRosSource } from './ros-source.mjs';
import { makeRosPrefix, makeTrainingPrefix, rosPrefixIsMade, trainingPrefixIsMade } from './ros-prefix.mjs';
import { endProcessesMarked } from './marked-processes.mjs';
import { SETUP_VARIABLE } from './run-command.mjs';
import { runSteps } from './step-runner.mjs';
import { lockWhenFree, unlock } from './set-up-lock.mjs';
import {
  canInstallSwiftShader,
  findMissing,
  findRenderer,
  hasSwiftShader,
  installMissing,
  installSwiftShader,
} from './system-packages.mjs';
import { buildDist, distIsBuilt } from './typescript-build.mjs';

/**
 * What a task needs to be there before it starts. Each includes what stands above it, but for `bench`, which is `product` and:
 *
 * - `packages`: the npm packages
 * - `product`: ROS 2, the simulator's Python, rclnodejs and the compiled sources
 * - `training`: PyTorch too
 * - `tests`: a WebGPU device on the processor too, where there is one to be had
 * - `bench`: PyTorch with stable-worldmodel, and the models that both are timed with
 *
 * @typedef {'packages' | 'product' | 'training' | 'tests' | 'bench'} Extent
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
 * @param {Extent} extent
 * @param {import('./layout.mjs').Layout} layout
 * @param {import('./ros-source.mjs').RosSource} source
 * @param {NodeJS.ProcessEnv} env
 * @returns {import('./step-runner.mjs').Step[]}
 */
function stepsOf(extent, layout, source, env) {
  /** @type {import('./step-runner.mjs').Step} */
  const packages = {
    title: 'npm packages',
    isDone: () => npmPackagesAreInstalled(layout),
    make: () => installNpmPackages(layout, env),
  };
  if (extent === 'packages') return [packages];

  const needs = () => ({
    compiler: !existsAddon(layout, source),
    python: !rosPrefixIsMade(layout, source, env) || !ownPythonIsMade(extent, layout),
  });
  /** @type {import('./step-runner.mjs').Step[]} */
  const product = [
    {
      title: 'packages of the operating system',
      // Compilers and interpreters are looked for only while something is left to make with them.
      isDone: () => {
        const { compiler, python } = needs();
        return !compiler && !python ? findRenderer() !== undefined : findMissing(env, needs()).length === 0;
      },
      make: () => installMissing(findMissing(env, needs()), env, join(layout.logs, 'apt.log')),
    },
    packages,
    {
      title:
        source.kind === 'private'
          ? 'ROS 2 Jazzy and MuJoCo in .prefix/ros'
          : `MuJoCo beside ROS 2 ${source.distro}`,
      isDone: () => rosPrefixIsMade(layout, source, env),
      make: () => makeRosPrefix(layout, source, env),
    },
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
      title: 'SwiftShader for the WebGPU tests',
      // Where it cannot be had, those tests are skipped and say why.
      isDone: () => hasSwiftShader() || !canInstallSwiftShader(env),
      make: () => installSwiftShader(env, join(layout.logs, 'swiftshader-apt.log')),
    },
  ];
}

/**
 * @param {Extent} extent
 * @param {import('./layout.mjs').Layout} layout
 * @returns {boolean} whether the Python environment that the extent needs besides the simulator's is there
 */
function ownPythonIsMade(extent, layout) {
  if (extent === 'bench') return benchPrefixIsMade(layout);
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
