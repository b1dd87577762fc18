import { JepaMpcError } from '../../core/errors.js';
import type { ObjectiveSpec } from '../../core/objective-spec.js';

/** @throws JepaMpcError `params.invalid`, naming every weight that is negative or not finite */
export function checkObjectiveSpec({ weights }: ObjectiveSpec): void {
  const wrong = Object.entries(weights).filter(([, value]) => !(value >= 0 && value < Infinity));
  if (wrong.length === 0) return;
  throw new JepaMpcError('params.invalid', {
    subject: 'objective weights',
    found: wrong.map(([name, value]) => `${name} ${String(value)}`).join(', '),
    expected: 'finite numbers of at least 0',
    remedy: 'Change these objective parameters.',
  });
}
