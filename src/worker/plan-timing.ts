import type { Logger } from '../core/types.js';
import type { LoadedModel } from '../model/load-model.js';
import type { PlanningValues } from '../planning/planning-parameters.js';
import { FrameEncoder } from './frame-encoder.js';
import { PlannerFactory } from './planner-factory.js';
import { makeStillPlan } from './still-plan.js';

/** Plans of which the quickest counts: other programs can only make one slower. */
const TIMED_PLANS = 3;

const ignore = (): void => undefined;
/** What is done instead of what was requested is logged where plans are made for a robot. */
const SILENT: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };

/** A clock for time budgets that stands still: they would end a plan after the same time on every device. */
const STILL = (): number => 0;

/** Settings that the time of a plan depends on. A weight of the objective, for example, does not change it. */
export function settingsOfTiming(values: PlanningValues): unknown {
  return [
    values.planner,
    values['sampling.samples'],
    values['sampling.iterations'],
    values['sampling.horizon'],
    values['rollout.graph'],
    values['rollout.precision'],
    values['objective.expression'],
  ];
}

/**
 * Milliseconds from images to a plan, after a first plan that compiles what these need.
 *
 * @param nowMs clock
 * @throws JepaMpcError for values that cannot be planned with, and for a device that fails
 */
export async function timePlan(
  model: LoadedModel,
  values: PlanningValues,
  seed: number,
  nowMs: () => number,
): Promise<number> {
  const planners = { frames: new FrameEncoder(model), factory: new PlannerFactory(model, SILENT, STILL) };
  try {
    await makeStillPlan(model, planners, values, seed);
    let quickestMs = Infinity;
    for (let plan = 0; plan < TIMED_PLANS; plan++) {
      const startMs = nowMs();
      await makeStillPlan(model, planners, values, seed);
      quickestMs = Math.min(quickestMs, nowMs() - startMs);
    }
    return quickestMs;
  } finally {
    await planners.factory.dispose();
  }
}
