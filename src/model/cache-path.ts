import { homedir } from 'node:os';
import { join } from 'node:path';

/** A path below the user's caches, for what is found out once a machine; it may not exist yet. */
export function cachePath(purpose: string, name: string, env: NodeJS.ProcessEnv = process.env): string {
  return join(env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'jepa-mpc', purpose, name);
}
