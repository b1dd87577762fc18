import { JepaMpcError } from '../../../src/core/errors.js';

/** A graph that the compiler cannot follow: it is rolled out step by step instead. */
export function unsupported(found: string, expected: string): JepaMpcError {
  return new JepaMpcError('model.unsupported', {
    subject: 'graph compiler',
    found,
    expected,
    remedy:
      'The rollout runs step by step instead; export the graph with plain operators to have it compiled.',
  });
}
