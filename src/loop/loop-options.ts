import type { SchedulerLike } from 'rxjs';

import type { ModelInfo } from '../core/model-info.js';
import type { JointLimit } from '../core/types.js';
import type { ActionSemantics } from '../core/ports.js';
import type { Proprioception } from '../robot/proprioception.js';
import type { EffortLaw } from '../safety/effort-law.js';
import type { WatchdogValues } from '../safety/watchdog.js';
import { Timeline } from '../timeline/timeline.js';
import type { PlanExtras, PlannerPort } from '../worker/planner-port.js';
import type { ReplanningValues } from './replanning.js';

/** Every parameter that a control loop reads. */
export type LoopValues = ReplanningValues & WatchdogValues;

export interface ControlLoopOptions {
  readonly model: ModelInfo;
  readonly planner: PlannerPort;
  readonly limits: readonly JointLimit[];
  readonly semantics: ActionSemantics;
  /** If efforts are commanded. */
  readonly effortLaw?: EffortLaw;
  /** If the model takes proprioception. */
  readonly proprioception?: Proprioception;
  readonly commandPeriodNs: bigint;
  /** `[J]`, rad or m: see `CommandStreamOptions`. */
  readonly trackingTolerances: ArrayLike<number>;
  /**
   * The clock of stamps and ticks, for events between ticks such as the arrival of a plan. `stepS`: time between two readings of it, s; stamps
   * may lie this much further ahead of it.
   */
  readonly clock: { readonly nowNs: bigint; readonly stepS: number };
  /** Read before each use, so that live parameters take effect with the next tick or plan. */
  readonly values: () => LoopValues;
  /** Starts the planner again after it died or hung; resolves when it can plan. */
  readonly restartPlanner: () => Promise<unknown>;
  /** What plans are to bring along, read before each. */
  readonly extras?: () => PlanExtras;
  readonly scheduler?: SchedulerLike;
}

/** A joint that stays within this displacement for 0.1 s is at rest when its pose is to be taken: by unit of its position. */
const REST_TOLERANCE = { rad: 0.01, m: 0.001 } as const;

/** The timeline of a loop. */
export function timelineOf({ model, limits, semantics, commandPeriodNs }: ControlLoopOptions): Timeline {
  return new Timeline({
    joints: limits.map(({ name, continuous, unit, velocity }) => ({
      name,
      wraps: continuous,
      restTolerance: REST_TOLERANCE[unit],
      velocity,
    })),
    semantics,
    commandPeriodNs,
    periodMs: model.periodMs,
    window: model.window,
    stepMs: model.periodMs * model.block,
  });
}
