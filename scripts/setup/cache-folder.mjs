import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * Where the set-up keeps what is large and the same for every checkout.
 *
 * @param {NodeJS.ProcessEnv} env
 * @returns {string} a folder of the user's caches; it may not exist yet
 */
export function cacheFolder(env) {
  return join(env['XDG_CACHE_HOME'] || join(env['HOME'] || homedir(), '.cache'), 'jepa-mpc');
}
