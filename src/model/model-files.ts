import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { JepaMpcError } from '../core/errors.js';
import type { Logger, Tensor } from '../core/types.js';
import type { GraphSignature } from './graph-session.js';
import {
  distanceSignature,
  encoderSignature,
  goalEncoderSignature,
  inverseDynamicsSignature,
  predictorSignature,
} from './graph-signatures.js';
import { parseManifest } from './manifest.js';
import type { ModelManifest } from './manifest-schema.js';
import { parseSafetensors } from './safetensors.js';
import { countParameters, refuseNotANumber } from './weights.js';
import { encodeModel, ExternalData, readModel } from '../../packages/rollout-compiler/src/index.js';

/** A graph's part of a model folder, read but not opened. */
export interface GraphFile {
  readonly name: string;
  readonly subject: string;
  /** The ONNX file. Locations of external data in it are relative to `PINNED_TO`. */
  readonly bytes: Uint8Array;
  readonly signature: GraphSignature;
  /** Number of its floating-point weights. */
  readonly parameters: number;
}

/** A model folder, read and checked, with graphs that are not opened. */
export interface ModelFiles {
  readonly manifest: ModelManifest;
  /** SHA-256 of the manifest. */
  readonly sha256: string;
  readonly encoder: GraphFile;
  readonly predictor: GraphFile;
  readonly distance: GraphFile | null;
  readonly inverseDynamics: GraphFile | null;
  /** Null if the encoder encodes goals too. */
  readonly goalEncoder: GraphFile | null;
  /** Golden vectors by name. */
  readonly golden: ReadonlyMap<string, Tensor>;
  /** What to call the file of golden vectors in an error. */
  readonly goldenSubject: string;
}

/**
 * Reads a model folder and checks its hashes and weights. Graphs are not opened.
 *
 * @param logger gets a warning for data that the manifest has no hash of
 * @throws JepaMpcError `model.missing-file`, `model.manifest-invalid`, `model.unsupported`, `model.hash-mismatch`, `model.unreadable` or
 *   `model.not-finite`
 */
export async function readModelFiles(folder: string, logger?: Logger): Promise<ModelFiles> {
  const manifestPath = join(folder, 'manifest.json');
  const manifestBytes = await readOrRefuse(manifestPath);
  const manifest = parseManifest(new TextDecoder().decode(manifestBytes), manifestPath);
  const { graphs } = manifest;
  const graphFile = async (
    name: string,
    entry: GraphEntry,
    signature: GraphSignature,
  ): Promise<GraphFile> => {
    const subject = join(folder, entry.file);
    const bytes = await readHashed(subject, entry.sha256);
    return { name, subject, signature, ...(await checkedGraph(folder, entry, bytes, logger)) };
  };
  const optional = async (
    name: 'distance' | 'inverseDynamics' | 'goalEncoder',
    signatureOf: (manifest: ModelManifest) => GraphSignature,
  ): Promise<GraphFile | null> => {
    const entry = graphs[name];
    return entry === undefined ? null : graphFile(name, entry, signatureOf(manifest));
  };
  return {
    manifest,
    sha256: sha256Of(manifestBytes),
    encoder: await graphFile('encoder', graphs.encoder, encoderSignature(manifest)),
    predictor: await graphFile('predictor', graphs.predictor, predictorSignature(manifest)),
    distance: await optional('distance', distanceSignature),
    inverseDynamics: await optional('inverseDynamics', inverseDynamicsSignature),
    goalEncoder: await optional('goalEncoder', goalEncoderSignature),
    golden: await readGolden(folder, manifest),
    goldenSubject: join(folder, manifest.golden.file),
  };
}

/**
 * Reads the golden vectors of a model folder, by name.
 *
 * @throws JepaMpcError `model.missing-file`, `model.hash-mismatch` or `model.unreadable`
 */
export async function readGolden(
  folder: string,
  { golden }: ModelManifest,
): Promise<ReadonlyMap<string, Tensor>> {
  const subject = join(folder, golden.file);
  return parseSafetensors(await readHashed(subject, golden.sha256), subject);
}

type GraphEntry = ModelManifest['graphs']['encoder'];

/**
 * Checks the weights of a graph. For weights in other files it also checks the place, the length and the hash that the manifest gives.
 *
 * @returns the graph, with small tensors of other files read into it
 */
async function checkedGraph(
  folder: string,
  { file, data = [] }: GraphEntry,
  bytes: Uint8Array,
  logger: Logger | undefined,
): Promise<Pick<GraphFile, 'bytes' | 'parameters'>> {
  const subject = join(folder, file);
  const external = new ExternalData(folder, subject, subject);
  for (const listed of data) {
    const path = external.find(listed.file);
    const { sha256, size } = await hashOfFile(path);
    compareHashes(path, sha256, listed.sha256, size);
  }
  const model = readModel(bytes, subject);
  const files = external.check(model);
  for (const used of files) {
    if (data.some((listed) => listed.file === used)) continue;
    logger?.warn(
      `${subject} has data in ${used}, which manifest.json lists no SHA-256 for (data of the graph): only the golden vectors vouch for it.`,
    );
  }
  refuseNotANumber(model, subject, external);
  const parameters = countParameters(model);
  if (files.size === 0) return { bytes, parameters };
  external.takeInSmall(model);
  external.pinDown(model);
  return { bytes: encodeModel(model), parameters };
}

async function readOrRefuse(path: string): Promise<Uint8Array> {
  await assertRegular(path);
  try {
    return await readFile(path);
  } catch (error) {
    throw missing(path, error);
  }
}

/** A folder may come from anyone: a pipe in it, or a link to a device, would be read without end. */
async function assertRegular(path: string): Promise<void> {
  let isFile: boolean;
  try {
    isFile = (await stat(path)).isFile();
  } catch (error) {
    throw missing(path, error);
  }
  if (!isFile) throw missing(path, new Error('something that is no regular file'));
}

function missing(path: string, cause: unknown): JepaMpcError {
  return new JepaMpcError('model.missing-file', {
    subject: path,
    found: cause instanceof Error ? cause.message : String(cause),
    expected: 'a readable file of the model folder',
    remedy: 'Check the parameter model, or copy the whole folder again.',
    cause,
  });
}

async function readHashed(path: string, sha256: string): Promise<Uint8Array> {
  const bytes = await readOrRefuse(path);
  compareHashes(path, sha256Of(bytes), sha256, bytes.length);
  return bytes;
}

/** @throws JepaMpcError `model.hash-mismatch` */
function compareHashes(path: string, found: string, expected: string, size: number): void {
  if (found === expected) return;
  throw new JepaMpcError('model.hash-mismatch', {
    subject: path,
    found: `SHA-256 ${found} (${String(size)} bytes)`,
    expected,
    remedy: 'The file was changed or cut off after export: copy the model again.',
  });
}

/** The hash of a file, read in chunks: data files may be larger than the largest buffer. */
async function hashOfFile(path: string): Promise<{ sha256: string; size: number }> {
  await assertRegular(path);
  const hash = createHash('sha256');
  let size = 0;
  try {
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
      hash.update(chunk);
      size += chunk.length;
    }
  } catch (error) {
    throw missing(path, error);
  }
  return { sha256: hash.digest('hex'), size };
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
