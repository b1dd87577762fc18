import { CdrReader } from '@foxglove/cdr';

import type { StatusLevel } from '../../core/status.js';
import type { ImageFrame } from '../../core/types.js';
import type { CompressedFrame } from '../../perception/decode-compressed.js';
import type { ParameterMessage } from './parameter-messages.js';

/*
 * Messages of the planner, read from their wire format. rclnodejs makes objects of every field in the thread that also serves the pages; here only
 * what is shown is read. Fields are in the order of the .msg files. A message that is cut short or damaged throws a RangeError.
 */

const NS_PER_SECOND = 1_000_000_000n;

/** Of diagnostic_msgs/DiagnosticStatus, by number. */
const LEVELS: readonly StatusLevel[] = ['ok', 'warn', 'error', 'stale'];

/** diagnostic_msgs/DiagnosticStatus */
export interface StatusMessage {
  readonly level: StatusLevel;
  readonly name: string;
  readonly message: string;
  readonly values: ReadonlyMap<string, string>;
}

/** diagnostic_msgs/DiagnosticArray */
export interface StatusesMessage {
  readonly stampNs: bigint;
  readonly statuses: readonly StatusMessage[];
}

/** The points of a trajectory_msgs/JointTrajectory. */
export interface TrajectoryMessage {
  readonly stampNs: bigint;
  readonly joints: readonly string[];
  /** Of each point, `[J]`; empty where the message has none. */
  readonly positions: readonly Float64Array[];
  readonly velocities: readonly Float64Array[];
}

/** sensor_msgs/JointState; arrays may be shorter than the names. */
export interface JointStateMessage {
  readonly stampNs: bigint;
  readonly names: readonly string[];
  readonly positions: Float64Array;
  readonly velocities: Float64Array;
}

/** One line strip of a visualization_msgs/MarkerArray. */
export interface LineMessage {
  readonly stampNs: bigint;
  readonly namespace: string;
  readonly id: number;
  /** `[P, 3]` m */
  readonly points: Float32Array;
}

/** std_msgs/Float32MultiArray or Float64MultiArray. */
export interface ArrayMessage {
  readonly labels: readonly string[];
  readonly shape: readonly number[];
  readonly data: Float32Array | Float64Array;
}

/** rcl_interfaces/msg/ParameterEvent */
export interface ParameterEventMessage {
  /** Full name. */
  readonly node: string;
  readonly declared: readonly ParameterMessage[];
  readonly changed: readonly ParameterMessage[];
}

/** rcl_interfaces/msg/Log */
export interface LogMessage {
  readonly stampNs: bigint;
  readonly level: number;
  /** Of the logger. */
  readonly name: string;
  readonly text: string;
}

export function readStatuses(message: Uint8Array): StatusesMessage {
  const reader = new CdrReader(message);
  const { stampNs } = readHeader(reader);
  const statuses = readSequence(reader, () => {
    const level = LEVELS[reader.uint8()] ?? 'error';
    const [name, text] = [reader.string(), reader.string()];
    reader.string(); // hardware_id
    const values = new Map(readSequence(reader, () => [reader.string(), reader.string()] as const));
    return { level, name, message: text, values };
  });
  return { stampNs, statuses };
}

/** @param points how many are read at most */
export function readTrajectory(message: Uint8Array, points = Infinity): TrajectoryMessage {
  const reader = new CdrReader(message);
  const { stampNs } = readHeader(reader);
  const joints = readSequence(reader, () => reader.string());
  const positions: Float64Array[] = [];
  const velocities: Float64Array[] = [];
  for (let left = Math.min(reader.sequenceLength(), points); left > 0; left--) {
    positions.push(doubles(reader));
    velocities.push(doubles(reader));
    doubles(reader); // accelerations
    doubles(reader); // effort
    reader.int32();
    reader.uint32();
  }
  return { stampNs, joints, positions, velocities };
}

export function readJointState(message: Uint8Array): JointStateMessage {
  const reader = new CdrReader(message);
  const { stampNs } = readHeader(reader);
  const names = readSequence(reader, () => reader.string());
  return { stampNs, names, positions: doubles(reader), velocities: doubles(reader) };
}

/** The line strips of a visualization_msgs/MarkerArray, of those whose points are in the frame of the marker. */
export function readLines(message: Uint8Array): readonly LineMessage[] {
  const reader = new CdrReader(message);
  return readSequence(reader, () => {
    const { stampNs } = readHeader(reader);
    const [namespace, id] = [reader.string(), reader.int32()];
    reader.int32(); // type
    reader.int32(); // action
    doubles(reader, 7); // pose
    doubles(reader, 3); // scale
    floats(reader, 4); // color
    reader.int32(); // lifetime
    reader.uint32();
    reader.uint8(); // frame_locked
    const points = Float32Array.from(doubles(reader, 3 * reader.sequenceLength()));
    floats(reader, 4 * reader.sequenceLength()); // colors
    reader.string(); // texture_resource
    readHeader(reader); // texture
    reader.string();
    bytes(reader);
    floats(reader, 2 * reader.sequenceLength()); // uv_coordinates
    reader.string(); // text
    reader.string(); // mesh_resource
    reader.string(); // mesh_file
    bytes(reader);
    reader.uint8(); // mesh_use_embedded_materials
    return { stampNs, namespace, id, points };
  });
}

export function readFloat32Array(message: Uint8Array): ArrayMessage {
  const reader = new CdrReader(message);
  return { ...readLayout(reader), data: floats(reader) };
}

export function readFloat64Array(message: Uint8Array): ArrayMessage {
  const reader = new CdrReader(message);
  return { ...readLayout(reader), data: doubles(reader) };
}

/** sensor_msgs/Image. The pixels are a view of the message. */
export function readImage(message: Uint8Array): ImageFrame {
  const reader = new CdrReader(message);
  const { stampNs } = readHeader(reader);
  const [height, width] = [reader.uint32(), reader.uint32()];
  const encoding = reader.string();
  const isBigEndian = reader.uint8() !== 0;
  const step = reader.uint32();
  return { stampNs, width, height, encoding, isBigEndian, step, data: bytes(reader) };
}

/** sensor_msgs/CompressedImage. The file is a view of the message. */
export function readCompressedImage(message: Uint8Array): CompressedFrame {
  const reader = new CdrReader(message);
  const { stampNs } = readHeader(reader);
  return { stampNs, format: reader.string(), data: bytes(reader) };
}

export function readParameterEvent(message: Uint8Array): ParameterEventMessage {
  const reader = new CdrReader(message);
  reader.int32();
  reader.uint32();
  const node = reader.string();
  const read = (): ParameterMessage => readParameter(reader);
  return { node, declared: readSequence(reader, read), changed: readSequence(reader, read) };
}

export function readLog(message: Uint8Array): LogMessage {
  const reader = new CdrReader(message);
  const stampNs = BigInt(reader.int32()) * NS_PER_SECOND + BigInt(reader.uint32());
  return { stampNs, level: reader.uint8(), name: reader.string(), text: reader.string() };
}

/** std_msgs/String */
export function readString(message: Uint8Array): string {
  return new CdrReader(message).string();
}

/** rcl_interfaces/msg/Parameter */
function readParameter(reader: CdrReader): ParameterMessage {
  const name = reader.string();
  const value = {
    type: reader.uint8(),
    bool_value: reader.uint8() !== 0,
    integer_value: reader.int64(),
    double_value: reader.float64(),
    string_value: reader.string(),
    byte_array_value: bytes(reader),
    bool_array_value: Array.from(bytes(reader), (flag) => flag !== 0),
    integer_array_value: bigints(reader),
    double_array_value: doubles(reader),
    string_array_value: readSequence(reader, () => reader.string()),
  };
  return { name, value };
}

function readLayout(reader: CdrReader): Pick<ArrayMessage, 'labels' | 'shape'> {
  const dimensions = readSequence(reader, () => {
    const label = reader.string();
    const size = reader.uint32();
    reader.uint32(); // stride
    return { label, size };
  });
  reader.uint32(); // data_offset
  return { labels: dimensions.map(({ label }) => label), shape: dimensions.map(({ size }) => size) };
}

/** std_msgs/Header */
function readHeader(reader: CdrReader): { readonly stampNs: bigint; readonly frame: string } {
  const stampNs = BigInt(reader.int32()) * NS_PER_SECOND + BigInt(reader.uint32());
  return { stampNs, frame: reader.string() };
}

function readSequence<Item>(reader: CdrReader, read: () => Item): Item[] {
  const items: Item[] = [];
  for (let left = reader.sequenceLength(); left > 0; left--) items.push(read());
  return items;
}

/* Arrays, whose lengths come from other programs: one that is longer than its message must not take the memory for it. */

function doubles(reader: CdrReader, count = reader.sequenceLength()): Float64Array {
  return reader.float64Array(within(reader, count, 8));
}

function floats(reader: CdrReader, count = reader.sequenceLength()): Float32Array {
  return reader.float32Array(within(reader, count, 4));
}

function bigints(reader: CdrReader): BigInt64Array {
  return reader.int64Array(within(reader, reader.sequenceLength(), 8));
}

function bytes(reader: CdrReader): Uint8Array {
  return reader.uint8Array(within(reader, reader.sequenceLength(), 1));
}

function within(reader: CdrReader, count: number, size: number): number {
  const left = reader.byteLength - reader.offset;
  if (count * size <= left) return count;
  throw new RangeError(
    `found ${String(count)} values of ${String(size)} bytes, expected at most ${String(left)} bytes`,
  );
}
