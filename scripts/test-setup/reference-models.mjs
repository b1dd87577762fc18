import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../setup/run-command.mjs';
import { hashOf, readStamp, removeStamp, writeStamp } from '../setup/steps.mjs';

/** In the training environment, so that it is deleted with it. */
const STAMP_NAME = '.jepa-mpc-reference-models.json';

/** @param {import('../setup/layout.mjs').Layout} layout */
function requirements({ root }) {
  return {
    whole: join(root, 'training', 'reference-requirements.txt'),
    alone: join(root, 'training', 'reference-no-deps.txt'),
  };
}

/** @param {import('../setup/layout.mjs').Layout} layout */
function inputs(layout) {
  return hashOf(Object.values(requirements(layout)).map((file) => readFileSync(file)));
}

/**
 * @param {import('../setup/layout.mjs').Layout} layout
 * @returns {boolean}
 */
export function referenceModelsAreInstalled(layout) {
  return readStamp(join(layout.trainingPrefix, STAMP_NAME))?.inputs === inputs(layout);
}

/**
 * Installs the published code that the exporters of training/ are compared with: 310 MB besides 1.3 GB. What stable-worldmodel
 * and cc-vjepa2 declare as dependencies is left out: simulators, data sets, video.
 *
 * @param {import('../setup/layout.mjs').Layout} layout
 * @param {NodeJS.ProcessEnv} env
 */
export async function installReferenceModels(layout, env) {
  const stamp = join(layout.trainingPrefix, STAMP_NAME);
  removeStamp(stamp);
  const { whole, alone } = requirements(layout);
  const pip = [
    join(layout.trainingPrefix, 'bin', 'python'),
    '-m',
    'pip',
    'install',
    '--disable-pip-version-check',
  ];
  const options = {
    logPath: join(layout.logs, 'reference-models-pip.log'),
    env: { ...env, PYTHONPATH: '', PYTHONNOUSERSITE: '1' },
    remedy: 'check that PyPI can be reached, then run the same command again',
  };
  await runCommand('installing transformers', [...pip, '-r', whole], options);
  await runCommand('installing stable-worldmodel and V-JEPA 2', [...pip, '--no-deps', '-r', alone], options);
  writeStamp(stamp, inputs(layout), {});
}
