import { DEFAULT_WATCHDOG_THRESHOLDS } from '../control/watchdog.js';
import type { Parameters } from '../params/schema.js';
import type { LoopSettings } from '../pipeline/control-loop.js';

/** The live part of the parameters, as the control loop wants it. */
export function loopSettings(values: Parameters): LoopSettings {
  return {
    tuning: {
      planner: values.planner,
      objective: values.objective,
      objectiveSteps: values.objective_steps,
      samples: values['cem.samples'],
      iterations: values['cem.iterations'],
      elites: values['cem.elites'],
      horizon: values['cem.horizon'],
      initialStd: values['cem.initial_std'],
      minStd: values['cem.min_std'],
      actionPenalty: values['cem.action_penalty'],
    },
    thresholds: {
      ...DEFAULT_WATCHDOG_THRESHOLDS,
      imageAgeS: values['watchdog.image_timeout_s'],
      jointStatesAgeS: values['watchdog.joint_states_timeout_s'],
    },
    planTimeoutMs: values['planning.timeout_s'] * 1000,
  };
}
