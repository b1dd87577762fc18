import { DEFAULT_WATCHDOG_THRESHOLDS } from '../../safety/watchdog.js';
import type { Parameters } from '../../params/schema.js';
import type { LoopSettings } from '../../loop/control-loop.js';
import { commandsEfforts } from './command-settings.js';

/** The live part of the parameters, as the control loop wants it. */
export function loopSettings(values: Parameters): LoopSettings {
  return {
    tuning: {
      planner: values.planner,
      objectiveMetric: values['objective.metric'],
      objectiveSteps: values['objective.steps'],
      objectiveExpression: values['objective.expression'],
      smoothnessWeight: values['objective.smoothness_weight'],
      limitWeight: values['objective.limit_weight'],
      limitMargin: values['objective.limit_margin'],
      limitMarginM: values['objective.limit_margin_m'],
      samples: values['cem.samples'],
      iterations: values['cem.iterations'],
      elites: values['cem.elites'],
      horizon: values['cem.horizon'],
      initialStd: values['cem.initial_std'],
      minStd: values['cem.min_std'],
      jointInitialStd: values['cem.joint_initial_std'],
      jointMinStd: values['cem.joint_min_std'],
      keep: values['cem.keep'],
      actionPenalty: values['cem.action_penalty'],
      restMargin: values['rest.margin'],
      restPatienceMs: values['rest.patience_s'] * 1000,
      momentum: values['cem.momentum'],
      noiseBeta: values['noise.beta'],
      returned: values['cem.returned'],
      earlyStopStd: values['cem.early_stop_std'],
      wideShare: values['cem.wide_share'],
      actionRepeat: values['actions.repeat'],
      actionLower: values['actions.lower'],
      actionUpper: values['actions.upper'],
      actionBall: values['actions.ball'],
      frozenActions: values['actions.frozen'],
      temperature: values['mppi.temperature'],
      shrink: values['icem.shrink'],
      keptElites: values['icem.kept_elites'],
      timeBudgetMs: values['planning.time_budget_ms'],
      rollout: values['rollout.graph'],
      precision: values['rollout.precision'],
    },
    thresholds: {
      futureS: DEFAULT_WATCHDOG_THRESHOLDS.futureS,
      imageAgeS: values['watchdog.image_timeout_s'],
      jointStatesAgeS: jointStatesAgeS(values),
    },
    planTimeoutMs: values['planning.timeout_s'] * 1000,
    compileTimeoutMs: values['planning.load_timeout_s'] * 1000,
    latency: values['planning.latency'],
    replan: values['planning.replan'],
    committedPeriods: values['planning.committed_periods'],
  };
}

/** A force that answers a pose of long ago is worse than none, so efforts bear less. */
function jointStatesAgeS(values: Parameters): number {
  const ageS = values['watchdog.joint_states_timeout_s'];
  return commandsEfforts(values) ? Math.min(ageS, values['command.effort_timeout_ms'] / 1000) : ageS;
}
