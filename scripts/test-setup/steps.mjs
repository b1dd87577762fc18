import { productSteps, trainingSteps, tuningStep } from '../setup/set-up.mjs';
import { benchModelsAreMade, benchPrefixIsMade, makeBenchModels, makeBenchPrefix } from './bench-prefix.mjs';
import { colconPrefixIsMade, makeColconPrefix } from './colcon-prefix.mjs';
import { debianPackageSteps } from './debian-packages.mjs';
import { installReferenceModels, referenceModelsAreInstalled } from './reference-models.mjs';

/**
 * @typedef {import('../setup/set-up.mjs').Site} Site
 *
 * @typedef {import('../setup/steps.mjs').Step} Step
 */

/**
 * What `npm test` needs besides training: the published world models that exporters are compared with, colcon, Optuna, and a WebGPU device on the
 * processor where one is available. Gazebo Classic is set up separately because not every machine can run it (gazebo/set-up.mjs).
 *
 * @param {Site} site
 * @returns {Step[]}
 */
export function testSteps(site) {
  const { layout, env } = site;
  return trainingSteps(site, [
    {
      title: 'published world models (stable-worldmodel, transformers) in .prefix/training',
      isDone: () => referenceModelsAreInstalled(layout),
      make: () => installReferenceModels(layout, env),
    },
    colconStep(site),
    tuningStep(site),
    ...debianPackageSteps(layout, env),
  ]);
}

/**
 * What `npm run test:colcon` needs.
 *
 * @param {Site} site
 * @returns {Step[]}
 */
export const colconSteps = (site) => productSteps(site, [colconStep(site)]);

/**
 * What `npm run bench` needs: PyTorch with stable-worldmodel, and the models that both sides are timed with.
 *
 * @param {Site} site
 * @returns {Step[]}
 */
export function benchSteps(site) {
  const { layout, env } = site;
  return productSteps(site, [
    {
      title: 'benchmark environment (PyTorch, stable-worldmodel) in .prefix/bench',
      uses: 'python',
      isDone: () => benchPrefixIsMade(layout),
      make: () => makeBenchPrefix(layout, env),
    },
    {
      title: 'models of the benchmark in .prefix/bench/models',
      isDone: () => benchModelsAreMade(layout),
      make: () => makeBenchModels(layout, env),
    },
  ]);
}

/**
 * @param {Site} site
 * @returns {Step}
 */
function colconStep({ layout, env }) {
  return {
    title: 'colcon in .prefix/colcon',
    uses: 'python',
    isDone: () => colconPrefixIsMade(layout, env),
    make: () => makeColconPrefix(layout, env),
  };
}
