import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { PACKAGE_ROOT } from './demo/package-root.js';

/** What ROS and the simulators need in the environment; the set-up of a checkout provides it. */
const NEEDED = ['AMENT_PREFIX_PATH', 'ROS_DISTRO', 'JEPA_MPC_PYTHON'];

/** Marks a run that comes from here: what it still lacks, the set-up does not provide. */
const CAME_THROUGH = 'JEPA_MPC_CAME_THROUGH_SET_UP';

/**
 * Runs a command of this program again by way of the set-up (scripts/bootstrap.mjs) if the environment lacks what it needs, so that
 * `npx jepa-mpc evaluate` works in a shell without ROS.
 *
 * @param task name of the command, and of its task of the set-up
 * @param neededFiles variables that name files which the set-up of this task makes
 * @returns exit status of that run; null when nothing is missing, or where there is no set-up: an installed package
 */
export async function throughSetUp(
  task: string,
  neededFiles: readonly string[] = [],
): Promise<number | null> {
  const { env } = process;
  const isMissing =
    NEEDED.some((name) => (env[name] ?? '') === '') ||
    neededFiles.some((name) => !existsSync(env[name] ?? ''));
  const bootstrap = join(PACKAGE_ROOT, 'scripts', 'bootstrap.mjs');
  if (!isMissing || env[CAME_THROUGH] !== undefined || !existsSync(bootstrap)) return null;
  const args = process.argv.slice(process.argv.indexOf(task) + 1);
  const child = spawn(process.execPath, [bootstrap, task, ...args], {
    stdio: 'inherit',
    env: { ...env, [CAME_THROUGH]: '1' },
  });
  // From a terminal the signal reaches the child, too; the child waits for what it has started.
  const forwards = (['SIGINT', 'SIGTERM', 'SIGHUP'] as const).map((signal) => {
    const forward = (): void => {
      child.kill(signal);
    };
    process.on(signal, forward);
    return { signal, forward };
  });
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (status, signal) => {
        resolve(status ?? 128 + constants.signals[signal ?? 'SIGKILL']);
      });
    });
  } finally {
    for (const { signal, forward } of forwards) process.off(signal, forward);
  }
}
