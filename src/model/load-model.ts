import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { JepaMpcError } from '../core/errors.js';
import type { ModelInfo } from '../core/model-info.js';
import { contextFrames } from '../core/model-spec.js';
import type { Encoder, Objective, Predictor } from '../core/ports.js';
import type { Logger, Tensor } from '../core/types.js';
import { CompiledRollouts } from './compiled-rollouts.js';
import { devicesToTry, type Device, type DeviceChoice } from './devices.js';
import { checkGolden } from './golden-check.js';
import { GraphSession, type GraphSignature } from './graph-session.js';
import { distanceSignature, encoderSignature, predictorSignature } from './graph-signatures.js';
import type { RolloutSources } from './graph/compile-rollout.js';
import { parseManifest, type ModelManifest } from './manifest.js';
import { OnnxDistance } from './onnx-distance.js';
import { OnnxEncoder } from './onnx-encoder.js';
import { OnnxPredictor } from './onnx-predictor.js';
import { parseSafetensors } from './safetensors.js';

export interface LoadOptions {
  /** `auto` unless given; see {@link devicesToTry}. */
  readonly device?: DeviceChoice;
  /** Threads inside one operator; 1 unless given. */
  readonly threads?: number;
  readonly logger?: Logger;
}

/** A model that passed every check, on a device. */
export interface LoadedModel {
  readonly manifest: ModelManifest;
  readonly info: ModelInfo;
  readonly device: Device;
  readonly encoder: Encoder;
  readonly predictor: Predictor;
  /** The learned distance to the goal, null when the model has none. */
  readonly temporalDistance: Objective | null;
  /** Graphs that roll the predictor out, compiled on demand for this device. */
  readonly rollouts: CompiledRollouts;
  /** Gives the sessions back; nothing may be run afterwards. */
  dispose(): Promise<void>;
}

/** A graph's part of a model folder, read but not opened. */
interface GraphFile {
  readonly name: string;
  readonly subject: string;
  readonly bytes: Uint8Array;
  readonly signature: GraphSignature;
}

interface ModelFiles {
  readonly manifest: ModelManifest;
  /** SHA-256 of the manifest. */
  readonly sha256: string;
  readonly encoder: GraphFile;
  readonly predictor: GraphFile;
  readonly distance: GraphFile | null;
  readonly golden: ReadonlyMap<string, Tensor>;
  readonly goldenSubject: string;
}

/**
 * Loads a model folder: manifest, hashes, graphs and their signatures, and the golden vectors on the device that will be used.
 * Whatever does not hold is refused; a folder may come from anyone.
 *
 * @throws JepaMpcError `model.missing-file`, `model.manifest-invalid`, `model.unsupported`, `model.hash-mismatch`, `model.unreadable`,
 *   `model.signature-mismatch`, `model.golden-mismatch`, `model.run-failed` or `model.device-unavailable`
 */
export async function loadModel(folder: string, options: LoadOptions = {}): Promise<LoadedModel> {
  const files = await readModelFiles(folder);
  const outlooks = devicesToTry(options.device ?? 'auto');
  const skip = (device: Device, why: string): void => {
    options.logger?.info(`Device ${device} is not used: ${why}`);
  };
  for (const { device, whyNot } of outlooks.slice(0, -1)) {
    if (whyNot !== null) {
      skip(device, whyNot);
      continue;
    }
    try {
      return await openModel(files, device, options.threads ?? 1);
    } catch (error) {
      if (!(error instanceof JepaMpcError)) throw error;
      skip(device, error.message);
    }
  }
  return openModel(files, outlooks.at(-1)?.device ?? 'cpu', options.threads ?? 1);
}

async function readModelFiles(folder: string): Promise<ModelFiles> {
  const manifestPath = join(folder, 'manifest.json');
  const manifestBytes = await readOrRefuse(manifestPath);
  const manifest = parseManifest(new TextDecoder().decode(manifestBytes), manifestPath);
  const { graphs, golden } = manifest;
  const graphFile = async (
    name: string,
    { file, sha256 }: { file: string; sha256: string },
    signature: GraphSignature,
  ): Promise<GraphFile> => {
    const subject = join(folder, file);
    return { name, subject, bytes: await readHashed(subject, sha256), signature };
  };
  const goldenSubject = join(folder, golden.file);
  return {
    manifest,
    sha256: sha256Of(manifestBytes),
    encoder: await graphFile('encoder', graphs.encoder, encoderSignature(manifest)),
    predictor: await graphFile('predictor', graphs.predictor, predictorSignature(manifest)),
    distance:
      graphs.distance === undefined
        ? null
        : await graphFile('distance', graphs.distance, distanceSignature(manifest)),
    golden: parseSafetensors(await readHashed(goldenSubject, golden.sha256), goldenSubject),
    goldenSubject,
  };
}

async function openModel(files: ModelFiles, device: Device, threads: number): Promise<LoadedModel> {
  const { manifest } = files;
  const opened: GraphSession[] = [];
  // Every other device computes in another order than the cpu, so all share the tolerance that webgpu has.
  const tolerance = device === 'cpu' ? manifest.golden.tolerance.cpu : manifest.golden.tolerance.webgpu;
  const open = async ({ name, bytes, signature, subject }: GraphFile): Promise<GraphSession> => {
    const graph = await GraphSession.open(bytes, signature, subject, { device, threads });
    opened.push(graph);
    await checkGolden(graph, name, signature, files.golden, tolerance, files.goldenSubject);
    return graph;
  };
  const dispose = async (): Promise<void> => {
    await Promise.all(opened.map((graph) => graph.release()));
  };
  try {
    const encoder = new OnnxEncoder(await open(files.encoder));
    const predictor = new OnnxPredictor(await open(files.predictor));
    const temporalDistance = files.distance === null ? null : new OnnxDistance(await open(files.distance));
    return {
      manifest,
      info: modelInfo(files, device),
      device,
      encoder,
      predictor,
      temporalDistance,
      rollouts: new CompiledRollouts(rolloutSources(files), { device, threads }),
      dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

function rolloutSources({ manifest, predictor, distance }: ModelFiles): RolloutSources {
  const { latent, history, action } = manifest;
  return { latent, history, action, predictor, distance };
}

function modelInfo({ manifest, sha256 }: ModelFiles, device: Device): ModelInfo {
  const { name, cameras, action, history } = manifest;
  return {
    name,
    sha256,
    device,
    cameras: cameras.map((camera) => ({ name: camera.name, topic: camera.topic })),
    joints: action.joints,
    actionKind: action.kind,
    periodMs: action.periodMs,
    block: action.block,
    window: contextFrames(history),
  };
}

async function readOrRefuse(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new JepaMpcError('model.missing-file', {
      subject: path,
      found: error instanceof Error ? error.message : String(error),
      expected: 'a readable file of the model folder',
      remedy: 'Check the parameter model, or copy the whole folder again.',
      cause: error,
    });
  }
}

async function readHashed(path: string, sha256: string): Promise<Uint8Array> {
  const bytes = await readOrRefuse(path);
  const found = sha256Of(bytes);
  if (found === sha256) return bytes;
  throw new JepaMpcError('model.hash-mismatch', {
    subject: path,
    found: `SHA-256 ${found} (${String(bytes.length)} bytes)`,
    expected: sha256,
    remedy: 'The file was changed or cut off after export: copy the model again.',
  });
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
