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

/** builtin_interfaces/Time, builtin_interfaces/Duration */
export function writeTime(writer: CdrWriter, ns: bigint): void {
  writer.int32(Number(ns / nsPerSecond)).uint32(Number(ns % nsPerSecond));
}

/** std_msgs/Header */
export function writeHeader(writer: CdrWriter, stampNs: bigint, frameId: string): void {
  writeTime(writer, stampNs);
  writer.string(frameId);
}
