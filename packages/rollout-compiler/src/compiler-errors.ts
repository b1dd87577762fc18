import { JepaMpcError } from '../../../src/core/errors.js';

const SUBJECT = 'graph compiler';

/** What to do about a graph that is not compiled: nothing has to be done, but it can be. */
const STEP_BY_STEP_REMEDY =
  'The rollout runs step by step instead; export the graph with plain operators to have it compiled.';

/** A graph that the compiler cannot follow. Whoever asked for it rolls the model out step by step instead. */
export function unsupported(found: string, expected: string, subject = SUBJECT): JepaMpcError {
  return new JepaMpcError('model.unsupported', { subject, found, expected, remedy: STEP_BY_STEP_REMEDY });
}

/** A state that no model file should bring the compiler into. The rollout runs step by step all the same. */
export function compilerDefect(found: string, expected: string): JepaMpcError {
  return new JepaMpcError('model.unsupported', {
    subject: SUBJECT,
    found,
    expected,
    remedy: 'This is a defect: please report it.',
  });
}
