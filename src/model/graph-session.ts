import { JepaMpcError } from '../core/errors.js';
import type { Tensor } from '../core/types.js';
import type { Device } from './devices.js';
import { isNvidia, type MissingLibrary } from './gpu-libraries.js';
import { gpuLibraries } from './installed-gpu.js';
import * as ort from './onnx-runtime.js';
import { TensorRtCache } from './tensorrt-cache.js';

/** Name and dimensions of a graph's input or output, without the batch axis. All are float32. */
export interface TensorSignature {
  readonly name: string;
  readonly dims: readonly number[];
}

/** Inputs and output that the manifest declares for a graph. */
export interface GraphSignature {
  readonly inputs: readonly TensorSignature[];
  readonly output: TensorSignature;
}

/** How to open a graph. */
export interface SessionOptions {
  readonly device: Device;
  /** Threads inside one operator, at least 1. */
  readonly threads: number;
  /** SHA-256 of the model that the graph belongs to, which tells engines that a device has built for it apart. */
  readonly modelSha256?: string;
  /** Folder that the locations of external data are relative to. */
  readonly dataFolder?: string;
  /** Keeps equal operators on equal inputs apart, instead of merging them: to measure what the merging brings. */
  readonly keepsDuplicates?: boolean;
  /**
   * Times every operator. Writes the graph as ONNX Runtime runs it to `<prefix>.onnx`, and, once the session is released, the times to
   * `<prefix>_<time>.json`.
   */
  readonly profilePrefix?: string;
}

const LOG_FATAL = 4;

const tensorRtCache = new TensorRtCache();

/** As named in onnxruntime_session_options_config_keys.h. The second one would rewrite a slice of a concatenation. */
const KEEP_DUPLICATES = {
  disable_specified_optimizers: 'CommonSubexpressionElimination;ConcatSliceElimination',
};

// ONNX Runtime prints errors that it also throws. Thrown, they reach the logger once, with a remedy.
ort.env.logLevel = 'fatal';

/** One ONNX graph, opened and checked to have the signature that the manifest declares. */
export class GraphSession {
  readonly #session: ort.InferenceSession;
  readonly #signature: GraphSignature;
  readonly #subject: string;

  private constructor(session: ort.InferenceSession, signature: GraphSignature, subject: string) {
    this.#session = session;
    this.#signature = signature;
    this.#subject = subject;
  }

  /**
   * Opens a graph.
   *
   * @param bytes the ONNX file
   * @param subject what to call it in an error
   * @throws JepaMpcError `model.unreadable` when no device can open it, `model.device-unavailable` when only this one cannot,
   *   `model.signature-mismatch` when it is not the graph that the manifest describes
   */
  static async open(
    bytes: Uint8Array,
    signature: GraphSignature,
    subject: string,
    options: SessionOptions,
  ): Promise<GraphSession> {
    const session = await createSession(bytes, subject, options);
    try {
      checkSignature(session, signature, subject);
    } catch (error) {
      await session.release();
      throw error;
    }
    return new GraphSession(session, signature, subject);
  }

  /**
   * Runs the graph.
   *
   * @param inputs one `[B, ...]` tensor for each input, in the order of the signature; not kept
   * @returns the output, `[B, ...]`, in memory of its own
   * @throws JepaMpcError `model.run-failed`; `model.signature-mismatch` when the output has another shape than the manifest says
   */
  async run(inputs: readonly Tensor[]): Promise<Tensor> {
    const feeds: Record<string, ort.Tensor> = {};
    for (const [index, { name }] of this.#signature.inputs.entries()) {
      const input = inputs[index];
      // Wraps the caller's memory; ONNX Runtime copies only what has to go to a device.
      if (input !== undefined) feeds[name] = new ort.Tensor('float32', input.data, input.shape);
    }
    const { name, dims } = this.#signature.output;
    const output = await this.#run(feeds);
    const shape = [inputs[0]?.shape[0] ?? 0, ...dims];
    const result = output[name];
    if (!(result?.data instanceof Float32Array) || result.dims.join() !== shape.join()) {
      throw signatureMismatch(
        this.#subject,
        `output "${name}" of shape [${result?.dims.join(', ') ?? ''}]`,
        `[${shape.join(', ')}]`,
      );
    }
    return { data: result.data, shape };
  }

  /** Gives the session back. Nothing may be run afterwards. */
  release(): Promise<void> {
    return this.#session.release();
  }

  async #run(feeds: Record<string, ort.Tensor>): Promise<ort.InferenceSession.ReturnType> {
    try {
      return await this.#session.run(feeds);
    } catch (error) {
      const given = Object.entries(feeds).map(([name, { dims }]) => `${name} [${dims.join(', ')}]`);
      throw new JepaMpcError('model.run-failed', {
        subject: this.#subject,
        found: `${reason(error)} (inputs ${given.join(', ')})`,
        expected: 'a run without error',
        remedy:
          'The graph or the device is at fault: try device cpu; if it fails there too, export the model again.',
        cause: error,
      });
    }
  }
}

/**
 * Opens an ONNX file on a device.
 *
 * @throws JepaMpcError `model.unreadable` when no device can open it, `model.device-unavailable` when only this one cannot
 */
export async function createSession(
  bytes: Uint8Array,
  subject: string,
  options: SessionOptions,
): Promise<ort.InferenceSession> {
  const missing = isNvidia(options.device) ? gpuLibraries.loadFor(options.device) : null;
  if (missing !== null) throw deviceUnavailable(options.device, subject, missing);
  if (options.device === 'tensorrt') tensorRtCache.use(bytes, options.modelSha256 ?? '');
  try {
    return await ort.InferenceSession.create(bytes, {
      executionProviders: [options.device],
      intraOpNumThreads: options.threads,
      interOpNumThreads: 1,
      graphOptimizationLevel: 'all',
      logSeverityLevel: LOG_FATAL,
      ...(options.profilePrefix !== undefined && {
        enableProfiling: true,
        profileFilePrefix: options.profilePrefix,
        optimizedModelFilePath: `${options.profilePrefix}.onnx`,
      }),
      extra: {
        ...(options.dataFolder !== undefined && {
          session: { model_external_initializers_file_folder_path: options.dataFolder },
        }),
        ...(options.keepsDuplicates === true && { optimization: KEEP_DUPLICATES }),
      },
    });
  } catch (error) {
    if (options.device !== 'cpu') {
      // The CPU distinguishes a bad file from a missing device: a bad file throws model.unreadable here.
      const session = await createSession(bytes, subject, { ...options, device: 'cpu' });
      await session.release();
      throw deviceUnavailable(options.device, subject, missingFrom(options.device, reason(error)), error);
    }
    const found = reason(error);
    throw new JepaMpcError('model.unreadable', {
      subject,
      found,
      expected: 'an ONNX graph that ONNX Runtime can open',
      remedy: remedyForUnreadable(found),
      cause: error,
    });
  }
}

/** What a device lacks that does not open a graph, although its libraries load. */
function missingFrom(device: Device, found: string): MissingLibrary {
  if (!isNvidia(device)) return { found, remedy: 'Install what it lacks.' };
  const why = found.includes('Failed to load shared library') ? gpuLibraries.whyNoProvider(device) : null;
  return { found: why ?? found, remedy: 'See what the driver lacks: npm run setup -- --gpu.' };
}

function deviceUnavailable(
  device: Device,
  subject: string,
  { found, remedy }: MissingLibrary,
  cause?: unknown,
): JepaMpcError {
  return new JepaMpcError('model.device-unavailable', {
    subject: `device ${device} for ${subject}`,
    found,
    expected: `ONNX Runtime's ${device} provider and its driver`,
    remedy: `${remedy} Or set device to cpu or auto.`,
    cause,
  });
}

/** The file has the hash that the manifest declares, so another copy would not help: only another export does. */
function remedyForUnreadable(found: string): string {
  const [, irVersion] = /max supported IR version: (\d+)/.exec(found) ?? [];
  if (irVersion !== undefined)
    return `Export it again with model.ir_version = ${irVersion} set before onnx.save(model, …): newer ones are not supported here.`;
  const [, opset] = /support for domain ai\.onnx is till opset (\d+)/.exec(found) ?? [];
  if (opset !== undefined) return `Export it again with opset_version=${opset} or lower.`;
  if (/is not a registered function\/op|No Op registered for/.test(found))
    return 'Export it again with operators of ONNX alone: this one belongs to another library.';
  if (found.includes('Could not find an implementation'))
    return 'Export it again in float32: ONNX Runtime lacks this operator for this type on the device.';
  return 'Export it again.';
}

function reason(error: unknown): string {
  const message = (error instanceof Error ? error.message : String(error)).replace(/\s+/g, ' ').trim();
  // What precedes it are the names of functions of ONNX Runtime.
  const [cudaFailure] = /\bCUDA failure \d+: [^;]+/.exec(message) ?? [];
  return cudaFailure?.trim() ?? message;
}

function signatureMismatch(
  subject: string,
  found: string,
  expected: string,
  remedy = 'The graph does not fit manifest.json: export both again from the same model.',
): JepaMpcError {
  return new JepaMpcError('model.signature-mismatch', { subject, found, expected, remedy });
}

function checkSignature(session: ort.InferenceSession, signature: GraphSignature, subject: string): void {
  checkSide('inputs', session.inputMetadata, signature.inputs, subject);
  checkSide('outputs', session.outputMetadata, [signature.output], subject);
}

function checkSide(
  side: 'inputs' | 'outputs',
  found: readonly ort.InferenceSession.ValueMetadata[],
  expected: readonly TensorSignature[],
  subject: string,
): void {
  const fits =
    found.length === expected.length &&
    expected.every((signature) =>
      found.some((metadata) => metadata.name === signature.name && matches(metadata, signature)),
    );
  if (fits) return;
  const writeExpected = ({ name, dims }: TensorSignature): string =>
    `${name} float32 [batch, ${dims.join(', ')}]`;
  throw signatureMismatch(
    subject,
    `${side} ${found.map(writeMetadata).join(', ')}`,
    `${side} ${expected.map(writeExpected).join(', ')}`.replaceAll(', ]', ']'),
    remedyForSide(found),
  );
}

/** What to do about inputs or outputs that no manifest can describe; undefined if graph and manifest may be of different models. */
function remedyForSide(found: readonly ort.InferenceSession.ValueMetadata[]): string | undefined {
  const tensors = found.filter((metadata) => metadata.isTensor);
  if (tensors.some(({ type }) => type !== 'float32'))
    return 'Export it with inputs and outputs of float32 (in onnxconverter_common: keep_io_types=True); weights may be float16.';
  if (tensors.some(({ shape }) => typeof shape[0] === 'number'))
    return 'Export it with a dynamic first axis, for example dynamic_axes={"image": {0: "batch"}} of torch.onnx.export.';
  return undefined;
}

/** Symbolic dimensions match any size: the golden vectors check them. The batch axis must be symbolic. */
function matches(metadata: ort.InferenceSession.ValueMetadata, { dims }: TensorSignature): boolean {
  if (!metadata.isTensor || metadata.type !== 'float32' || metadata.shape.length !== dims.length + 1)
    return false;
  return metadata.shape.every(
    (size, axis) => typeof size === 'string' || (axis > 0 && size === dims[axis - 1]),
  );
}

function writeMetadata(metadata: ort.InferenceSession.ValueMetadata): string {
  if (!metadata.isTensor) return `${metadata.name} (no tensor)`;
  return `${metadata.name} ${metadata.type} [${metadata.shape.join(', ')}]`;
}
