import { CdrWriter } from '@foxglove/cdr';

/*
 * Messages in their wire format. rclnodejs builds a C structure field by field from JavaScript objects: for messages of many small parts that
 * takes the thread tens of milliseconds. Written straight into a buffer they take a fraction of one.
 * Fields are in the order of the .msg files.
 */

const nsPerSecond = 1_000_000_000n;

/** A message that is ready to be published. @param write writes its fields */
export function cdrMessage(write: (writer: CdrWriter) => void): Buffer {
  const writer = new CdrWriter();
  write(writer);
  const { buffer, byteOffset, byteLength } = writer.data;
  return Buffer.from(buffer, byteOffset, byteLength);
}

/** builtin_interfaces/Time, builtin_interfaces/Duration. The nanoseconds count upwards, also from a second below 0. */
export function writeTime(writer: CdrWriter, ns: bigint): void {
  const nanoseconds = ((ns % nsPerSecond) + nsPerSecond) % nsPerSecond;
  writer.int32(Number((ns - nanoseconds) / nsPerSecond)).uint32(Number(nanoseconds));
}

const utf8 = new TextEncoder();

/**
 * A string, in UTF-8 as ROS 2 has it. `CdrWriter.string` of @foxglove/cdr 3.5.0 counts characters where bytes are needed, so that text such as
 * `rad/s²` or a joint `épaule` loses its end. A zero would end the string for its readers, and is replaced.
 */
export function writeString(writer: CdrWriter, text: string): void {
  const bytes = utf8.encode(text.replaceAll('\0', '\ufffd'));
  writer.uint32(bytes.length + 1).uint8Array(bytes, false);
  writer.uint8(0);
}

/** std_msgs/Header */
export function writeHeader(writer: CdrWriter, stampNs: bigint, frameId: string): void {
  writeTime(writer, stampNs);
  writeString(writer, frameId);
}
