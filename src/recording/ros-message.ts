import { CdrReader, CdrWriter } from '@foxglove/cdr';

/*
 * Messages of ROS, declared once: their definition for the file, their encoding and their decoding follow from the declaration. Recordings contain
 * the definitions, so that programs decode messages of types that are not installed.
 */

/** Fields that are one value. `time` and `duration`: ns, as builtin_interfaces/Time and /Duration. */
interface Scalars {
  readonly bool: boolean;
  readonly byte: number;
  readonly uint8: number;
  readonly uint32: number;
  readonly int64: bigint;
  readonly float64: number;
  readonly string: string;
  readonly time: bigint;
  readonly duration: bigint;
}

/** Fields that are a sequence of values. */
interface Sequences {
  readonly 'bool[]': readonly boolean[];
  readonly 'byte[]': Uint8Array;
  readonly 'uint8[]': Uint8Array;
  readonly 'int64[]': readonly bigint[];
  readonly 'float32[]': Float32Array;
  readonly 'float64[]': Float64Array;
  readonly 'string[]': readonly string[];
  readonly 'time[]': readonly bigint[];
}

type Field = keyof Scalars | keyof Sequences | MessageType | readonly [MessageType];
type Fields = Readonly<Record<string, Field>>;

/** A type of message: its name (`sensor_msgs/msg/Image`) and its fields in the order of their encoding. */
export interface MessageType<Of extends Fields = Fields> {
  readonly name: string;
  readonly fields: Of;
}

type ValueOf<Of extends Field> = Of extends keyof Scalars
  ? Scalars[Of]
  : Of extends keyof Sequences
    ? Sequences[Of]
    : Of extends MessageType
      ? MessageOf<Of>
      : Of extends readonly [infer Part extends MessageType]
        ? readonly MessageOf<Part>[]
        : never;

/** The fields of a message, by name. */
export type MessageOf<Type extends MessageType> = {
  readonly [Name in keyof Type['fields']]: ValueOf<Type['fields'][Name]>;
};

export function messageType<const Of extends Fields>(name: string, fields: Of): MessageType<Of> {
  return { name, fields };
}

const NS_PER_S = 1_000_000_000n;

/** Definitions of the two types that are written as numbers here. */
const TIME = 'int32 sec\nuint32 nanosec\n';
const SEPARATOR = '='.repeat(80);

/** `package/Type`, as definitions name types. */
const shortName = (name: string): string => name.replace('/msg/', '/');

const isList = (field: Field): field is readonly [MessageType] => Array.isArray(field);

/** The type as the text of its .msg file, followed by those of the types that it contains: schema encoding `ros2msg`. */
export function definitionOf(type: MessageType): string {
  const parts = new Map<string, string>();
  const own = linesOf(type, parts);
  return [own, ...[...parts].map(([name, lines]) => `${SEPARATOR}\nMSG: ${name}\n${lines}`)].join('');
}

function linesOf({ fields }: MessageType, parts: Map<string, string>): string {
  return Object.entries(fields)
    .map(([name, field]) => `${fieldType(field, parts)} ${name}\n`)
    .join('');
}

/** @param parts gets the definitions of what the field contains */
function fieldType(field: Field, parts: Map<string, string>): string {
  if (typeof field === 'string') {
    const [, kind, brackets = ''] = /^(time|duration)(\[\])?$/.exec(field) ?? [];
    if (kind === undefined) return field;
    const name = `builtin_interfaces/${kind === 'time' ? 'Time' : 'Duration'}`;
    parts.set(name, TIME);
    return `${name}${brackets}`;
  }
  const type: MessageType = isList(field) ? field[0] : field;
  const name = shortName(type.name);
  if (!parts.has(name)) {
    // Its place is before its own parts.
    parts.set(name, '');
    parts.set(name, linesOf(type, parts));
  }
  return isList(field) ? `${name}[]` : name;
}

/** A message in the wire format of ROS 2. @param sizeHint bytes that it will about have */
export function encode<Type extends MessageType>(
  type: Type,
  message: MessageOf<Type>,
  sizeHint = 256,
): Uint8Array<ArrayBuffer> {
  const writer = new CdrWriter({ size: sizeHint });
  write(writer, type, message);
  // The writer has its buffer from `new ArrayBuffer`.
  return writer.data as Uint8Array<ArrayBuffer>;
}

/** The message in some bytes. Arrays of bytes share their memory. @throws Error for bytes that end too early */
export function decode<Type extends MessageType>(type: Type, data: Uint8Array): MessageOf<Type> {
  return read(new CdrReader(data), type) as MessageOf<Type>;
}

function write(writer: CdrWriter, { fields }: MessageType, message: Readonly<Record<string, unknown>>): void {
  for (const [name, field] of Object.entries(fields)) writeField(writer, field, message[name]);
}

function writeField(writer: CdrWriter, field: Field, value: unknown): void {
  if (isList(field)) {
    const messages = value as readonly Readonly<Record<string, unknown>>[];
    writer.sequenceLength(messages.length);
    for (const message of messages) write(writer, field[0], message);
  } else if (typeof field === 'string') {
    WRITERS[field](writer, value as never);
  } else {
    write(writer, field, value as Readonly<Record<string, unknown>>);
  }
}

type Writers = {
  readonly [Name in keyof (Scalars & Sequences)]: (
    writer: CdrWriter,
    value: (Scalars & Sequences)[Name],
  ) => void;
};

function writeAll<Value>(each: (writer: CdrWriter, value: Value) => void) {
  return (writer: CdrWriter, values: readonly Value[]): void => {
    writer.sequenceLength(values.length);
    for (const value of values) each(writer, value);
  };
}

/** Seconds count down below 0, and nanoseconds up. */
function writeTime(writer: CdrWriter, ns: bigint): void {
  const nanoseconds = ((ns % NS_PER_S) + NS_PER_S) % NS_PER_S;
  writer.int32(Number((ns - nanoseconds) / NS_PER_S)).uint32(Number(nanoseconds));
}

const utf8 = new TextEncoder();

/** In UTF-8. `CdrWriter.string` of @foxglove/cdr 3.5.0 counts characters where bytes are needed. A zero would end the text for its readers. */
function writeString(writer: CdrWriter, text: string): void {
  const bytes = utf8.encode(text.replaceAll('\0', '\ufffd'));
  writer
    .uint32(bytes.length + 1)
    .uint8Array(bytes)
    .uint8(0);
}

const writeBool = (writer: CdrWriter, value: boolean): void => void writer.uint8(value ? 1 : 0);
const writeByte = (writer: CdrWriter, value: number): void => void writer.uint8(value);
const writeBytes = (writer: CdrWriter, value: Uint8Array): void => void writer.uint8Array(value, true);
const writeInt64 = (writer: CdrWriter, value: bigint): void => void writer.int64(value);

const WRITERS: Writers = {
  bool: writeBool,
  byte: writeByte,
  uint8: writeByte,
  uint32: (writer, value) => void writer.uint32(value),
  int64: writeInt64,
  float64: (writer, value) => void writer.float64(value),
  string: writeString,
  time: writeTime,
  duration: writeTime,
  'bool[]': writeAll(writeBool),
  'byte[]': writeBytes,
  'uint8[]': writeBytes,
  'int64[]': writeAll(writeInt64),
  'float32[]': (writer, value) => void writer.float32Array(value, true),
  'float64[]': (writer, value) => void writer.float64Array(value, true),
  'string[]': writeAll(writeString),
  'time[]': writeAll(writeTime),
};

function read(reader: CdrReader, { fields }: MessageType): Record<string, unknown> {
  const message: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(fields)) message[name] = readField(reader, field);
  return message;
}

function readField(reader: CdrReader, field: Field): unknown {
  if (typeof field === 'string') return READERS[field](reader);
  if (!isList(field)) return read(reader, field);
  const [part] = field;
  return Array.from({ length: reader.sequenceLength() }, () => read(reader, part));
}

type Readers = {
  readonly [Name in keyof (Scalars & Sequences)]: (reader: CdrReader) => (Scalars & Sequences)[Name];
};

function readAll<Value>(each: (reader: CdrReader) => Value) {
  return (reader: CdrReader): readonly Value[] =>
    Array.from({ length: reader.sequenceLength() }, () => each(reader));
}

const readBool = (reader: CdrReader): boolean => reader.uint8() !== 0;
const readByte = (reader: CdrReader): number => reader.uint8();
const readBytes = (reader: CdrReader): Uint8Array => reader.uint8Array();
const readInt64 = (reader: CdrReader): bigint => reader.int64();
const readString = (reader: CdrReader): string => reader.string();

function readTime(reader: CdrReader): bigint {
  return BigInt(reader.int32()) * NS_PER_S + BigInt(reader.uint32());
}

const READERS: Readers = {
  bool: readBool,
  byte: readByte,
  uint8: readByte,
  uint32: (reader) => reader.uint32(),
  int64: readInt64,
  float64: (reader) => reader.float64(),
  string: readString,
  time: readTime,
  duration: readTime,
  'bool[]': readAll(readBool),
  'byte[]': readBytes,
  'uint8[]': readBytes,
  'int64[]': readAll(readInt64),
  'float32[]': (reader) => reader.float32Array(),
  'float64[]': (reader) => reader.float64Array(),
  'string[]': readAll(readString),
  'time[]': readAll(readTime),
};
