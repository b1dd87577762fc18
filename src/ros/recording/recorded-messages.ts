import type rclnodejs from 'rclnodejs';

import type { Logger } from '../../core/types.js';
import type { ParameterInfo, Parameters } from '../../params/schema.js';
import { encode, type MessageOf } from '../../recording/ros-message.js';
import {
  COMPRESSED_IMAGE,
  IMAGE,
  JOINT_STATE,
  LOG,
  PARAMETER_EVENT,
  type PARAMETER_VALUE,
} from '../../recording/ros-types.js';
import { rosTypes } from '../parameters/parameter-types.js';
import { stampToNs } from '../topics/stamp.js';

/* Messages that were received, or that rclnodejs sends by itself, in their wire format again. */

/** Bytes of a message besides its data: room for header and fields. */
const ABOUT_BYTES = 256;

/** Numbers of the levels in rcl_interfaces/msg/Log. */
const LOG_LEVELS: Readonly<Record<keyof Logger, number>> = { debug: 10, info: 20, warn: 30, error: 40 };

function headerOf({ stamp, frame_id }: rclnodejs.std_msgs.msg.Header): { stamp: bigint; frame_id: string } {
  return { stamp: stampToNs(stamp), frame_id };
}

/** Reads memory that the library reuses: the result is a copy. */
export function imageBytes(message: rclnodejs.sensor_msgs.msg.Image): Uint8Array<ArrayBuffer> {
  const { header, height, width, encoding, is_bigendian, step } = message;
  const data = bytesOf(message.data);
  const fields = { header: headerOf(header), height, width, encoding, is_bigendian, step, data };
  return encode(IMAGE, fields, data.length + ABOUT_BYTES);
}

export function compressedImageBytes(
  message: rclnodejs.sensor_msgs.msg.CompressedImage,
): Uint8Array<ArrayBuffer> {
  const data = bytesOf(message.data);
  const fields = { header: headerOf(message.header), format: message.format, data };
  return encode(COMPRESSED_IMAGE, fields, data.length + ABOUT_BYTES);
}

export function jointStateBytes(message: rclnodejs.sensor_msgs.msg.JointState): Uint8Array<ArrayBuffer> {
  return encode(JOINT_STATE, {
    header: headerOf(message.header),
    name: message.name,
    position: Float64Array.from(message.position),
    velocity: Float64Array.from(message.velocity),
    effort: Float64Array.from(message.effort),
  });
}

function bytesOf(data: ArrayLike<number>): Uint8Array {
  return data instanceof Uint8Array ? data : Uint8Array.from(data);
}

/** A line of the log as rcl publishes it on /rosout. */
export function logBytes(
  stamp: bigint,
  name: string,
  level: keyof Logger,
  msg: string,
): Uint8Array<ArrayBuffer> {
  return encode(LOG, { stamp, level: LOG_LEVELS[level], name, msg, file: '', function: '', line: 0 });
}

/**
 * rcl_interfaces/msg/ParameterEvent with the values of some parameters.
 *
 * @param kind whether the recording begins with them, or they changed
 */
export function parameterEventBytes(
  stamp: bigint,
  node: string,
  kind: 'new' | 'changed',
  infos: readonly ParameterInfo[],
  values: Parameters,
): Uint8Array<ArrayBuffer> {
  const parameters = infos.map((info) => ({ name: info.name, value: valueMessage(info, values[info.name]) }));
  return encode(PARAMETER_EVENT, {
    stamp,
    node,
    new_parameters: kind === 'new' ? parameters : [],
    changed_parameters: kind === 'changed' ? parameters : [],
    deleted_parameters: [],
  });
}

function valueMessage(
  { type }: ParameterInfo,
  value: Parameters[keyof Parameters],
): MessageOf<typeof PARAMETER_VALUE> {
  return {
    type: rosTypes[type],
    bool_value: value === true,
    integer_value: type === 'integer' ? BigInt(Number(value)) : 0n,
    double_value: type === 'double' ? Number(value) : 0,
    string_value: typeof value === 'string' ? value : '',
    byte_array_value: new Uint8Array(0),
    bool_array_value: [],
    integer_array_value: [],
    double_array_value: Float64Array.from(Array.isArray(value) ? (value as readonly number[]) : []),
    string_array_value: [],
  };
}
