import { msToNs } from '../../core/time.js';
import { outsideRanges } from '../../robot/described-range.js';
import { EffortLaw } from '../../safety/effort-law.js';
import type { OperatorState } from '../../safety/operator-state.js';
import type { JointMessages, WatchdogInputs } from '../../safety/watchdog.js';
import type { ModelInfo } from '../../core/model-info.js';
import type { Parameters } from '../../params/schema.js';
import { ControlLoop } from '../../loop/control-loop.js';
import type { ControlLoopOptions } from '../../loop/loop-options.js';
import { commandsEfforts, effortGains, trackingTolerances } from '../../safety/command-settings.js';
import type { PlanExtras, PlannerPort } from '../../worker/planner-port.js';
import type { RobotModel } from './robot-model.js';

export interface SessionLoopOptions {
  readonly planner: PlannerPort;
  readonly parameters: () => Parameters;
  readonly extras: () => PlanExtras;
  readonly clock: ControlLoopOptions['clock'];
  readonly jointMessages: JointMessages;
  readonly lateCameras: WatchdogInputs['lateCameras'];
  /** What operators ask for, read before each use. */
  readonly operator: () => OperatorState;
  /** Notices what operators have ceased to do, before each look at the inputs. */
  readonly watchOperator: () => void;
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
  { limits, ranges, semantics, motionCheck, proprioception }: RobotModel,
  effortLaw: EffortLaw | undefined,
  {
    planner,
    parameters,
    extras,
    clock,
    jointMessages,
    lateCameras,
    operator,
    watchOperator,
    restartPlanner,
  }: SessionLoopOptions,
): ControlLoop {
  const values = parameters();
  return new ControlLoop({
    model,
    planner,
    limits,
    outside: (position) => outsideRanges(ranges, position),
    semantics,
    ...(effortLaw && { effortLaw }),
    ...(motionCheck.rules.length > 0 && { motionCheck }),
    ...(proprioception && { proprioception }),
    commandPeriodNs: msToNs(values['command.period_ms']),
    trackingTolerances: trackingTolerances(limits, values),
    clock,
    jointMessages,
    lateCameras,
    operator,
    watchOperator,
    values: parameters,
    restartPlanner,
    extras,
  });
}
