import { JepaMpcError } from '../core/errors.js';

/** @param limitMs how long the plan was waited for */
export function hungPlanner(limitMs: number, cause: Error): JepaMpcError {
  return new JepaMpcError('planner.worker-died', {
    subject: 'planner worker',
    found: `no plan within ${String(limitMs)} ms`,
    expected:
      'a plan within planning.timeout_s, more in proportion where it is searched for from rest or compiled for',
    remedy:
      'It is started again; lower sampling.samples or sampling.iterations, or raise planning.timeout_s.',
    cause,
  });
}

/** What a planner threw, as an error that can be reported. */
export function asPlannerError(error: unknown): JepaMpcError {
  if (error instanceof JepaMpcError) return error;
  return new JepaMpcError('planner.worker-died', {
    subject: 'planner',
    found: error instanceof Error ? error.message : String(error),
    expected: 'a plan',
    remedy: 'Look at the log; if it happens again, please report it.',
    cause: error,
  });
}
