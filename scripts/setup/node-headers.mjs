import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/**
 * Where the headers that a native addon is compiled with lie. rclnodejs uses Node-API and libuv alone, so headers of any Node.js
 * from 20 on give the same addon; those of the running one come first.
 *
 * @param {NodeJS.ProcessEnv} env
 * @param {string} [execPath] the running Node.js
 * @returns {string | undefined} a folder with include/node/node.h; undefined when there is none and node-gyp has to download them
 */
export function findNodeHeaders(env, execPath = process.execPath) {
  const gypCache = join(env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'node-gyp');
  const candidates = [
    dirname(dirname(realpathSync(execPath))),
    env['npm_config_nodedir'],
    ...(existsSync(gypCache)
      ? readdirSync(gypCache)
          .sort()
          .reverse()
          .map((version) => join(gypCache, version))
      : []),
    '/usr/local',
    '/usr',
  ];
  return candidates.find(
    (folder) =>
      folder !== undefined &&
      existsSync(join(folder, 'include', 'node', 'node_api.h')) &&
      existsSync(join(folder, 'include', 'node', 'uv.h')),
  );
}
