import { monitorEventLoopDelay } from 'node:perf_hooks';

import type rclnodejs from 'rclnodejs';

import type { ModelInfo } from '../core/model-info.js';
import type { ControlLoop, PlanReport } from '../pipeline/control-loop.js';
import { toStatus } from './messages.js';
import { PlanRate } from './plan-rate.js';

/** The figures that `~/statistics` tells of each plan. */
export class PlanFigures {
  readonly #threadGaps = monitorEventLoopDelay({ resolution: 1 });
  readonly #planRate = new PlanRate();

  /** Begins anew, with an activation. */
  start(): void {
    this.#threadGaps.enable();
    this.#threadGaps.reset();
    this.#planRate.reset();
  }

  /** Forgets how fast plans came: what follows has nothing to do with what was before. */
  restartRate(): void {
    this.#planRate.reset();
  }

  stop(): void {
    this.#threadGaps.disable();
  }

  /** Takes note of a plan and gives its status message. */
  of(
    loop: ControlLoop,
    { plan, late }: PlanReport,
    model: ModelInfo | null,
  ): rclnodejs.diagnostic_msgs.msg.DiagnosticStatus {
    this.#planRate.note(performance.now());
    const { statistics } = plan;
    return toStatus(late ? 'warn' : 'ok', 'planner', late ? 'the plan came late' : '', {
      frame_stamp_ns: plan.frameStampNs,
      goal_stamp_ns: plan.goalStampNs,
      plan_index: statistics.planIndex,
      plan_ms: statistics.planMs.toFixed(3),
      encode_ms: statistics.encodeMs.toFixed(3),
      frame_to_command_ms: loop.frameToCommandMs?.toFixed(3) ?? 'nan',
      best_cost: statistics.bestCost,
      mean_cost: statistics.meanCost,
      goal_distance: statistics.goalDistance,
      iterations: statistics.iterations,
      elites_std: statistics.elitesStd,
      rollout: statistics.rollout,
      late: late ? 1 : 0,
      plan_rate_hz: this.#planRate.hz.toFixed(2),
      thread_gap_p99_ms: (this.#threadGaps.percentile(99) / 1e6).toFixed(3),
      thread_gap_max_ms: (this.#threadGaps.max / 1e6).toFixed(3),
      device: model?.device ?? '',
    });
  }
}
