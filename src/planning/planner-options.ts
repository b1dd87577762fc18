import { JepaMpcError } from '../core/errors.js';
import type { ObjectiveSteps } from '../core/model-spec.js';

/** Settings of a planner, every one resolved (nothing means "the model's default" here). */
export interface PlannerOptions {
  /** Candidate action sequences an iteration (N), at least 1. */
  readonly samples: number;
  /** Refinements of the sampling distribution a plan, at least 1. */
  readonly iterations: number;
  /** Best candidates that the distribution is refitted to, 1 to `samples`. */
  readonly elites: number;
  /** Predictor steps looked ahead (H), at least 1. */
  readonly horizon: number;
  /** First deviation of each raw action, as a fraction of half its range, above 0. */
  readonly initialStd: number;
  /** Least deviation, as a fraction of half the range, 0 to `initialStd`. */
  readonly minStd: number;
  /** Share of the old mean and deviation that a refit keeps, 0 to below 1; 0 unless given. */
  readonly momentum?: number;
  /** Weight of the mean squared action (as a fraction of its larger bound) in the cost, at least 0. */
  readonly actionPenalty: number;
  readonly objectiveSteps: ObjectiveSteps;
  /** What is handed out: the mean of the last refit (the default), or the cheapest candidate seen. */
  readonly returned?: 'mean' | 'best';
}

/** @throws JepaMpcError `params.invalid`, naming every option outside its range */
export function checkPlannerOptions(options: PlannerOptions): void {
  const { samples, iterations, elites, horizon, initialStd, minStd, momentum = 0, actionPenalty } = options;
  const problems: { found: string; expected: string }[] = [];
  const check = (name: string, value: number, holds: boolean, expected: string): void => {
    if (!holds) problems.push({ found: `${name} ${String(value)}`, expected: `${name} ${expected}` });
  };
  const count = (value: number): boolean => Number.isInteger(value) && value >= 1;
  check('samples', samples, count(samples), 'a whole number of at least 1');
  check('iterations', iterations, count(iterations), 'a whole number of at least 1');
  check(
    'elites',
    elites,
    count(elites) && elites <= samples,
    `a whole number from 1 to samples (${String(samples)})`,
  );
  check('horizon', horizon, count(horizon), 'a whole number of at least 1');
  check('initialStd', initialStd, initialStd > 0 && initialStd < Infinity, 'above 0');
  check(
    'minStd',
    minStd,
    minStd >= 0 && minStd <= initialStd,
    `from 0 to initialStd (${String(initialStd)})`,
  );
  check('momentum', momentum, momentum >= 0 && momentum < 1, 'from 0 to below 1');
  check('actionPenalty', actionPenalty, actionPenalty >= 0 && actionPenalty < Infinity, 'at least 0');
  if (problems.length > 0) {
    throw new JepaMpcError('params.invalid', {
      subject: 'planner options',
      found: problems.map((problem) => problem.found).join(', '),
      expected: problems.map((problem) => problem.expected).join(', '),
      remedy: 'Change these planner parameters.',
    });
  }
}
