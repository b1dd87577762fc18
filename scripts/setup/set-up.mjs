import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { buildInterfaces, interfacesAreBuilt } from './interface-build.mjs';
import { layoutOf } from './layout.mjs';
import { endProcessesMarked } from './marked-processes.mjs';
import { installNpmPackages, npmPackagesAreInstalled } from './npm-packages.mjs';
import { addonIsBuilt, buildAddon, generateMessages, messagesAreGenerated } from './rclnodejs-build.mjs';
import { buildPage, pageIsBuilt } from './page-build.mjs';
import { makeRosPrefix, makeTrainingPrefix, rosPrefixIsMade, trainingPrefixIsMade } from './ros-prefix.mjs';
import { findRosSource } from './ros-source.mjs';
import { SETUP_VARIABLE } from './run-command.mjs';
import { lockWhenFree, unlock } from './set-up-lock.mjs';
import { SetupError } from './setup-error.mjs';
import { runSteps } from './steps.mjs';
import { findMissing, findRenderer, installMissing } from './system-packages.mjs';
import { makeTuningPrefix, tuningPrefixIsMade } from './tuning-prefix.mjs';
import { buildDist, distIsBuilt } from './typescript-build.mjs';

/** @typedef {import('./steps.mjs').Step} Step */

/**
 * What steps are made from.
 *
 * @typedef {{ layout: import('./layout.mjs').Layout, source: import('./ros-source.mjs').RosSource, env: NodeJS.ProcessEnv }} Site
 */

/** The oldest Node.js that rclnodejs runs on. */
const MIN_NODE = [20, 20, 2];

/**
 * Runs the steps whose results are missing or out of date.
 *
 * @param {(site: Site) => Step[]} stepsOf what a task needs: `nodeSteps`, `productSteps`, `trainingSteps`, or those of scripts/test-setup
 * @param {NodeJS.ProcessEnv} env
 * @param {(text: string) => void} write where progress goes
 * @returns {Promise<Site>}
 */
export async function setUp(stepsOf, env, write) {
  checkNode(process.versions.node);
  const layout = layoutOf();
  const site = { layout, source: findRosSource(env, layout), env };
  const steps = stepsOf(site);
  mkdirSync(layout.prefixes, { recursive: true });
  await lockWhenFree(layout.lock, (holder) => {
    write(`waiting for another set-up of this checkout to finish (process ${holder})\n`);
  });
  try {
    const startMs = performance.now();
    // A set-up that was killed outright may have left npm, pip or a compiler at work on the same folders.
    const endLeftovers = () => endProcessesMarked(SETUP_VARIABLE, layout.root);
    const made = await runSteps(steps, write, () => performance.now(), endLeftovers);
    if (made > 0) write(`set-up finished in ${((performance.now() - startMs) / 1000).toFixed(1)} s\n`);
  } finally {
    unlock(layout.lock);
  }
  return site;
}

/**
 * What a build under colcon needs: the npm packages, rclnodejs for the sourced ROS 2 and the compiled sources. Nothing is installed
 * outside the checkout.
 *
 * @param {Site} site
 * @returns {Step[]}
 */
export function nodeSteps(site) {
  if (site.source.kind === 'private') throw nothingSourced(site.env);
  return withSystemPackages(site, [npmStep(site), ...compiledSteps(site)], { renderer: false });
}

/**
 * What the node and the demo need: also ROS 2 where none is sourced, the simulator's Python, and jepa_mpc_msgs.
 *
 * @param {Site} site
 * @param {readonly Step[]} [more] steps after these
 * @returns {Step[]}
 */
export function productSteps(site, more = []) {
  const { layout, source, env } = site;
  const ros =
    source.kind === 'private' ? 'ROS 2 Jazzy and MuJoCo in .prefix/ros' : `MuJoCo for ROS 2 ${source.distro}`;
  return withSystemPackages(
    site,
    [
      npmStep(site),
      {
        title: ros,
        uses: 'python',
        isDone: () => rosPrefixIsMade(layout, source, env),
        make: () => makeRosPrefix(layout, source, env),
      },
      ...compiledSteps(site),
      {
        title: 'jepa_mpc_msgs in .prefix/interfaces',
        isDone: () => interfacesAreBuilt(layout, source, env),
        make: () => buildInterfaces(layout, source, env),
      },
      ...more,
    ],
    { renderer: true },
  );
}

/**
 * What training needs: also PyTorch.
 *
 * @param {Site} site
 * @param {readonly Step[]} [more] steps after these
 * @returns {Step[]}
 */
export function trainingSteps(site, more = []) {
  const { layout, env } = site;
  return productSteps(site, [
    {
      title: 'training environment (PyTorch) in .prefix/training',
      uses: 'python',
      isDone: () => trainingPrefixIsMade(layout),
      make: () => makeTrainingPrefix(layout, env),
    },
    ...more,
  ]);
}

/**
 * What `jepa-mpc tune` needs: also Optuna.
 *
 * @param {Site} site
 * @returns {Step[]}
 */
export const tuningSteps = (site) => productSteps(site, [tuningStep(site)]);

/**
 * @param {Site} site
 * @returns {Step}
 */
export function tuningStep({ layout, env }) {
  return {
    title: 'Optuna in .prefix/tuning',
    uses: 'python',
    isDone: () => tuningPrefixIsMade(layout, env),
    make: () => makeTuningPrefix(layout, env),
  };
}

/**
 * @param {Site} site
 * @returns {Step}
 */
function npmStep({ layout, env }) {
  return {
    title: 'npm packages',
    isDone: () => npmPackagesAreInstalled(layout),
    make: () => installNpmPackages(layout, env),
  };
}

/**
 * @param {Site} site
 * @returns {Step[]}
 */
function compiledSteps({ layout, source, env }) {
  return [
    {
      title: 'rclnodejs for this ROS 2',
      uses: 'compiler',
      isDone: () => npmPackagesAreInstalled(layout) && addonIsBuilt(layout, source),
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
    {
      title: 'page of the dashboard',
      isDone: () => pageIsBuilt(layout),
      make: () => buildPage(layout, env),
    },
  ];
}

/**
 * Puts a first step before the others that installs what they use of the operating system. It looks for a compiler or an interpreter only
 * while a step is left that uses it.
 *
 * @param {Site} site
 * @param {readonly Step[]} steps
 * @param {{ renderer: boolean }} options renderer: whether MuJoCo has to draw
 * @returns {Step[]}
 */
function withSystemPackages({ layout, env }, steps, { renderer }) {
  const isUsed = (/** @type {Step['uses']} */ what) =>
    steps.some((step) => step.uses === what && !step.isDone());
  const needs = () => ({ compiler: isUsed('compiler'), python: isUsed('python'), renderer });
  return [
    {
      title: 'packages of the operating system',
      isDone: () => {
        const { compiler, python } = needs();
        if (!compiler && !python) return !renderer || findRenderer() !== undefined;
        return findMissing(env, needs()).length === 0;
      },
      make: () => installMissing(findMissing(env, needs()), env, join(layout.logs, 'apt.log')),
    },
    ...steps,
  ];
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {SetupError}
 */
function nothingSourced(env) {
  const { ROS_DISTRO: distro = '', AMENT_PREFIX_PATH: prefixes = '' } = env;
  return new SetupError('setup.ros-not-sourced', 'a ROS 2 to build against is missing', {
    found: `ROS_DISTRO=${distro} AMENT_PREFIX_PATH=${prefixes}`,
    expected: 'both set, lib/librcl.so in one of the prefixes, and a python3 on the PATH that imports rclpy',
    remedy: 'source /opt/ros/<distribution>/setup.bash, install ros-<distribution>-rclpy, build again',
  });
}

/**
 * @param {string} version such as "20.20.2"
 * @returns {boolean}
 */
export function isNodeNewEnough(version) {
  const parts = version.split('.').map(Number);
  for (const [index, min] of MIN_NODE.entries()) {
    const part = parts[index] ?? 0;
    if (part !== min) return part > min;
  }
  return true;
}

/** @param {string} version */
function checkNode(version) {
  if (isNodeNewEnough(version)) return;
  throw new SetupError('setup.node-too-old', 'this Node.js is too old', {
    found: `Node.js ${version} (${process.execPath})`,
    expected: `Node.js ${MIN_NODE.join('.')} or later`,
    remedy:
      'install Node.js 24 (https://nodejs.org/en/download, or nvm install 24), then run the command again',
  });
}
