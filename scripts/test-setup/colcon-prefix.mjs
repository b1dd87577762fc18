import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { findPython, noPythonError } from '../setup/find-python.mjs';
import { runCommand } from '../setup/run-command.mjs';
import { hashOf, readStamp, writeStamp } from '../setup/steps.mjs';

const STAMP_NAME = '.jepa-mpc-stamp.json';

/**
 * @param {import('../setup/layout.mjs').Layout} layout
 * @param {NodeJS.ProcessEnv} env
 * @returns {string}
 */
function inputsOf(layout, env) {
  return hashOf([layout.root, readFileSync(layout.colconRequirements), env['JEPA_MPC_SETUP_PYTHON'] ?? '']);
}

/**
 * @param {import('../setup/layout.mjs').Layout} layout
 * @param {NodeJS.ProcessEnv} env
 * @returns {boolean}
 */
export function colconPrefixIsMade(layout, env) {
  const stamp = readStamp(join(layout.colconPrefix, STAMP_NAME));
  return stamp?.inputs === inputsOf(layout, env) && existsSync(join(layout.colconPrefix, 'bin', 'colcon'));
}

/**
 * Makes the Python environment of colcon, separate from the simulator's because colcon installs plug-ins for pytest.
 *
 * @param {import('../setup/layout.mjs').Layout} layout
 * @param {NodeJS.ProcessEnv} env
 */
export async function makeColconPrefix(layout, env) {
  const python = findPython(env);
  if (Array.isArray(python)) throw noPythonError(python, env);
  const prefix = layout.colconPrefix;
  rmSync(prefix, { recursive: true, force: true });
  const cleanEnv = { ...env, PYTHONPATH: '', PYTHONNOUSERSITE: '1' };
  await runCommand('making an environment for colcon', [python.executable, '-m', 'venv', prefix], {
    logPath: join(layout.logs, 'colcon-venv.log'),
    env: cleanEnv,
  });
  const pip = [join(prefix, 'bin', 'python'), '-m', 'pip', 'install', '--disable-pip-version-check'];
  await runCommand('installing colcon from PyPI', [...pip, '-r', layout.colconRequirements], {
    logPath: join(layout.logs, 'colcon-pip.log'),
    env: cleanEnv,
    remedy:
      'check that PyPI can be reached (python3 -m pip download colcon-core), then run the same command again',
  });
  writeStamp(join(prefix, STAMP_NAME), inputsOf(layout, env), { python: python.version });
}
