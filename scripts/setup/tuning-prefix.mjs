import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { findPython, noPythonError } from './find-python.mjs';
import { runCommand } from './run-command.mjs';
import { hashOf, readStamp, writeStamp } from './steps.mjs';

const STAMP_NAME = '.jepa-mpc-stamp.json';

/**
 * @param {import('./layout.mjs').Layout} layout
 * @param {NodeJS.ProcessEnv} env
 * @returns {string}
 */
function inputsOf(layout, env) {
  return hashOf([layout.root, readFileSync(layout.tuningRequirements), env['JEPA_MPC_SETUP_PYTHON'] ?? '']);
}

/**
 * @param {import('./layout.mjs').Layout} layout
 * @returns {string} the interpreter of the environment
 */
export function tuningPython(layout) {
  return join(layout.tuningPrefix, 'bin', 'python');
}

/**
 * @param {import('./layout.mjs').Layout} layout
 * @param {NodeJS.ProcessEnv} env
 * @returns {boolean}
 */
export function tuningPrefixIsMade(layout, env) {
  const stamp = readStamp(join(layout.tuningPrefix, STAMP_NAME));
  return stamp?.inputs === inputsOf(layout, env) && existsSync(tuningPython(layout));
}

/**
 * Makes the Python environment of `jepa-mpc tune`: Optuna, which a node does not need.
 *
 * @param {import('./layout.mjs').Layout} layout
 * @param {NodeJS.ProcessEnv} env
 */
export async function makeTuningPrefix(layout, env) {
  const python = findPython(env);
  if (Array.isArray(python)) throw noPythonError(python, env);
  const prefix = layout.tuningPrefix;
  rmSync(prefix, { recursive: true, force: true });
  const cleanEnv = { ...env, PYTHONPATH: '', PYTHONNOUSERSITE: '1' };
  await runCommand('making an environment for tuning', [python.executable, '-m', 'venv', prefix], {
    logPath: join(layout.logs, 'tuning-venv.log'),
    env: cleanEnv,
  });
  const pip = [tuningPython(layout), '-m', 'pip', 'install', '--disable-pip-version-check'];
  await runCommand('installing Optuna from PyPI', [...pip, '-r', layout.tuningRequirements], {
    logPath: join(layout.logs, 'tuning-pip.log'),
    env: cleanEnv,
    remedy:
      'check that PyPI can be reached (python3 -m pip download optuna), then run the same command again',
  });
  writeStamp(join(prefix, STAMP_NAME), inputsOf(layout, env), { python: python.version });
}
