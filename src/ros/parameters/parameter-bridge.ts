import { isDeepStrictEqual } from 'node:util';

import rclnodejs from 'rclnodejs';

import { JepaMpcError } from '../../core/errors.js';
import { parameterInfos, parametersByName } from '../../params/schema.js';
import type { ParameterInfo, ParameterName, Parameters } from '../../params/schema.js';
import { unknownParameters, validateParameters, wrongType } from '../../params/validate.js';
import { writeValue } from '../../core/write-value.js';
import { describeParameter } from './parameter-descriptor.js';
import { belongsToRos, isOfType, rosTypes, type ParameterChange } from './parameter-types.js';

/** Whether a set was taken, and why not. */
export interface SetResult {
  readonly successful: boolean;
  readonly reason: string;
}

export interface ParameterRules {
  /** Whether static parameters are in use and so must not change. */
  readonly isConfigured: () => boolean;
  /** Throws a JepaMpcError for values that the schema allows and that are wrong all the same. */
  readonly refuse: (values: Parameters) => void;
}

/**
 * The parameters of one node: declared from the schema; what is set together is checked together, and takes effect all at once or not at
 * all. {@link values} is replaced as a whole, so whoever reads it once for each plan or tick never sees a part of a change.
 */
export class ParameterBridge {
  readonly #node: rclnodejs.Node;
  readonly #rules: ParameterRules;
  #values: Parameters;

  /**
   * Declares every parameter of the schema on the node.
   *
   * @param given values from the command line and parameter files, by name; numbers may be text with a unit
   * @throws JepaMpcError `params.invalid` for unknown names and values that do not fit, and whatever `refuse` throws.
   */
  constructor(node: rclnodejs.Node, given: Readonly<Record<string, unknown>>, rules: ParameterRules) {
    this.#node = node;
    this.#rules = rules;
    this.#values = validateParameters(given, { acceptsQuantities: true });
    rules.refuse(this.#values);
    for (const info of parameterInfos) {
      const parameter = rosParameter(info, this.#values[info.name]);
      node.declareParameter(parameter, describeParameter(info), true);
    }
  }

  /** The values in force now. */
  get values(): Parameters {
    return this.#values;
  }

  /** Sets all of these or none; the reason says what is wrong with the first that is. */
  set(changes: readonly ParameterChange[]): SetResult {
    try {
      const next = this.#after(changes);
      const wanted = changes.filter(
        (change) => parametersByName.has(change.name) || !this.#isAlready(change),
      );
      if (wanted.length === 0) return { successful: true, reason: '' };
      const result = this.#node.setParametersAtomically(wanted.map((change) => asDeclared(change, next)));
      if (result.successful) this.#values = next;
      return { successful: result.successful, reason: result.reason };
    } catch (error) {
      if (error instanceof JepaMpcError) return { successful: false, reason: error.message };
      throw error;
    }
  }

  /** The values as they are after these changes. */
  #after(changes: readonly ParameterChange[]): Parameters {
    const unknown = changes.map(({ name }) => name).filter((name) => !this.#isKnown(name));
    if (unknown.length > 0) throw unknownParameters(unknown);
    const values: Record<string, unknown> = { ...this.#values };
    for (const change of changes) {
      const info = parametersByName.get(change.name);
      if (info === undefined) {
        this.#refuseForRos(change);
        continue;
      }
      if (!isOfType(change, info.type)) throw wrongType(info, change.value);
      values[info.name] = change.value;
    }
    const next = validateParameters(values);
    this.#refuseFrozen(next);
    this.#rules.refuse(next);
    return next;
  }

  #isKnown(name: string): boolean {
    return parametersByName.has(name) || (belongsToRos(name) && this.#node.hasParameter(name));
  }

  /** Setting a read-only parameter of ROS to what it is must not fail: a whole set of parameters can be loaded again. */
  #isAlready({ name, value }: ParameterChange): boolean {
    return this.#node.getParameter(name).value === value;
  }

  /** rclnodejs would take away a parameter that is set to nothing, and refuse other types for a reason that nobody understands. */
  #refuseForRos({ name, type, value }: ParameterChange): void {
    const declared: number = this.#node.getParameterDescriptor(name).type;
    if (type !== declared) {
      throw new JepaMpcError('params.invalid', {
        subject: `parameter ${name}`,
        found: writeValue(value),
        expected: declared === rosTypes.boolean ? 'true or false' : 'a value of its type',
        remedy: 'The present one is kept.',
      });
    }
    const present = this.#node.getParameter(name).value as ParameterChange['value'];
    if (name !== 'use_sim_time' || value === present) return;
    throw new JepaMpcError('params.invalid', {
      subject: `parameter ${name}`,
      found: `${writeValue(value)} while ${writeValue(present)} is in use`,
      expected: 'no change while the node runs',
      remedy: `The clock is chosen when the node starts: start it with -p use_sim_time:=${writeValue(value)}.`,
    });
  }

  #refuseFrozen(next: Parameters): void {
    for (const { name, change } of parameterInfos) {
      if (change === 'dynamic' || isDeepStrictEqual(next[name], this.#values[name])) continue;
      if (change === 'static' && !this.#rules.isConfigured()) continue;
      throw new JepaMpcError('params.invalid', {
        subject: `parameter ${name}`,
        found: `${writeValue(next[name])} while ${writeValue(this.#values[name])} is in use`,
        expected: 'no change',
        remedy:
          change === 'static'
            ? 'It is read when the node is configured: clean the node up, set it, configure again.'
            : 'It is read when the node starts: give it on the command line or in a parameter file.',
      });
    }
  }
}

function asDeclared({ name, type, value }: ParameterChange, values: Parameters): rclnodejs.Parameter {
  const info = parametersByName.get(name);
  return info === undefined
    ? new rclnodejs.Parameter(name, type, value)
    : rosParameter(info, values[info.name]);
}

function rosParameter(info: ParameterInfo, value: Parameters[ParameterName]): rclnodejs.Parameter {
  const rosValue = info.type === 'integer' && typeof value === 'number' ? BigInt(value) : value;
  return new rclnodejs.Parameter(info.name, rosTypes[info.type], rosValue);
}
