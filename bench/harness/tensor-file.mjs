import { readFileSync, writeFileSync } from 'node:fs';

import { parseSafetensors } from '../../dist/src/model/safetensors.js';

/** @param {string} path of a float32 safetensors file */
export function readTensors(path) {
  return parseSafetensors(readFileSync(path), path);
}

/**
 * Writes a float32 safetensors file: 8 bytes of header length, a JSON header, the data.
 *
 * @param {string} path
 * @param {Record<string, { data: Float32Array, shape: readonly number[] }>} tensors
 */
export function writeTensors(path, tensors) {
  let end = 0;
  const header = {};
  for (const [name, { data, shape }] of Object.entries(tensors)) {
    header[name] = { dtype: 'F32', shape, data_offsets: [end, end + data.byteLength] };
    end += data.byteLength;
  }
  const json = Buffer.from(JSON.stringify(header));
  // Padded with blanks so that the data, and with it every tensor, starts at a multiple of 8.
  const padded = Buffer.alloc(Math.ceil(json.length / 8) * 8, ' ');
  json.copy(padded);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  const data = Object.values(tensors).map((tensor) =>
    Buffer.from(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength),
  );
  writeFileSync(path, Buffer.concat([length, padded, ...data]));
}
