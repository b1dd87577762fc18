import { homedir } from 'node:os';
import { join } from 'node:path';

/** A path below the user's caches, for what is found out once a machine; it may not exist yet. */
export function cachePath(purpose: string, name: string, env: NodeJS.ProcessEnv = process.env): string {
  const caches = env['XDG_CACHE_HOME'] ?? '';
  // An empty variable counts as unset, in the set-up (scripts/setup/cache-folder.mjs) too.
  return join(caches === '' ? join(homedir(), '.cache') : caches, 'jepa-mpc', purpose, name);
}
