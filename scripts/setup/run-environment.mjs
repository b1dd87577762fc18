import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { holdFreeDomain } from './free-domain.mjs';
import { gazeboEnvironment } from '../test-setup/gazebo/set-up.mjs';
import { rosLoadEnvironment } from './ros-source.mjs';
import { unlock } from './set-up-lock.mjs';
import { findRenderer } from './system-packages.mjs';
import { tuningPython } from './tuning-prefix.mjs';

/** Names the run in the environment of every process it starts. */
export const RUN_ID_VARIABLE = 'JEPA_MPC_RUN_ID';

/**
 * The environment of the product's processes. It keeps what the user has set.
 *
 * @param {import('./layout.mjs').Layout} layout
 * @param {import('./ros-source.mjs').RosSource} source
 * @param {NodeJS.ProcessEnv} env
 * @param {{ isolated: boolean }} options isolated: in a ROS domain of its own, visible on this machine alone; for the demo and the
 *   tests, not for a node that is to move a robot
 * @returns {Promise<{ env: NodeJS.ProcessEnv, release: () => void }>} release gives the domain back
 */
export async function makeRunEnvironment(layout, source, env, { isolated }) {
  /** @type {NodeJS.ProcessEnv} */
  const runEnv = {
    ...rosLoadEnvironment(source, env),
    JEPA_MPC_PYTHON: env['JEPA_MPC_PYTHON'] ?? join(source.pythonPrefix, 'bin', 'python'),
    JEPA_MPC_TUNING_PYTHON: env['JEPA_MPC_TUNING_PYTHON'] ?? tuningPython(layout),
    // ONNX Runtime of Python, too, collects data for its vendor otherwise: docs/security.md.
    ORT_DISABLE_TELEMETRY: env['ORT_DISABLE_TELEMETRY'] ?? '1',
    MUJOCO_GL: env['MUJOCO_GL'] ?? findRenderer() ?? 'osmesa',
    [RUN_ID_VARIABLE]: randomUUID(),
  };
  if (!isolated) return { env: runEnv, release: () => undefined };
  Object.assign(runEnv, gazeboEnvironment(layout, env));
  runEnv['ROS_AUTOMATIC_DISCOVERY_RANGE'] ??= 'LOCALHOST';
  if (runEnv['ROS_DOMAIN_ID']) return { env: runEnv, release: () => undefined };
  const { domain, lockPath } = await holdFreeDomain();
  runEnv['ROS_DOMAIN_ID'] = String(domain);
  return {
    env: runEnv,
    release: () => {
      unlock(lockPath);
    },
  };
}
