import rclnodejs from 'rclnodejs';

import { JepaMpcError } from '../core/errors.js';
import { parameterInfos } from '../params/schema.js';
import type { ParameterInfo, ParameterName, Parameters } from '../params/schema.js';
import { validateParameters } from '../params/validate.js';

/** rcl_interfaces/msg/ParameterType. */
const rosTypes = { boolean: 1, integer: 2, double: 3, string: 4 } as const;

function rosType(info: ParameterInfo): rclnodejs.ParameterType {
  return rosTypes[info.type];
}

/** Parameters that ROS itself puts on a node; not ours to judge. */
function belongsToRos(name: string): boolean {
  return (
    name === 'use_sim_time' || name.startsWith('qos_overrides.') || name === 'start_type_description_service'
  );
}

/**
 * A descriptor whose range reaches `describe_parameters`, where rqt_reconfigure and Foxglove take their sliders from. rclnodejs 2.2.0
 * leaves ranges out of the message (its `toMessage` tests a field that is never set), and enforces those it knows with a reason nobody
 * understands; so the range is put in here and checked by our own validation.
 */
function describe(info: ParameterInfo): rclnodejs.ParameterDescriptor {
  const unit = info.unit === '' || info.unit === '1' ? '' : ` [${info.unit}]`;
  const descriptor = new rclnodejs.ParameterDescriptor(
    info.name,
    rosType(info),
    `${info.description}${unit}`,
  );
  const constraints = [
    ...(info.choices === undefined ? [] : [`One of ${info.choices.join(', ')}.`]),
    info.change === 'static' ? 'Read when the node is configured.' : 'May be changed while running.',
  ].join(' ');
  const message = {
    name: info.name,
    type: rosType(info),
    description: descriptor.description,
    additional_constraints: constraints,
    read_only: false,
    dynamic_typing: false,
    ...rangeOf(info),
  };
  return Object.assign(descriptor, { toMessage: () => message });
}

function rangeOf(info: ParameterInfo): object {
  if (info.range === undefined) return {};
  const [from, to] = info.range;
  return info.type === 'integer'
    ? { integer_range: [{ from_value: BigInt(from), to_value: BigInt(to), step: 1n }] }
    : { floating_point_range: [{ from_value: from, to_value: to, step: 0 }] };
}

/** The parameters of one node: declared from the schema, checked as a whole, handed on when they change. */
export class ParameterBridge {
  readonly #isConfigured: () => boolean;
  readonly #refuse: (values: Parameters) => void;
  #values: Parameters;

  /**
   * Declares every parameter of the schema on the node, with the overrides given on the command line or in a parameter file.
   *
   * @param isConfigured whether static parameters are in use and so must not change.
   * @param refuse throws a JepaMpcError for values that the schema allows and that are wrong all the same.
   * @throws JepaMpcError `params.invalid` for unknown names and values that do not fit, and whatever `refuse` throws.
   */
  constructor(node: rclnodejs.Node, isConfigured: () => boolean, refuse: (values: Parameters) => void) {
    this.#isConfigured = isConfigured;
    this.#refuse = refuse;
    const overrides: Record<string, unknown> = {};
    for (const parameter of node.getParameterOverrides()) {
      if (!belongsToRos(parameter.name)) overrides[parameter.name] = fromRos(parameter.value);
    }
    this.#values = this.#validate(overrides);
    for (const info of parameterInfos) {
      const value = toRos(info, this.#values[info.name]);
      node.declareParameter(new rclnodejs.Parameter(info.name, rosType(info), value), describe(info), true);
    }
    node.addOnSetParametersCallback((changes) => this.#check(changes));
    node.addPostSetParametersCallback((changes) => {
      this.#values = this.#with(changes);
    });
  }

  /** The values in force now. */
  get values(): Parameters {
    return this.#values;
  }

  #with(changes: readonly rclnodejs.Parameter[]): Parameters {
    const values: Record<string, unknown> = { ...this.#values };
    for (const change of changes) {
      if (!belongsToRos(change.name)) values[change.name] = fromRos(change.value);
    }
    return this.#validate(values);
  }

  #validate(values: Readonly<Record<string, unknown>>): Parameters {
    const valid = validateParameters(values);
    this.#refuse(valid);
    return valid;
  }

  #check(changes: readonly rclnodejs.Parameter[]): { successful: boolean; reason: string } {
    const frozen = changes.find(
      (change) =>
        this.#isConfigured() &&
        parameterInfos.some((info) => info.name === change.name && info.change === 'static'),
    );
    if (frozen !== undefined) {
      const reason = `${frozen.name} is read when the node is configured: clean the node up, set it, configure again`;
      return { successful: false, reason };
    }
    try {
      this.#with(changes);
      return { successful: true, reason: '' };
    } catch (error) {
      if (error instanceof JepaMpcError) return { successful: false, reason: error.message };
      throw error;
    }
  }
}

/** ROS integers arrive as bigint (or, from a YAML file, as number); ours are numbers within the safe range. */
function fromRos(value: unknown): unknown {
  return typeof value === 'bigint' ? Number(value) : value;
}

function toRos(info: ParameterInfo, value: Parameters[ParameterName]): string | number | boolean | bigint {
  return info.type === 'integer' && typeof value === 'number' ? BigInt(value) : value;
}
