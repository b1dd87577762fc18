import rclnodejs from 'rclnodejs';

import { rosTypes } from '../parameters/parameter-types.js';
import { checkOverride, prefixOf, PREFIX } from './qos-override-check.js';
import type { WantedQos } from './qos-policies.js';

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
    for (const [name, value] of given) if (name.startsWith(PREFIX)) checkOverride(name, value);
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
