import rclnodejs from 'rclnodejs';

import type { ParameterInfo } from '../../params/schema.js';
import { rosTypes } from './parameter-types.js';

const CHANGE: Readonly<Record<ParameterInfo['change'], string>> = {
  dynamic: 'Dynamic: takes effect with the next plan or tick.',
  static: 'Static: read when the node is configured; may be set only before that, or after a clean-up.',
  'read-only': 'Read-only: read when the node starts.',
};

/**
 * A descriptor whose range reaches `describe_parameters`, where rqt_reconfigure and Foxglove take their sliders from. rclnodejs 2.2.0
 * leaves ranges out of the message (its `toMessage` tests a field that is never set), and enforces types and ranges with a reason nobody
 * understands; so the message is made here, and the parameter bridge is what enforces it.
 */
export function describeParameter(info: ParameterInfo): rclnodejs.ParameterDescriptor {
  const unit = ['', '1'].includes(info.unit) ? '' : ` [${info.unit}]`;
  const descriptor = new rclnodejs.ParameterDescriptor(
    info.name,
    rosTypes[info.type],
    `${info.description}${unit}`,
  );
  const message = {
    name: info.name,
    type: rosTypes[info.type],
    description: descriptor.description,
    additional_constraints: constraints(info),
    read_only: info.change === 'read-only',
    dynamic_typing: false,
    ...range(info),
  };
  return Object.assign(descriptor, { toMessage: () => message, validateParameter: () => undefined });
}

function constraints({ choices, maxLength, change }: ParameterInfo): string {
  return [
    ...(choices === undefined ? [] : [`One of ${choices.join(', ')}.`]),
    ...(maxLength === undefined ? [] : [`At most ${String(maxLength)} numbers.`]),
    CHANGE[change],
  ].join(' ');
}

function range({ type, range: limits }: ParameterInfo): object {
  if (limits === undefined) return {};
  const [from, to] = limits;
  return type === 'integer'
    ? { integer_range: [{ from_value: BigInt(from), to_value: BigInt(to), step: 1n }] }
    : { floating_point_range: [{ from_value: from, to_value: to, step: 0 }] };
}
