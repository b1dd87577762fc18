/*
 * Binary frames from the server to the page. Little endian:
 *
 * | bytes        | what                                                            |
 * | ------------ | --------------------------------------------------------------- |
 * | 0            | kind: 1 a JPEG picture, 2 numbers (float32)                     |
 * | 1            | D: number of dimensions (0 for a picture)                       |
 * | 2            | C: bytes of the channel's name                                  |
 * | 3            | 0                                                               |
 * | 4 … 11       | stamp [ns], int64                                               |
 * | then 4 D     | dimensions, uint32 each                                         |
 * | then C       | the channel's name, UTF-8, padded with 0 to a multiple of 4     |
 * | the rest     | the JPEG, or the numbers in row-major order                     |
 *
 * No imports: it also runs in a browser.
 */

const HEAD_BYTES = 12;
const kinds = { picture: 1, numbers: 2 } as const;
const MAX_DIMENSIONS = 8;

export interface PictureFrame {
  readonly kind: 'picture';
  readonly channel: string;
  readonly stampNs: bigint;
  /** A JPEG. */
  readonly jpeg: Uint8Array<ArrayBuffer>;
}

export interface NumbersFrame {
  readonly kind: 'numbers';
  readonly channel: string;
  readonly stampNs: bigint;
  readonly shape: readonly number[];
  /** Row-major; as many as the product of `shape`. */
  readonly numbers: Float32Array;
}

export type BinaryFrame = PictureFrame | NumbersFrame;

/** @returns the bytes of one frame, in memory of its own */
export function encodeFrame(frame: BinaryFrame): Uint8Array<ArrayBuffer> {
  const name = new TextEncoder().encode(frame.channel);
  const shape = frame.kind === 'numbers' ? frame.shape : [];
  const payload = frame.kind === 'numbers' ? bytesOf(frame.numbers) : frame.jpeg;
  const start = payloadStart(shape.length, name.length);
  const bytes = new Uint8Array(start + payload.byteLength);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, kinds[frame.kind]);
  view.setUint8(1, shape.length);
  view.setUint8(2, name.length);
  view.setBigInt64(4, frame.stampNs, true);
  shape.forEach((size, index) => {
    view.setUint32(HEAD_BYTES + 4 * index, size, true);
  });
  bytes.set(name, HEAD_BYTES + 4 * shape.length);
  bytes.set(payload, start);
  return bytes;
}

/** @returns the frame, whose payload shares the memory of `buffer`; null if the bytes are no frame */
export function decodeFrame(buffer: ArrayBuffer): BinaryFrame | null {
  if (buffer.byteLength < HEAD_BYTES) return null;
  const view = new DataView(buffer);
  const dimensions = view.getUint8(1);
  const nameBytes = view.getUint8(2);
  const start = payloadStart(dimensions, nameBytes);
  if (dimensions > MAX_DIMENSIONS || start > buffer.byteLength) return null;
  const stampNs = view.getBigInt64(4, true);
  const channel = new TextDecoder().decode(new Uint8Array(buffer, HEAD_BYTES + 4 * dimensions, nameBytes));
  if (view.getUint8(0) === kinds.picture) {
    return { kind: 'picture', channel, stampNs, jpeg: new Uint8Array(buffer, start) };
  }
  const shape = Array.from({ length: dimensions }, (_, index) =>
    view.getUint32(HEAD_BYTES + 4 * index, true),
  );
  const count = shape.reduce((product, size) => product * size, 1);
  if (view.getUint8(0) !== kinds.numbers || buffer.byteLength - start !== 4 * count) return null;
  return { kind: 'numbers', channel, stampNs, shape, numbers: new Float32Array(buffer, start, count) };
}

function payloadStart(dimensions: number, nameBytes: number): number {
  return HEAD_BYTES + 4 * dimensions + 4 * Math.ceil(nameBytes / 4);
}

function bytesOf(numbers: Float32Array): Uint8Array {
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}
