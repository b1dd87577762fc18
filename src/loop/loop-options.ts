import type { SchedulerLike } from 'rxjs';

import type { ModelInfo } from '../core/model-info.js';
import type { JointLimit } from '../core/types.js';
import type { ActionSemantics } from '../core/ports.js';
import type { Proprioception } from '../robot/proprioception.js';
import type { EffortLaw } from '../safety/effort-law.js';
import type { GuardedRules } from '../safety/motion-guard.js';
import type { CommandValues } from '../safety/command-settings.js';
import type { OperatorState } from '../safety/operator-state.js';
import type { JointMessages, WatchdogInputs, WatchdogValues } from '../safety/watchdog.js';
import type { ReadingJoint } from '../timeline/reading-log.js';
import { Timeline } from '../timeline/timeline.js';
import type { PlanExtras, PlannerPort } from '../worker/planner-port.js';
import type { ReplanningValues } from './replanning.js';

/** Every parameter that a control loop reads. */
export type LoopValues = ReplanningValues & WatchdogValues & Pick<CommandValues, 'command.soft_start_s'>;

export interface ControlLoopOptions {
  readonly model: ModelInfo;
  readonly planner: PlannerPort;
  readonly limits: readonly JointLimit[];
  /** The joints of a pose `[J]` that are outside the limits of the robot description, in words; null if none is. Default: none ever is. */
  readonly outside?: (position: Float64Array) => string | null;
  readonly semantics: ActionSemantics;
  /** If efforts are commanded. */
  readonly effortLaw?: EffortLaw;
  /** If the model takes proprioception. */
  readonly proprioception?: Proprioception;
  /** Rules of the work space; absent: none. */
  readonly motionCheck?: GuardedRules;
  readonly commandPeriodNs: bigint;
  /** `[J]`, rad or m: see `CommandStreamOptions`. */
  readonly trackingTolerances: ArrayLike<number>;
  /**
   * The clock of stamps and ticks, for events between ticks such as the arrival of a plan. `stepS`: time between two readings of it, s; stamps
   * may lie this much further ahead of it. `isSimulated`: it is that of a simulation.
   */
  readonly clock: { readonly nowNs: bigint; readonly stepS: number; readonly isSimulated: boolean };
  /** Read before each use, so that live parameters take effect with the next tick or plan. */
  readonly values: () => LoopValues;
  /** What operators ask for, read before each use. Default: nothing. */
  readonly operator?: () => OperatorState;
  /** What the messages behind the readings show. Default: nothing is wrong with them. */
  readonly jointMessages?: JointMessages;
  /** See `WatchdogInputs`. Default: there is one camera. */
  readonly lateCameras?: WatchdogInputs['lateCameras'];
  /** Notices what operators have ceased to do; called before each look at the inputs. */
  readonly watchOperator?: () => void;
  /** Starts the planner again after it died or hung; resolves when it can plan. */
  readonly restartPlanner: () => Promise<unknown>;
  /** What plans are to bring along, read before each. */
  readonly extras?: () => PlanExtras;
  readonly scheduler?: SchedulerLike;
}

/** A joint that stays within this displacement for 0.1 s is at rest when its pose is to be taken: by unit of its position. */
const REST_TOLERANCE = { rad: 0.01, m: 0.001 } as const;

/** The joints of readings. */
export function readingJoints(limits: readonly JointLimit[]): readonly ReadingJoint[] {
  return limits.map(({ name, continuous, unit, velocity }) => ({
    name,
    wraps: continuous,
    restTolerance: REST_TOLERANCE[unit],
    velocity,
  }));
}

/** The timeline of a loop. */
export function timelineOf({ model, limits, semantics, commandPeriodNs }: ControlLoopOptions): Timeline {
  return new Timeline({
    joints: readingJoints(limits),
    semantics,
    commandPeriodNs,
    periodMs: model.periodMs,
    window: model.window,
    stepMs: model.periodMs * model.block,
  });
}
