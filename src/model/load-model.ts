import { JepaMpcError } from '../core/errors.js';
import type { ModelInfo } from '../core/model-info.js';
import type { LatentStream } from '../core/model-spec.js';
import { contextFrames, wantedImage } from '../core/model-spec.js';
import type { Encoder, Objective, Predictor } from '../core/ports.js';
import type { Logger } from '../core/types.js';
import { CompiledRollouts } from './compiled-rollouts.js';
import { devicesToTry, type Device, type DeviceChoice } from './devices.js';
import { DeviceRecord, recordPath } from './device-record.js';
import { openFastest } from './fastest-device.js';
import { checkGolden, type GoldenResult } from './golden-check.js';
import { GraphSession } from './graph-session.js';
import type { ModelManifest } from './manifest-schema.js';
import { machineFacts } from './machine-facts.js';
import { readModelFiles, type GraphFile, type ModelFiles } from './model-files.js';
import { OnnxDistance, OnnxEncoder, OnnxInverseDynamics, OnnxPredictor } from './onnx-graphs.js';
import * as ort from './onnx-runtime.js';
import { PINNED_TO, type RolloutSources } from '../../packages/rollout-compiler/src/index.js';

/** How to load a model. */
export interface LoadOptions {
  /** Defaults to `auto`: see {@link devicesToTry}. */
  readonly device?: DeviceChoice;
  /** Threads inside one operator, at least 1; defaults to 1. */
  readonly threads?: number;
  readonly logger?: Logger;
  /** How `auto` compares devices where several may work; without it, it takes the first that does. */
  readonly plans?: PlanTiming;
}

/** A plan to compare devices by. */
export interface PlanTiming {
  /** Settings that its time depends on. */
  readonly settings: unknown;
  /** Milliseconds that it takes. @throws JepaMpcError if it cannot be made */
  readonly timeMs: (model: LoadedModel) => Promise<number>;
}

/** A graph that passed every check. */
export interface GraphReport {
  readonly name: string;
  /** Number of its floating-point weights. */
  readonly parameters: number;
  readonly golden: GoldenResult;
}

/** A model that passed every check, on a device. */
export interface LoadedModel {
  readonly manifest: ModelManifest;
  readonly info: ModelInfo;
  readonly device: Device;
  /** Of every graph that the model has. */
  readonly graphs: readonly GraphReport[];
  readonly encoder: Encoder;
  /** For goals. It is the encoder if the model has no other. */
  readonly goalEncoder: Encoder;
  readonly predictor: Predictor;
  /** The learned distance to the goal; null if the model has none. */
  readonly temporalDistance: Objective | null;
  /** Proposes whole plans; null if the model cannot. */
  readonly inverseDynamics: OnnxInverseDynamics | null;
  /** Compiles rollout graphs on demand, for this device. */
  readonly rollouts: CompiledRollouts;
  /** Gives the sessions back. Nothing may be run afterwards. */
  dispose(): Promise<void>;
}

/**
 * Loads a model folder and checks it: manifest, hashes, signatures of the graphs, and golden vectors on the device that will be used. A
 * folder may come from anyone, so it is refused if anything does not fit.
 *
 * @throws JepaMpcError `model.missing-file`, `model.manifest-invalid`, `model.unsupported`, `model.hash-mismatch`, `model.unreadable`,
 *   `model.not-finite`, `model.signature-mismatch`, `model.golden-mismatch`, `model.run-failed` or `model.device-unavailable`
 */
export async function loadModel(folder: string, options: LoadOptions = {}): Promise<LoadedModel> {
  const { device: choice = 'auto', threads = 1, logger, plans } = options;
  const files = await readModelFiles(folder, logger);
  const skip = (device: Device, why: string): void => {
    logger?.info(`Device ${device} is not used: ${why}`);
  };
  const open = (device: Device): Promise<LoadedModel> => openModel(files, device, threads);
  const devices: Device[] = [];
  for (const { device, whyNot } of devicesToTry(choice)) {
    if (whyNot === null) devices.push(device);
    else skip(device, whyNot);
  }
  if (plans !== undefined && devices.length > 1) {
    const facts = [files.sha256, ort.env.versions.node, machineFacts(), devices, threads, plans.settings];
    const record = new DeviceRecord(recordPath(facts), logger);
    return openFastest(devices, { open, timeMs: plans.timeMs, record, skip, logger });
  }
  return openFirst(devices, open, skip);
}

async function openFirst(
  devices: readonly Device[],
  open: (device: Device) => Promise<LoadedModel>,
  skip: (device: Device, why: string) => void,
): Promise<LoadedModel> {
  for (const device of devices.slice(0, -1)) {
    try {
      return await open(device);
    } catch (error) {
      if (!(error instanceof JepaMpcError)) throw error;
      skip(device, error.message);
    }
  }
  return open(devices.at(-1) ?? 'cpu');
}

async function openModel(files: ModelFiles, device: Device, threads: number): Promise<LoadedModel> {
  const { manifest } = files;
  const session = { device, threads, modelSha256: files.sha256, dataFolder: PINNED_TO };
  const opened: GraphSession[] = [];
  // Every other device computes in another order than the CPU, so they share one tolerance.
  const tolerance = device === 'cpu' ? manifest.golden.tolerance.cpu : manifest.golden.tolerance.webgpu;
  const graphs: GraphReport[] = [];
  const open = async ({ name, bytes, signature, subject, parameters }: GraphFile): Promise<GraphSession> => {
    const graph = await GraphSession.open(bytes, signature, subject, session);
    opened.push(graph);
    const golden = await checkGolden(graph, name, signature, files.golden, tolerance, files.goldenSubject);
    graphs.push({ name, parameters, golden });
    return graph;
  };
  const dispose = async (): Promise<void> => {
    await Promise.all(opened.map((graph) => graph.release()));
  };
  try {
    const encoder = new OnnxEncoder(await open(files.encoder));
    const goalEncoder = files.goalEncoder === null ? encoder : new OnnxEncoder(await open(files.goalEncoder));
    const predictor = new OnnxPredictor(await open(files.predictor));
    const temporalDistance = files.distance === null ? null : new OnnxDistance(await open(files.distance));
    const inverseDynamics =
      files.inverseDynamics === null
        ? null
        : new OnnxInverseDynamics(await open(files.inverseDynamics), manifest.action);
    return {
      manifest,
      info: modelInfo(files, device),
      device,
      graphs,
      encoder,
      goalEncoder,
      predictor,
      temporalDistance,
      inverseDynamics,
      rollouts: new CompiledRollouts(rolloutSources(files), session),
      dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

function rolloutSources({ manifest, predictor, distance }: ModelFiles): RolloutSources {
  const { latent, history, action } = manifest;
  return { folder: PINNED_TO, latent, history, action, predictor, distance };
}

function modelInfo({ manifest, sha256 }: ModelFiles, device: Device): ModelInfo {
  const { name, cameras, action, history, latent, objective, graphs, plannerDefaults, proprioception, goal } =
    manifest;
  const streams = countedStreams(latent, goal);
  return {
    name,
    sha256,
    device,
    cameras: cameras.map((camera) => ({
      name: camera.name,
      topic: camera.topic,
      wanted: wantedImage(camera),
    })),
    joints: action.joints,
    periodMs: action.periodMs,
    block: action.block,
    window: contextFrames(history),
    latent: { tokens: latent.tokens, dim: latent.dim },
    goalKind: goal.kind,
    proprioception: proprioception?.fields ?? [],
    planning: {
      action,
      objective,
      hasTemporalDistance: graphs.distance !== undefined,
      hasInverseDynamics: graphs.inverseDynamics !== undefined,
      plannerDefaults,
      ...(streams && { streams }),
    },
  };
}

/** Streams that count in the distance to a goal: all but a proprioception that is not known of goals. */
function countedStreams(
  { streams }: ModelManifest['latent'],
  { kind, proprioception }: ModelManifest['goal'],
): readonly LatentStream[] | undefined {
  const isKnown = kind === 'state' || proprioception === 'from_images';
  return streams?.filter(({ of, weight }) => weight > 0 && (isKnown || of !== 'proprioception'));
}
