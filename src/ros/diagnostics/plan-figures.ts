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

/** What the status of a plan contains besides the plan's own figures. */
interface Circumstances {
  readonly loop: ControlLoop;
  readonly timing: CommandTiming;
  readonly device: string;
  /** Time of the node when the plan arrived. */
  readonly nowNs: bigint;
  /** Whether the status contains the terms of the cost, where the plan brings them along. */
  readonly showsCostTerms: boolean;
}

/** The figures of each plan for `~/statistics`, and percentiles over the last plans. */
export class PlanFigures {
  readonly #threadGaps = monitorEventLoopDelay({ resolution: 1 });
  readonly #rate = new ArrivalRate();
  readonly #planMs = new RollingSample(kept);
  readonly #frameToCommandMs = new RollingSample(kept);
  #late = 0;
  #count = 0;
  #fallbacks: readonly Fallback[] = [];

  /** Starts over, with an activation. */
  start(): void {
    this.#threadGaps.enable();
    this.#threadGaps.reset();
    this.restart();
  }

  /** Forgets the plans so far: those that follow have nothing to do with them. */
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

  /** Of the newest plan. */
  get fallbacks(): readonly Fallback[] {
    return this.#fallbacks;
  }

  planMs(fraction: number): number {
    return this.#planMs.percentile(fraction);
  }

  /** Takes a plan, whether its status is published or not. */
  note({ plan, late }: PlanReport, frameToCommandMs: number | null): void {
    this.#rate.note(performance.now());
    this.#planMs.note(plan.statistics.planMs);
    if (frameToCommandMs !== null) this.#frameToCommandMs.note(frameToCommandMs);
    this.#fallbacks = plan.statistics.fallbacks;
    this.#count += 1;
    if (late) this.#late += 1;
  }

  /** The status of a plan that was noted before. */
  of(
    { plan, late, committed }: PlanReport,
    { loop, timing, device, nowNs, showsCostTerms }: Circumstances,
  ): Status {
    const { statistics } = plan;
    const costTerms = showsCostTerms ? statistics.costTerms : undefined;
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
          ...Object.fromEntries(
            Object.entries(costTerms.motion).map(([name, cost]) => [`cost_${name}`, cost]),
          ),
          cost_rest: costTerms.rest,
        }),
        iterations: statistics.iterations,
        samples: statistics.samples,
        elites_std: statistics.elitesStd,
        elites_std_by_iteration: statistics.elitesStdByIteration.map((std) => std.toFixed(3)).join(' '),
        cost_cv: statistics.costVariation,
        actions_at_bounds: statistics.actionsAtBounds.toFixed(3),
        ...(plan.candidates && { shown_elites: plan.candidates.elites }),
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
