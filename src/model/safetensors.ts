import { z } from 'zod';

import { JepaMpcError } from '../core/errors.js';
import type { Tensor } from '../core/types.js';

const HEADER_LENGTH_BYTES = 8;

const entrySchema = z.object({
  dtype: z.string(),
  shape: z.array(z.int().min(0)),
  data_offsets: z.tuple([z.int().min(0), z.int().min(0)]),
});

/**
 * Reads a safetensors file (8 bytes of little-endian header length, a JSON header, the data) whose tensors are all float32.
 *
 * @param subject what to call the file in an error
 * @returns the tensors by name, in memory of their own
 * @throws JepaMpcError `model.unreadable` for anything else
 */
export function parseSafetensors(bytes: Uint8Array, subject: string): ReadonlyMap<string, Tensor> {
  const refuse = (found: string, expected: string, cause?: unknown): never => {
    throw new JepaMpcError('model.unreadable', {
      subject,
      found,
      expected,
      // The file has the hash that the manifest declares, so another copy would not help.
      remedy: 'Export the model again.',
      cause,
    });
  };
  if (bytes.length < HEADER_LENGTH_BYTES)
    refuse(`${String(bytes.length)} bytes`, 'a safetensors file of at least 8 bytes');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerLength = view.getBigUint64(0, true);
  const available = bytes.length - HEADER_LENGTH_BYTES;
  if (headerLength > BigInt(available)) {
    refuse(
      `${String(available)} bytes after the header's length`,
      `at least ${String(headerLength)} (the file is cut off or not safetensors)`,
    );
  }
  const dataStart = HEADER_LENGTH_BYTES + Number(headerLength);

  let header: unknown;
  try {
    header = JSON.parse(
      new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(HEADER_LENGTH_BYTES, dataStart)),
    );
  } catch (error) {
    refuse('a header that is not JSON', 'a JSON header', error);
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header))
    refuse('a header that is no object', 'a JSON object');

  const tensors = new Map<string, Tensor>();
  for (const [name, raw] of Object.entries(header as Record<string, unknown>)) {
    if (name === '__metadata__') continue;
    const parsed = entrySchema.safeParse(raw);
    if (!parsed.success) return refuse(`a malformed entry "${name}"`, 'dtype, shape and data_offsets');
    const {
      dtype,
      shape,
      data_offsets: [begin, end],
    } = parsed.data;
    if (dtype !== 'F32') refuse(`tensor "${name}" of type ${dtype}`, 'type F32');
    const byteLength = shape.reduce((product, size) => product * size, 4);
    if (end - begin !== byteLength || dataStart + end > bytes.length) {
      refuse(
        `tensor "${name}" at bytes ${String(begin)} to ${String(end)} of ${String(bytes.length - dataStart)}`,
        `${String(byteLength)} bytes for shape [${shape.join(', ')}], inside the file`,
      );
    }
    // Copied, because the header may leave the data unaligned, and a Float32Array must start at a multiple of 4.
    const data = new Float32Array(new Uint8Array(bytes.subarray(dataStart + begin, dataStart + end)).buffer);
    tensors.set(name, { data, shape });
  }
  return tensors;
}
