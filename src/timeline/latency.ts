import { RollingSample } from '../math/rolling-sample.js';
import { StampedRing } from './ring.js';

/** Number of plans that percentiles are taken over: enough to see jitter, few enough to follow a change within seconds. */
const KEPT = 100;

/** The committed length depends on the plans of this time, and on at least this many, so that a moment of load is soon forgotten. */
const RECENT_NS = 10_000_000_000n;
const MIN_RECENT_PLANS = 5;

/** Half of the plans should arrive in time, and nearly all of them late by at most this share of a control period. */
const TYPICAL = 0.5;
const NEARLY_ALL = 0.95;
const LATE_PERIODS = 0.5;

/** Latency of one plan, ms. */
export interface PlanLatency {
  /** When it arrived. */
  readonly arrivalNs: bigint;
  readonly encodeMs: number;
  /** From the stamp of the frame to the arrival of the plan: camera, transport, queueing and planning. */
  readonly totalMs: number;
  /** Part of `totalMs` that a plan in motion does not need: only plans from rest have a wide search. */
  readonly extraMs: number;
  /** Whether something was loaded or compiled for it, so that it says nothing about later plans. */
  readonly warmUp: boolean;
}

/** Measured latencies, as running percentiles. */
export class Latency {
  readonly #frameAgeMs = new RollingSample(KEPT);
  readonly #encodeMs = new RollingSample(KEPT);
  readonly #publishMs = new RollingSample(KEPT);
  readonly #totalMs = new RollingSample(KEPT);
  /** `totalMs` minus `extraMs`. */
  readonly #inMotionMs = new RollingSample(KEPT);
  #plans = 0;
  /** Arrival times of the last plans. */
  readonly #arrivals = new StampedRing(KEPT);

  /** Number of plans, without warm-up. */
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
    this.#arrivals.pushAt(arrivalNs);
    this.#plans += 1;
    this.#encodeMs.note(encodeMs);
    this.#totalMs.note(totalMs);
    this.#inMotionMs.note(totalMs - extraMs);
  }

  /**
   * Number of plans in the last {@link RECENT_NS} before the newest, at least {@link MIN_RECENT_PLANS}. Plans from before the clock went back do
   * not count.
   */
  get #recentPlans(): number {
    const arrivalNs = (age: number): bigint => this.#arrivals.stampAt(age);
    let count = 1;
    while (
      count < this.#arrivals.length &&
      arrivalNs(count) <= arrivalNs(count - 1) &&
      arrivalNs(0) - arrivalNs(count) <= RECENT_NS
    )
      count += 1;
    return Math.max(MIN_RECENT_PLANS, count);
  }

  /**
   * Number of control periods between a frame and the first command that a plan from it can change.
   *
   * Another period would keep the few slow plans from being late, but every plan would then act a period later, on a prediction that is that much
   * longer. A plan that is late by half a period costs less: it takes over with the action that is due by then. So the typical recent plan is in
   * time, and 95 % of the recent plans are late by half a period at most.
   *
   * @param periodMs length of a control period
   * @param commandPeriodMs length of a command period: a plan waits up to this long for the next tick
   * @returns at least 1; null before the first plan that is no warm-up
   */
  committedPeriods(periodMs: number, commandPeriodMs: number): number | null {
    if (this.#plans === 0) return null;
    const recent = this.#recentPlans;
    const periodsAt = (fraction: number): number =>
      (this.#inMotionMs.percentile(fraction, recent) + commandPeriodMs) / periodMs;
    return Math.max(1, Math.ceil(periodsAt(TYPICAL)), Math.ceil(periodsAt(NEARLY_ALL) - LATE_PERIODS));
  }
}
