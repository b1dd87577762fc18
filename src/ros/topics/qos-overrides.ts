import rclnodejs from 'rclnodejs';

import { JepaMpcError } from '../../core/errors.js';
import { rosTypes } from '../parameters/parameter-types.js';
import type { WantedQos } from './qos-policies.js';

const maxDepth = 1000;

/** Policies of a subscription that may be overridden, and the values that they take. */
const CHOICES = {
  reliability: ['best_available', 'best_effort', 'reliable'],
  durability: ['best_available', 'volatile', 'transient_local'],
} as const;

type Choice = keyof typeof CHOICES;

const PREFIX = 'qos_overrides.';

function prefixOf(topic: string): string {
  return `${PREFIX}${topic}.subscription.`;
}

function refuse(name: string, value: unknown, expected: string): never {
  throw new JepaMpcError('params.invalid', {
    subject: `parameter ${name}`,
    found: String(value),
    expected,
    remedy: 'docs/ros.md lists the QoS that may be overridden.',
  });
}

/** Parts of an override's name: the topic is in the middle, and may have dots of its own. */
const NAME = /^qos_overrides\.(\/.*)\.(publisher|subscription)(?:_[^.]*)?\.([^.]+)$/;

function check(name: string, value: unknown): void {
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

/**
 * The parameters `qos_overrides.<topic>.subscription.<policy>`, by the names that rclcpp and rclpy give them; the topic is fully qualified
 * and remapped. rclnodejs has such overrides too, but fixes a policy when it is first declared: it cannot follow
 * publishers, and it throws for a wrong value only when the topic is subscribed to.
 */
export class QosOverrides {
  readonly #node: rclnodejs.Node;
  readonly #given: ReadonlyMap<string, unknown>;

  /**
   * @param given values by parameter name; others than overrides may be among them
   * @throws JepaMpcError `params.invalid` for an override of an unknown policy, or with a value that the policy does not take
   */
  constructor(node: rclnodejs.Node, given: ReadonlyMap<string, unknown>) {
    this.#node = node;
    this.#given = given;
    for (const [name, value] of given) if (name.startsWith(PREFIX)) check(name, value);
  }

  /**
   * QoS of the subscription to a topic, after the overrides. Declares the parameters, read-only, for tools to show.
   *
   * @param topic fully qualified
   */
  subscription(topic: string, { depth, reliability, durability }: WantedQos): WantedQos {
    return {
      depth: Number(this.#declare(`${prefixOf(topic)}depth`, depth)),
      reliability: this.#declare(`${prefixOf(topic)}reliability`, reliability) as WantedQos['reliability'],
      durability: this.#declare(`${prefixOf(topic)}durability`, durability) as WantedQos['durability'],
    };
  }

  /** Overrides for topics without a subscription so far: most likely misspelt. */
  get unused(): string[] {
    return [...this.#given.keys()].filter(
      (name) => name.startsWith(PREFIX) && !this.#node.hasParameter(name),
    );
  }

  #declare(name: string, preset: number | string): number | string {
    const given = this.#given.get(name);
    const value =
      given === undefined ? preset : typeof preset === 'number' ? Number(given) : (given as string);
    if (!this.#node.hasParameter(name)) {
      const type = typeof value === 'number' ? rosTypes.integer : rosTypes.string;
      const descriptor = new rclnodejs.ParameterDescriptor(
        name,
        type,
        'Quality of service of a subscription.',
        true,
      );
      const rosValue = typeof value === 'number' ? BigInt(value) : value;
      this.#node.declareParameter(new rclnodejs.Parameter(name, type, rosValue), descriptor, true);
    }
    return value;
  }
}
