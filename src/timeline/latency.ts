import { RollingSample } from '../math/rolling-sample.js';
import { Ring } from './ring.js';

/** Plans that the percentiles are over: long enough to see jitter, short enough to follow a change within seconds. */
const KEPT = 100;

/** The length of the committed prefix follows the plans of this time, but at least so many: a moment of load is soon forgotten. */
const RECENT_NS = 10_000_000_000n;
const RECENT_PLANS = 5;

/** Half of the plans are to arrive in time, and nearly all of them no later than by this share of a control period. */
const TYPICAL = 0.5;
const NEARLY_ALL = 0.95;
const LATE_PERIODS = 0.5;

/** What one plan took, ms. */
export interface PlanLatency {
  /** When it arrived. */
  readonly arrivalNs: bigint;
  readonly encodeMs: number;
  /** From the stamp of the frame to the arrival of the plan: camera, transport, waiting and planning. */
  readonly totalMs: number;
  /** How much less a plan on the move would have taken: a wide search is for plans from rest alone. */
  readonly extraMs: number;
  /** It says nothing about those to come: something was loaded or compiled for it. */
  readonly warmUp: boolean;
}

/** How late things are, as running percentiles. Nothing here is configured: it is measured. */
export class Latency {
  readonly #frameAgeMs = new RollingSample(KEPT);
  readonly #encodeMs = new RollingSample(KEPT);
  readonly #publishMs = new RollingSample(KEPT);
  readonly #totalMs = new RollingSample(KEPT);
  /** `totalMs` less `extraMs`. */
  readonly #onTheMoveMs = new RollingSample(KEPT);
  #plans = 0;
  readonly #ring = new Ring(KEPT);
  /** When the plans that are kept arrived, `[KEPT]`. */
  readonly #arrivalsNs = new BigInt64Array(KEPT);

  /** Plans that count. */
  get plans(): number {
    return this.#plans;
  }

  /** Age of a frame when it arrives, ms. @param fraction 0 to 1 @returns NaN before the first */
  frameAgeMs(fraction: number): number {
    return this.#frameAgeMs.percentile(fraction);
  }

  /** @returns ms; NaN before the first */
  encodeMs(fraction: number): number {
    return this.#encodeMs.percentile(fraction);
  }

  /** From the arrival of a plan to the next tick, ms. @returns NaN before the first */
  publishMs(fraction: number): number {
    return this.#publishMs.percentile(fraction);
  }

  /** From the stamp of a frame to the arrival of its plan, ms. @returns NaN before the first */
  totalMs(fraction: number): number {
    return this.#totalMs.percentile(fraction);
  }

  noteFrame(ageMs: number): void {
    this.#frameAgeMs.note(ageMs);
  }

  noteTick(sincePlanMs: number): void {
    this.#publishMs.note(sincePlanMs);
  }

  notePlan({ arrivalNs, encodeMs, totalMs, extraMs, warmUp }: PlanLatency): void {
    if (warmUp) return;
    this.#arrivalsNs[this.#ring.push()] = arrivalNs;
    this.#plans += 1;
    this.#encodeMs.note(encodeMs);
    this.#totalMs.note(totalMs);
    this.#onTheMoveMs.note(totalMs - extraMs);
  }

  /** Plans of the last {@link RECENT_NS} before the newest, and at least {@link RECENT_PLANS}. None from before a clock went back. */
  get #recentPlans(): number {
    const arrivalNs = (age: number): bigint => this.#arrivalsNs[this.#ring.row(age)] ?? 0n;
    let count = 1;
    while (
      count < this.#ring.length &&
      arrivalNs(count) <= arrivalNs(count - 1) &&
      arrivalNs(0) - arrivalNs(count) <= RECENT_NS
    )
      count += 1;
    return Math.max(RECENT_PLANS, count);
  }

  /**
   * Control periods that pass between a frame and the first command that a plan from it can change; null before the first plan that counts.
   *
   * A period more keeps the few slow plans from being late, but makes every plan act a period later, on what the model foresees that much
   * further ahead. A plan that is late by half a period costs less: it takes over with the action that is due by then. So the typical recent
   * plan is in time, and 95 % of them are late by half a period at most.
   *
   * @param periodMs of an action
   * @param commandPeriodMs a plan waits for the next tick for up to this long
   */
  committedPeriods(periodMs: number, commandPeriodMs: number): number | null {
    if (this.#plans === 0) return null;
    const recent = this.#recentPlans;
    const periodsOf = (share: number): number =>
      (this.#onTheMoveMs.percentile(share, recent) + commandPeriodMs) / periodMs;
    return Math.max(1, Math.ceil(periodsOf(TYPICAL)), Math.ceil(periodsOf(NEARLY_ALL) - LATE_PERIODS));
  }
}
