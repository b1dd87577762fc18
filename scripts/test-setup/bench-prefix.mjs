import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { findPython, noPythonError } from '../setup/find-python.mjs';
import { ask, runCommand } from '../setup/run-command.mjs';
import { SetupError } from '../setup/setup-error.mjs';
import { hashOf, readStamp, removeStamp, writeStamp } from '../setup/steps.mjs';

const STAMP_NAME = '.jepa-mpc-stamp.json';

/** @param {NodeJS.ProcessEnv} env */
const withoutOtherPythons = (env) => ({ ...env, PYTHONPATH: '', PYTHONNOUSERSITE: '1' });

/** @param {import('../setup/layout.mjs').Layout} layout */
function environmentInputs({ root, benchReference }) {
  const files = ['pyproject.toml', 'no-deps.txt'].map((file) => join(benchReference, file));
  return hashOf([root, ...files.map((file) => readFileSync(file))]);
}

/**
 * @param {import('../setup/layout.mjs').Layout} layout
 * @returns {boolean}
 */
export function benchPrefixIsMade(layout) {
  const stamp = readStamp(join(layout.benchPrefix, STAMP_NAME));
  return stamp?.inputs === environmentInputs(layout) && existsSync(join(layout.benchPrefix, 'bin', 'python'));
}

/**
 * Makes the Python environment of what the benchmark compares with. The dependencies that stable-worldmodel declares are left out:
 * they are simulators and data sets. bench/reference/pyproject.toml lists what its solvers and models import.
 *
 * @param {import('../setup/layout.mjs').Layout} layout
 * @param {NodeJS.ProcessEnv} env
 */
export async function makeBenchPrefix(layout, env) {
  const python = findPython(env);
  if (Array.isArray(python)) throw noPythonError(python, env);
  const { benchPrefix: prefix, benchReference } = layout;
  removeStamp(join(prefix, STAMP_NAME));
  rmSync(prefix, { recursive: true, force: true });
  const cleanEnv = withoutOtherPythons(env);
  await runCommand('making the benchmark environment', [python.executable, '-m', 'venv', prefix], {
    logPath: join(layout.logs, 'bench-venv.log'),
    env: cleanEnv,
  });
  const pip = [join(prefix, 'bin', 'python'), '-m', 'pip', 'install', '--disable-pip-version-check'];
  const remedy = 'check that PyPI can be reached and 3 GB of disk are free, then run the same command again';
  await runCommand('installing PyTorch', [...pip, '-e', `${benchReference}[dev]`], {
    logPath: join(layout.logs, 'bench-pip.log'),
    env: cleanEnv,
    remedy,
  });
  await runCommand(
    'installing stable-worldmodel',
    [...pip, '--no-deps', '-r', join(benchReference, 'no-deps.txt')],
    { logPath: join(layout.logs, 'bench-reference-pip.log'), env: cleanEnv, remedy },
  );
  const check = [join(prefix, 'bin', 'python'), '-c', 'import jepa_mpc_reference.swm'];
  if (ask(check, cleanEnv) === undefined) {
    throw new SetupError(
      'setup.import-failed',
      'the benchmark environment does not import what was installed in it',
      {
        found: `the solvers and models of stable-worldmodel fail to import in ${prefix}`,
        remedy: `see why: ${check.slice(0, 2).join(' ')} "${check[2] ?? ''}"`,
      },
    );
  }
  writeStamp(join(prefix, STAMP_NAME), environmentInputs(layout), { python: python.version });
}

/** @param {import('../setup/layout.mjs').Layout} layout */
function modelInputs(layout) {
  // The exporters of the training code write them.
  const sources = [
    join(layout.benchReference, 'jepa_mpc_reference'),
    join(layout.root, 'training', 'jepa_mpc_training', 'exporters'),
  ];
  const files = sources.flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.py'))
      .sort()
      .map((name) => join(folder, name)),
  );
  return hashOf([environmentInputs(layout), ...files.map((path) => readFileSync(path))]);
}

/**
 * @param {import('../setup/layout.mjs').Layout} layout
 * @returns {boolean}
 */
export function benchModelsAreMade(layout) {
  return readStamp(join(layout.benchModels, STAMP_NAME))?.inputs === modelInputs(layout);
}

/**
 * Writes the random-weight models that both sides plan with, 100 MB.
 *
 * @param {import('../setup/layout.mjs').Layout} layout
 * @param {NodeJS.ProcessEnv} env
 */
export async function makeBenchModels(layout, env) {
  removeStamp(join(layout.benchModels, STAMP_NAME));
  await runCommand(
    'writing the models of the benchmark',
    [
      join(layout.benchPrefix, 'bin', 'python'),
      '-m',
      'jepa_mpc_reference.make_models',
      '--folder',
      layout.benchModels,
    ],
    { logPath: join(layout.logs, 'bench-models.log'), env: withoutOtherPythons(env) },
  );
  writeStamp(join(layout.benchModels, STAMP_NAME), modelInputs(layout), {});
}
