/** Planners of dist/ with settings given by parameters, as the node makes them. */
import { defaultsOf } from '../../dist/src/core/parameter.js';
import { KernelPlanner } from '../../dist/src/planning/kernel-planner.js';
import { planningParameters } from '../../dist/src/planning/planning-parameters.js';
import { createPlanner, plannerDefaultsOf } from '../../dist/src/planning/registry.js';
import { samplingSettings } from '../../dist/src/planning/sampling-settings.js';

/**
 * @param {string} name
 * @param {{ action: object, plannerDefaults: object }} facts of the model
 * @param {object} parameters that differ from their defaults, by ROS name
 */
function settingsOf(name, facts, parameters) {
  const values = { ...defaultsOf(planningParameters), ...parameters };
  return { values, settings: samplingSettings(values, facts, plannerDefaultsOf(name), () => 0) };
}

/**
 * @param {string} name
 * @param {{ latent: object, history: object, action: object, plannerDefaults: object }} model
 * @param {object} scorer
 * @param {object} parameters that differ from their defaults, by ROS name
 * @param {(trace: object) => void} [onIteration]
 */
export function makePlanner(name, model, scorer, parameters, onIteration) {
  const { values, settings } = settingsOf(name, model, parameters);
  return createPlanner(name, model, scorer, onIteration ? { ...settings, onIteration } : settings, values);
}

/** A planner that makes whole plans on the device; the rest as {@link makePlanner}. */
export function makeKernelPlanner(name, model, kernel, scorer, parameters) {
  const { values, settings } = settingsOf(name, model, parameters);
  return new KernelPlanner(name, model, kernel, scorer, settings, values);
}
