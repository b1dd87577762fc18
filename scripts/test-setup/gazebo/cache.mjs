import { join } from 'node:path';
import { cacheFolder } from '../../setup/cache-folder.mjs';
import { systemEnvironment } from './host.mjs';

/** The user's own chroot with Gazebo Classic. The set-up does not change it, except for the plugin. */
export const ROOT_VARIABLE = 'JEPA_MPC_GAZEBO_ROOT';

/** The model plugin, as seen in the chroot. */
export const PLUGIN_VARIABLE = 'JEPA_MPC_GAZEBO_PLUGIN';

/**
 * Where Gazebo Classic is installed: outside the checkout, because it is large and all checkouts share it.
 *
 * @param {NodeJS.ProcessEnv} env
 */
export function gazeboCacheOf(env) {
  const folder = join(cacheFolder(env), 'gazebo-classic-11');
  const own = join(folder, 'root');
  const root = env[ROOT_VARIABLE] || own;
  return {
    folder,
    root,
    // A set-up that is started by a program of the demo or the tests finds the variable set to what this set-up has made.
    isGiven: root !== own,
    stamps: join(folder, 'stamps'),
    logs: join(folder, 'logs'),
    lock: join(folder, 'set-up.lock'),
  };
}

/** @typedef {ReturnType<typeof gazeboCacheOf>} GazeboCache */

/** Names the cache in the environment of every command that works in it, so that those that outlive a killed set-up are found. */
export const GAZEBO_SETUP_VARIABLE = 'JEPA_MPC_GAZEBO_SETTING_UP';

/**
 * @param {GazeboCache} cache
 * @param {NodeJS.ProcessEnv} env
 * @returns {NodeJS.ProcessEnv} of the commands that make the chroot
 */
export const chrootEnvironment = (cache, env) => ({
  ...systemEnvironment(env),
  [GAZEBO_SETUP_VARIABLE]: cache.folder,
});
