import { JepaMpcError } from '../../core/errors.js';
import { writeValue } from '../../core/write-value.js';

const maxDepth = 1000;

/** Policies of a subscription that may be overridden, and the values that they take. */
const CHOICES = {
  reliability: ['best_available', 'best_effort', 'reliable'],
  durability: ['best_available', 'volatile', 'transient_local'],
} as const;

type Choice = keyof typeof CHOICES;

export const PREFIX = 'qos_overrides.';

export function prefixOf(topic: string): string {
  return `${PREFIX}${topic}.subscription.`;
}

function refuse(name: string, value: unknown, expected: string): never {
  throw new JepaMpcError('params.invalid', {
    subject: `parameter ${name}`,
    found: writeValue(value),
    expected,
    remedy: 'docs/ros.md lists the QoS that may be overridden.',
  });
}

/** Parts of an override's name: the topic is in the middle, and may have dots of its own. */
const NAME = /^qos_overrides\.(\/.*)\.(publisher|subscription)(?:_[^.]*)?\.([^.]+)$/;

/**
 * Checks the value that a parameter overrides a QoS policy with.
 *
 * @throws JepaMpcError `params.invalid` for a name that is no override of a subscription, an unknown policy, or a value that it does not take
 */
export function checkOverride(name: string, value: unknown): void {
  const [, , entity, policy] = NAME.exec(name) ?? [];
  if (entity !== 'subscription' || policy === undefined) {
    refuse(name, value, 'a name such as qos_overrides./image.subscription.reliability');
  }
  if (policy === 'depth') {
    const depth = Number(value);
    if (!(Number.isInteger(depth) && depth >= 1 && depth <= maxDepth))
      refuse(name, value, `an integer from 1 to ${String(maxDepth)}`);
    return;
  }
  if (!Object.hasOwn(CHOICES, policy)) {
    refuse(name, value, `one of the policies depth, ${Object.keys(CHOICES).join(', ')}`);
  }
  const choices: readonly string[] = CHOICES[policy as Choice];
  if (!choices.includes(String(value))) refuse(name, value, `one of ${choices.join(', ')}`);
}
