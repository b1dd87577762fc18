import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { GAZEBO_SETUP_VARIABLE, PLUGIN_VARIABLE, ROOT_VARIABLE, gazeboCacheOf } from './cache.mjs';
import { chrootSteps } from './chroot.mjs';
import { debianArchitecture, gazeboHost, hostBlocker, makeWritable, roomBlocker } from './host.mjs';
import { buildPlugin, pluginIsBuilt, pluginPath } from './plugin.mjs';
import { endProcessesMarked } from '../../setup/marked-processes.mjs';
import { runCommand } from '../../setup/run-command.mjs';
import { lockWhenFree, unlock } from '../../setup/set-up-lock.mjs';
import { SetupError } from '../../setup/setup-error.mjs';
import { runSteps } from '../../setup/steps.mjs';
import { installPackages } from '../../setup/system-packages.mjs';

/**
 * Makes Gazebo Classic 11 in a chroot, and the project's plugin in it, or what of them is missing. That the machine cannot have it is an
 * outcome; that a step fails which should work is an error.
 *
 * @param {import('../../setup/layout.mjs').Layout} layout
 * @param {NodeJS.ProcessEnv} env
 * @param {(text: string) => void} write where progress goes
 * @param {import('./host.mjs').GazeboHost} [host]
 * @param {typeof runCommand} [run]
 * @returns {Promise<{ blocker: string | undefined }>} why this machine cannot have it
 */
export async function setUpGazebo(layout, env, write, host = gazeboHost(env), run = runCommand) {
  const cache = gazeboCacheOf(env);
  const unfit = hostBlocker(host, cache);
  if (unfit !== undefined) return { blocker: unfit };
  if (cache.isGiven) refuseEmptyRoot(cache.root);
  if (stepsOf(layout, cache, env, host, run).steps.every((step) => step.isDone()))
    return { blocker: undefined };

  makeWritable(cache.folder);
  await lockWhenFree(cache.lock, (holder) => {
    write(`waiting for another set-up of Gazebo Classic to finish (process ${holder})\n`);
  });
  try {
    const { steps, blocker } = stepsOf(layout, cache, env, host, run);
    const found = blocker();
    if (found !== undefined) return { blocker: found };
    const startMs = performance.now();
    // A killed set-up, also of another checkout, may have left apt or a compiler running in the chroot.
    const endLeftovers = () => endProcessesMarked(GAZEBO_SETUP_VARIABLE, cache.folder);
    const made = await runSteps(steps, write, () => performance.now(), endLeftovers);
    if (made > 0) {
      write(`set-up of Gazebo Classic finished in ${((performance.now() - startMs) / 1000).toFixed(1)} s\n`);
    }
    return { blocker: undefined };
  } finally {
    unlock(cache.lock);
  }
}

/**
 * The same for a run that was asked for with Gazebo.
 *
 * @param {import('../../setup/layout.mjs').Layout} layout
 * @param {NodeJS.ProcessEnv} env
 * @param {(text: string) => void} write
 */
export async function requireGazebo(layout, env, write) {
  const { blocker } = await setUpGazebo(layout, env, write);
  if (blocker === undefined) return;
  throw new SetupError('gazebo.unavailable', 'Gazebo Classic 11 cannot be had here', {
    found: blocker,
    expected:
      'root on Debian or a relative of it, for amd64 or arm64, with 4 GB free and a mirror of Debian bullseye',
    remedy: 'run it on such a machine or in such a container, or with MuJoCo (--simulator mujoco)',
  });
}

/**
 * What programs need to know of Gazebo Classic, where it is set up with this checkout's plugin.
 *
 * @param {import('../../setup/layout.mjs').Layout} layout
 * @param {NodeJS.ProcessEnv} env
 * @param {import('./host.mjs').GazeboHost} [host]
 * @returns {NodeJS.ProcessEnv} what to add; nothing where it is not
 */
export function gazeboEnvironment(layout, env, host = gazeboHost(env)) {
  const cache = gazeboCacheOf(env);
  if (hostBlocker(host, cache) !== undefined) return {};
  const { steps } = stepsOf(layout, cache, env, host, runCommand);
  if (!steps.every((step) => step.isDone())) return {};
  return { [ROOT_VARIABLE]: cache.root, [PLUGIN_VARIABLE]: pluginPath(layout) };
}

/**
 * @param {import('../../setup/layout.mjs').Layout} layout
 * @param {import('./cache.mjs').GazeboCache} cache
 * @param {NodeJS.ProcessEnv} env
 * @param {import('./host.mjs').GazeboHost} host
 * @param {typeof runCommand} run
 * @returns {{ steps: import('../../setup/steps.mjs').Step[], blocker: () => string | undefined }} blocker: what stands in the way of
 *   those that are not done
 */
function stepsOf(layout, cache, env, host, run) {
  const plugin = {
    title: "the project's plugin for Gazebo Classic",
    isDone: () => pluginIsBuilt(layout, cache.root),
    make: () => buildPlugin(layout, cache, env, run),
  };
  if (cache.isGiven) return { steps: [plugin], blocker: () => undefined };

  let mirror = '';
  const chroot = chrootSteps({
    cache,
    architecture: debianArchitecture(host.arch) ?? '',
    mirror: () => mirror,
    env,
    run,
  });
  const tool = {
    title: 'debootstrap',
    // Nothing is installed for a chroot that is there.
    isDone: () => host.hasDebootstrap || chroot[0]?.isDone() === true,
    make: () => installPackages(['debootstrap', 'debian-archive-keyring'], env, join(cache.logs, 'apt.log')),
  };
  const blocker = () => {
    const undone = chroot.filter((step) => !step.isDone());
    if (undone.length === 0) return undefined;
    const bytes = undone.reduce((sum, step) => sum + step.bytes, 0);
    const found = host.chrootBlocker(cache.folder) ?? roomBlocker(host, cache.folder, bytes);
    if (found !== undefined) return found;
    const answer = host.findMirror();
    if ('blocker' in answer) return answer.blocker;
    mirror = answer.mirror;
    return undefined;
  };
  return { steps: [tool, ...chroot, plugin], blocker };
}

/** @param {string} root the user's */
function refuseEmptyRoot(root) {
  if (existsSync(join(root, 'usr', 'bin', 'gzserver'))) return;
  throw new SetupError('gazebo.root-invalid', `${ROOT_VARIABLE} names no chroot with Gazebo Classic`, {
    found: `no usr/bin/gzserver in ${root}`,
    expected: 'a Debian bullseye with gazebo, libgazebo-dev, g++, pkg-config and xvfb',
    remedy: `install them in it, or unset ${ROOT_VARIABLE}: the set-up makes one then`,
  });
}
