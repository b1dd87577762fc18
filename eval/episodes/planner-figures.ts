import { JepaMpcError } from '../../src/core/errors.js';
import { percentile } from '../../src/math/percentile.js';

const KEYS = [
  'plan_rate_hz',
  'plan_ms',
  'frame_to_command_ms',
  'thread_gap_p99_ms',
  'thread_gap_max_ms',
] as const;
type Key = (typeof KEYS)[number];

/** Speed of a run, from the planner's `~/statistics`. */
export interface SpeedFigures {
  readonly planRateHz: { readonly median: number; readonly p5: number };
  readonly planMs: { readonly p50: number; readonly p95: number };
  readonly frameToCommandMs: { readonly p50: number; readonly p95: number };
  readonly rosThreadGapMs: { readonly p99: number; readonly max: number };
  readonly device: string;
}

/** Collects the planner's `~/statistics`. Ignores values that are missing or not above 0 (there is no rate before the second plan). */
export class PlannerFigures {
  readonly #samples = new Map<Key, number[]>(KEYS.map((key) => [key, []]));
  #device = 'unknown';

  /** Adds the values of one `~/statistics` message. */
  add(values: ReadonlyMap<string, string>): void {
    this.#device = values.get('device') ?? this.#device;
    for (const [key, samples] of this.#samples) {
      const text = values.get(key);
      const value = text === undefined || text === '' ? Number.NaN : Number(text);
      if (Number.isFinite(value) && value > 0) samples.push(value);
    }
  }

  /** Newest value of a figure; null before the first. */
  latest(key: Key): number | null {
    return this.#of(key).at(-1) ?? null;
  }

  /**
   * The figures of the report. The node measures the gaps of its thread since its activation, so the newest value covers the whole run.
   *
   * @throws JepaMpcError planner.not-ready if a figure never arrived
   */
  summary(): SpeedFigures {
    const at = (key: Key, fraction: number): number => {
      const samples = this.#of(key);
      if (samples.length === 0) {
        throw new JepaMpcError('planner.not-ready', {
          subject: `figure ${key} of the planner's ~/statistics`,
          found: 'no value in the whole run',
          expected: 'one with each plan',
          remedy: 'Run with --verbose to see why the planner node did not plan.',
        });
      }
      return percentile(samples, fraction);
    };
    return {
      planRateHz: { median: at('plan_rate_hz', 0.5), p5: at('plan_rate_hz', 0.05) },
      planMs: { p50: at('plan_ms', 0.5), p95: at('plan_ms', 0.95) },
      frameToCommandMs: { p50: at('frame_to_command_ms', 0.5), p95: at('frame_to_command_ms', 0.95) },
      rosThreadGapMs: {
        p99: this.latest('thread_gap_p99_ms') ?? at('thread_gap_p99_ms', 1),
        max: at('thread_gap_max_ms', 1),
      },
      device: this.#device,
    };
  }

  #of(key: Key): readonly number[] {
    return this.#samples.get(key) ?? [];
  }
}
