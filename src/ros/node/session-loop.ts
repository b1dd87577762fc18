import { msToNs } from '../../core/time.js';
import { EffortLaw } from '../../safety/effort-law.js';
import { trackingTolerances } from '../../safety/tracking-guard.js';
import type { ModelInfo } from '../../core/model-info.js';
import type { Parameters } from '../../params/schema.js';
import { ControlLoop } from '../../loop/control-loop.js';
import { commandsEfforts, effortGains } from '../../safety/command-settings.js';
import type { PlanExtras, PlannerPort } from '../../worker/planner-port.js';
import type { RobotModel } from './robot-model.js';

export interface SessionLoopOptions {
  readonly planner: PlannerPort;
  readonly parameters: () => Parameters;
  readonly extras: () => PlanExtras;
  readonly clock: { readonly nowNs: bigint; readonly stepS: number };
  /** Starts a planner that died again. */
  readonly restartPlanner: () => Promise<unknown>;
}

/** Where efforts are commanded. @throws JepaMpcError `params.invalid` for gains that do not fit the joints */
export function effortLawFor(
  model: ModelInfo,
  { limits }: RobotModel,
  values: Parameters,
): EffortLaw | undefined {
  return commandsEfforts(values) ? new EffortLaw(limits, effortGains(values, model.joints)) : undefined;
}

/** The control loop for a model and a robot. */
export function loopFor(
  model: ModelInfo,
  { limits, semantics, proprioception }: RobotModel,
  effortLaw: EffortLaw | undefined,
  { planner, parameters, extras, clock, restartPlanner }: SessionLoopOptions,
): ControlLoop {
  const values = parameters();
  return new ControlLoop({
    model,
    planner,
    limits,
    semantics,
    ...(effortLaw && { effortLaw }),
    ...(proprioception && { proprioception }),
    commandPeriodNs: msToNs(values['command.period_ms']),
    trackingTolerances: trackingTolerances(
      limits,
      values['command.tracking_tolerance'],
      values['command.tracking_tolerance_m'],
    ),
    clock,
    values: parameters,
    restartPlanner,
    extras,
  });
}
