import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout. */
export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/**
 * The folders that the set-up reads and writes. What it makes lies in `.prefix`, `node_modules` and `dist`.
 *
 * @param {string} [root] the checkout
 */
export function layoutOf(root = ROOT) {
  const prefixes = join(root, '.prefix');
  return {
    root,
    prefixes,
    rosPrefix: join(prefixes, 'ros'),
    overlayPrefix: join(prefixes, 'overlay'),
    interfacesPrefix: join(prefixes, 'interfaces'),
    colconPrefix: join(prefixes, 'colcon'),
    trainingPrefix: join(prefixes, 'training'),
    tuningPrefix: join(prefixes, 'tuning'),
    gpuPrefix: join(prefixes, 'gpu'),
    benchPrefix: join(prefixes, 'bench', 'venv'),
    benchModels: join(prefixes, 'bench', 'models'),
    logs: join(prefixes, 'logs'),
    lock: join(prefixes, 'set-up.lock'),
    nodeModules: join(root, 'node_modules'),
    rclnodejs: join(root, 'node_modules', 'rclnodejs'),
    dist: join(root, 'dist'),
    interfaces: join(root, 'interfaces', 'jepa_mpc_msgs'),
    gazeboPlugin: join(root, 'sim', 'gazebo', 'plugin'),
    benchReference: join(root, 'bench', 'reference'),
    rosRequirements: join(root, 'scripts', 'setup', 'ros-requirements.txt'),
    colconRequirements: join(root, 'scripts', 'test-setup', 'colcon-requirements.txt'),
    tuningRequirements: join(root, 'eval', 'tuning', 'requirements.txt'),
    simulatorRequirements: join(root, 'scripts', 'setup', 'simulator-requirements.txt'),
  };
}

/** @typedef {ReturnType<typeof layoutOf>} Layout */

/** @returns {string} a folder for temporary files without spaces in its path: make, node-gyp and CMake's generators fail on spaces */
export function spacelessTmpdir() {
  return /\s/.test(tmpdir()) ? '/tmp' : tmpdir();
}
