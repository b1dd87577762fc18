import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Timeline } from '../../../src/timeline/timeline.js';
import { jointLimit, jointSemantics, ms, planOf, timelineFor } from '../../fixtures/robot.js';

/** What may come in any order: messages with stamps of every kind, ticks, plans, resets and steps of the clock. */
type Event =
  | { readonly kind: 'frame' | 'reading'; readonly stampMs: number; readonly position: number }
  | {
      readonly kind: 'plan';
      readonly stampMs: number;
      readonly actions: readonly number[];
      readonly lateMs: number;
    }
  | { readonly kind: 'tick'; readonly action: number }
  | { readonly kind: 'wait'; readonly forMs: number }
  | { readonly kind: 'clock back'; readonly byMs: number }
  | { readonly kind: 'reset' };

const FUTURE_S = 0.1;
const PERIOD_MS = 100;
const TICK_MS = 20;
const START_MS = 100_000;
const LIMITS = [jointLimit('elbow')];

/** Stamps relative to the time of arrival: in time, late, much too late, ahead of the clock; 0 is none. */
const stampMs = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: -150, max: 0 }) },
  { weight: 2, arbitrary: fc.integer({ min: -600, max: 120 }) },
  { weight: 1, arbitrary: fc.constantFrom(-START_MS, -10_001, -9_999, 99, 100, 101, 5000, 1e9) },
);
const event: fc.Arbitrary<Event> = fc.oneof(
  fc.record({
    kind: fc.constant('frame' as const),
    stampMs,
    position: fc.double({ min: -2, max: 2, noNaN: true }),
  }),
  fc.record({
    kind: fc.constant('reading' as const),
    stampMs,
    position: fc.double({ min: -2, max: 2, noNaN: true }),
  }),
  fc.record({
    kind: fc.constant('plan' as const),
    stampMs,
    actions: fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: 1, maxLength: 6 }),
    lateMs: fc.integer({ min: 0, max: 400 }),
  }),
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('tick' as const),
      action: fc.double({ min: -2, max: 2, noNaN: true }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), forMs: fc.integer({ min: 0, max: 60 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('clock back' as const),
      byMs: fc.integer({ min: 1, max: 50_000 }),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'reset' as const }) },
);

/** What the timeline must remember, kept in the plainest way. */
class Model {
  nowMs = START_MS;
  lastFrameMs: number | null = null;
  lastReadingMs: number | null = null;
  resetMs: number | null = null;
  /** Since the clock last went back: every stamp that was accepted. */
  readonly frames = new Set<number>();
  readonly readings = new Set<number>();
  /** Raw action of each tick, by its time. */
  readonly sent = new Map<number, number>();
  nextTickMs = START_MS;

  forget(): void {
    this.lastFrameMs = null;
    this.lastReadingMs = null;
    this.resetMs = null;
    this.frames.clear();
    this.readings.clear();
    this.sent.clear();
  }
}

function expectAccepted(
  verdict: string,
  atMs: number,
  { nowMs, resetMs }: Model,
  lastMs: number | null,
  barrier: boolean,
): void {
  const isOfThisClock = atMs - nowMs <= FUTURE_S * 1000 && nowMs - atMs <= 10_000;
  const isNew = lastMs === null || atMs > lastMs;
  const isAfterReset = !barrier || resetMs === null || atMs > resetMs;
  expect(verdict === 'accepted').toBe(isOfThisClock && isNew && isAfterReset);
}

function apply(timeline: Timeline, model: Model, step: Event): void {
  switch (step.kind) {
    case 'frame': {
      const atMs = model.nowMs + step.stampMs;
      const set = { stampNs: ms(atMs), frames: [] };
      const verdict = timeline.judgeFrame(set, ms(model.nowMs), FUTURE_S);
      expectAccepted(verdict, atMs, model, model.lastFrameMs, true);
      if (verdict !== 'accepted') return;
      expect(model.frames.has(atMs)).toBe(false);
      model.frames.add(atMs);
      model.lastFrameMs = atMs;
      timeline.frames.add(set);
      return;
    }
    case 'reading': {
      const atMs = model.nowMs + step.stampMs;
      const { position } = step;
      const reading = {
        stampNs: ms(atMs),
        position: Float64Array.of(position),
        velocity: Float64Array.of(NaN),
      };
      const verdict = timeline.addReading(reading, ms(model.nowMs), FUTURE_S);
      expectAccepted(verdict, atMs, model, model.lastReadingMs, false);
      if (verdict !== 'accepted') return;
      expect(model.readings.has(atMs)).toBe(false);
      model.readings.add(atMs);
      model.lastReadingMs = atMs;
      return;
    }
    case 'plan': {
      const frameMs = model.nowMs + step.stampMs;
      const plan = planOf(
        frameMs,
        step.actions.map((action) => [action]),
      );
      timeline.plans.add({ plan, startNs: ms(frameMs), takeoverNs: ms(model.nowMs + step.lateMs) });
      return;
    }
    case 'tick': {
      // Ticks come in order, one a period: as the command stream sends them.
      const tickMs = Math.max(model.nextTickMs, model.nowMs);
      model.nowMs = tickMs;
      model.nextTickMs = tickMs + TICK_MS;
      timeline.observe(ms(tickMs));
      const sent = {
        stampNs: ms(tickMs),
        position: Float64Array.of(0),
        velocity: Float64Array.of(step.action),
        action: Float64Array.of(step.action),
      };
      timeline.sent.note(sent, Float64Array.of(0));
      model.sent.set(tickMs, step.action);
      return;
    }
    case 'wait':
      model.nowMs += step.forMs;
      timeline.observe(ms(model.nowMs));
      return;
    case 'clock back':
      model.nowMs -= step.byMs;
      model.nextTickMs = model.nowMs;
      timeline.observe(ms(model.nowMs));
      expect(timeline.clockWentBack).toBe(true);
      model.forget();
      return;
    case 'reset':
      timeline.reset(ms(model.nowMs));
      expect(timeline.clockWentBack).toBe(false);
      model.resetMs = model.nowMs;
      model.sent.clear();
  }
}

function expectConsistent(timeline: Timeline, model: Model): void {
  // Frames: those accepted, newest last, none from before the reset, never more than the window takes.
  const chosen = timeline.frames.select();
  if (chosen !== null) {
    expect(chosen).toHaveLength(2);
    const stamps = chosen.map(({ stampNs }) => Number(stampNs / 1_000_000n));
    expect(stamps.every((stamp) => model.frames.has(stamp))).toBe(true);
    expect(stamps.toSorted((a, b) => a - b)).toEqual(stamps);
    const { resetMs } = model;
    if (resetMs !== null) expect(stamps.every((stamp) => stamp > resetMs)).toBe(true);
    expect(stamps.at(-1)).toBe(model.lastFrameMs);
  }
  // Readings and positions.
  expect(timeline.readings.newest?.stampNs ?? null).toEqual(
    model.lastReadingMs === null ? null : ms(model.lastReadingMs),
  );
  for (const backMs of [0, 7, 150, 9000]) {
    const position = timeline.positionAt(ms(model.nowMs - backMs));
    expect(Number.isNaN(position[0])).toBe(model.lastReadingMs === null);
  }
  // The committed prefix of a frame: what was sent since, period by period.
  expect(timeline.sent.lastNs).toEqual(model.sent.size === 0 ? null : ms(Math.max(...model.sent.keys())));
  const fromMs = model.nowMs - 2 * PERIOD_MS;
  const prefix = timeline.committedPrefix(ms(fromMs), 4, Float64Array.of(0));
  expect(prefix).toHaveLength(4);
  expect(prefix.every((value) => Number.isFinite(value) && Math.abs(value) <= 2)).toBe(true);
}

describe('any sequence of events', () => {
  it('leaves a timeline without a stamp accepted twice, with ordered logs and a finite prefix', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 120 }), (events) => {
        const timeline = timelineFor(LIMITS, jointSemantics(LIMITS));
        const model = new Model();
        timeline.observe(ms(model.nowMs));
        for (const step of events) {
          apply(timeline, model, step);
          expectConsistent(timeline, model);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('gives back as the committed prefix just what was sent, where every tick was', () => {
    const actions = fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: 25, maxLength: 80 });
    fc.assert(
      fc.property(
        actions,
        fc.integer({ min: 1, max: 4 }),
        fc.array(event, { maxLength: 20 }),
        (sent, periods, before) => {
          const timeline = timelineFor(LIMITS, jointSemantics(LIMITS));
          const model = new Model();
          timeline.observe(ms(model.nowMs));
          for (const step of before) apply(timeline, model, step);
          // Nothing is due from plans of before.
          timeline.plans.clear();
          const firstMs = Math.max(model.nextTickMs, model.nowMs);
          for (const action of sent) apply(timeline, model, { kind: 'tick', action });
          const ticks = PERIOD_MS / TICK_MS;
          const from = sent.length - periods * ticks;
          const prefix = timeline.committedPrefix(ms(firstMs + from * TICK_MS), periods, Float64Array.of(0));
          for (let period = 0; period < periods; period++) {
            const own = sent.slice(from + period * ticks, from + (period + 1) * ticks);
            expect(prefix[period]).toBeCloseTo(own.reduce((sum, action) => sum + action, 0) / ticks, 5);
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  it('keeps logs of bounded size, however long it runs', () => {
    const timeline = timelineFor(LIMITS, jointSemantics(LIMITS));
    const model = new Model();
    for (let step = 0; step < 5000; step++) {
      apply(timeline, model, { kind: 'tick', action: 1 });
      apply(timeline, model, { kind: 'reading', stampMs: -1, position: 0 });
      apply(timeline, model, { kind: 'frame', stampMs: -1, position: 0 });
      apply(timeline, model, { kind: 'plan', stampMs: -1, actions: [1], lateMs: 0 });
    }
    // The oldest commands are forgotten, and so are frames that no window reaches.
    expect(timeline.sent.covers(ms(model.nowMs - 15_000))).toBe(true);
    expect(timeline.sent.covers(ms(model.nowMs - 25_000))).toBe(false);
    expect(timeline.frames.select()?.[0]?.stampNs).toBe(ms(model.nowMs - 1 - 200));
    expect(timeline.plans.inForceAt(ms(model.nowMs - 1000))).toBeNull();
  });
});
