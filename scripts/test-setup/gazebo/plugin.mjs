import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, join } from 'node:path';
import { filesBelow, hashOf } from '../../setup/steps.mjs';
import { chrootEnvironment } from './cache.mjs';

/** Where plugins are in the chroot: each in a folder named by the hash of its sources, since checkouts may differ. */
const FOLDER = '/opt/jepa_mpc';
const LIBRARY = 'libjepa_mpc_arm.so';
const FLAGS = ['-std=c++17', '-O2', '-fPIC', '-Wall', '-Wextra'];

/** Compiles the sources of the present folder side by side and links them. */
const BUILD = `set -e
ls *.cc | xargs -P "$1" -I SOURCE sh -c 'g++ ${FLAGS.join(' ')} $(pkg-config --cflags gazebo OGRE OGRE-Paging OGRE-Terrain) -c SOURCE -o SOURCE.o'
g++ -shared -o ${LIBRARY} *.o $(pkg-config --libs gazebo OGRE OGRE-Paging OGRE-Terrain)
rm *.o`;

/**
 * @param {import('../../setup/layout.mjs').Layout} layout
 * @returns {string[]}
 */
const sourcesOf = ({ gazeboPlugin }) => filesBelow(gazeboPlugin, (name) => /\.(cc|hh)$/.test(name));

/**
 * @param {import('../../setup/layout.mjs').Layout} layout
 * @returns {string} the folder of this checkout's plugin, as seen in the chroot
 */
function folderOf(layout) {
  const inputs = sourcesOf(layout).flatMap((file) => [basename(file), readFileSync(file)]);
  return join(FOLDER, hashOf([BUILD, ...inputs]).slice(0, 16));
}

/**
 * @param {import('../../setup/layout.mjs').Layout} layout
 * @returns {string} the library, as seen in the chroot
 */
export const pluginPath = (layout) => join(folderOf(layout), LIBRARY);

/**
 * @param {import('../../setup/layout.mjs').Layout} layout
 * @param {string} root of the chroot
 * @returns {boolean}
 */
export const pluginIsBuilt = (layout, root) => existsSync(join(root, pluginPath(layout)));

/**
 * @param {import('../../setup/layout.mjs').Layout} layout
 * @param {import('./cache.mjs').GazeboCache} cache
 * @param {NodeJS.ProcessEnv} env
 * @param {typeof import('../../setup/run-command.mjs').runCommand} run
 */
export async function buildPlugin(layout, cache, env, run) {
  const folder = folderOf(layout);
  const workshop = `${folder}.part`;
  const [made, partial] = [join(cache.root, folder), join(cache.root, workshop)];
  for (const path of [partial, made]) rmSync(path, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  for (const file of sourcesOf(layout)) copyFileSync(file, join(partial, basename(file)));
  const parallel = String(availableParallelism());
  await run(
    "building the project's plugin for Gazebo Classic",
    ['chroot', cache.root, 'sh', '-c', `cd ${workshop}\n${BUILD}`, 'sh', parallel],
    { logPath: join(cache.logs, 'plugin.log'), env: chrootEnvironment(cache, env) },
  );
  renameSync(partial, made);
}
