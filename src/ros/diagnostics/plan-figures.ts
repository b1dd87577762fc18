import { monitorEventLoopDelay } from 'node:perf_hooks';

import type { Status } from '../../core/status.js';
import type { Fallback } from '../../core/types.js';
import { RollingSample } from '../../math/rolling-sample.js';
import type { ControlLoop } from '../../loop/control-loop.js';
import type { PlanReport } from '../../loop/replanning.js';
import { ArrivalRate } from '../topics/arrival-rate.js';
import type { CommandTiming } from '../topics/command-timing.js';

/** Plans that percentiles are over. */
const kept = 300;

/** What the status of a plan says besides the plan's own figures. */
interface Circumstances {
  readonly loop: ControlLoop;
  readonly timing: CommandTiming;
  readonly device: string;
  /** Time of the node when the plan arrived. */
  readonly nowNs: bigint;
}

/** The figures that `~/statistics` tells of each plan. */
export class PlanFigures {
  readonly #threadGaps = monitorEventLoopDelay({ resolution: 1 });
  readonly #rate = new ArrivalRate();
  readonly #planMs = new RollingSample(kept);
  readonly #frameToCommandMs = new RollingSample(kept);
  #late = 0;
  #count = 0;
  #fallbacks: readonly Fallback[] = [];

  /** Begins anew, with an activation. */
  start(): void {
    this.#threadGaps.enable();
    this.#threadGaps.reset();
    this.restart();
  }

  /** Forgets the plans so far: what follows has nothing to do with them. */
  restart(): void {
    this.#rate.reset();
    this.#planMs.reset();
    this.#frameToCommandMs.reset();
    this.#late = 0;
    this.#count = 0;
    this.#fallbacks = [];
  }

  stop(): void {
    this.#threadGaps.disable();
  }

  /** Plans a second, in wall-clock time. */
  get rateHz(): number {
    return this.#rate.hz;
  }

  /** Plans since the activation or reset. */
  get count(): number {
    return this.#count;
  }

  /** How many of them came late. */
  get late(): number {
    return this.#late;
  }

  /** What is done instead of what was asked for, as of the newest plan. */
  get fallbacks(): readonly Fallback[] {
    return this.#fallbacks;
  }

  planMs(fraction: number): number {
    return this.#planMs.percentile(fraction);
  }

  /** Takes note of a plan. Also of those that nobody is told of. */
  note({ plan, late }: PlanReport, frameToCommandMs: number | null): void {
    this.#rate.note(performance.now());
    this.#planMs.note(plan.statistics.planMs);
    if (frameToCommandMs !== null) this.#frameToCommandMs.note(frameToCommandMs);
    this.#fallbacks = plan.statistics.fallbacks;
    this.#count += 1;
    if (late) this.#late += 1;
  }

  /** The status of a plan that has been noted. */
  of({ plan, late, committed }: PlanReport, { loop, timing, device, nowNs }: Circumstances): Status {
    const { statistics } = plan;
    const { costTerms } = statistics;
    return {
      level: late ? 'warn' : 'ok',
      name: 'planner',
      message: late ? 'the plan came late' : '',
      values: {
        frame_stamp_ns: plan.frameStampNs,
        goal_stamp_ns: plan.goalStampNs,
        plan_index: statistics.planIndex,
        plan_ms: milliseconds(statistics.planMs),
        encode_ms: milliseconds(statistics.encodeMs),
        encoded_frames: statistics.encoded,
        search_ms: milliseconds(statistics.searchMs),
        plan_p95_ms: milliseconds(this.planMs(0.95)),
        frame_age_ms: milliseconds(Number(nowNs - plan.frameStampNs) / 1e6),
        committed_periods: committed,
        camera_age_p95_ms: milliseconds(loop.latency.frameAgeMs(0.95)),
        encode_p95_ms: milliseconds(loop.latency.encodeMs(0.95)),
        publish_p95_ms: milliseconds(loop.latency.publishMs(0.95)),
        latency_p95_ms: milliseconds(loop.latency.totalMs(0.95)),
        frame_to_command_ms: milliseconds(loop.frameToCommandMs ?? NaN),
        frame_to_command_p95_ms: milliseconds(this.#frameToCommandMs.percentile(0.95)),
        best_cost: statistics.bestCost,
        mean_cost: statistics.meanCost,
        goal_distance: statistics.goalDistance,
        ...(costTerms && {
          cost_total: costTerms.total,
          cost_distance: costTerms.distance,
          cost_action: costTerms.action,
          cost_smoothness: costTerms.smoothness,
          cost_limit: costTerms.limit,
          cost_rest: costTerms.rest,
        }),
        iterations: statistics.iterations,
        samples: statistics.samples,
        elites_std: statistics.elitesStd,
        rests: statistics.rests ? 1 : 0,
        rollout: statistics.rollout,
        fallbacks: statistics.fallbacks.map(({ instead }) => instead).join(', '),
        late: late ? 1 : 0,
        late_plans: this.#late,
        plan_rate_hz: this.#rate.hz.toFixed(2),
        command_period_error_p99_ms: milliseconds(timing.periodErrorMs(0.99)),
        commands_missed: timing.missed,
        thread_gap_p99_ms: milliseconds(this.#threadGaps.percentile(99) / 1e6),
        thread_gap_max_ms: milliseconds(this.#threadGaps.max / 1e6),
        device,
      },
    };
  }
}

function milliseconds(value: number): string {
  return Number.isNaN(value) ? 'nan' : value.toFixed(3);
}
