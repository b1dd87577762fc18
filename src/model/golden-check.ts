import { JepaMpcError } from '../core/errors.js';
import type { Tensor } from '../core/types.js';
import { at } from '../core/array-access.js';
import type { GraphSession, GraphSignature, TensorSignature } from './graph-session.js';

const MIN_BATCH = 4;

/** How close a graph came to its golden output. */
export interface GoldenResult {
  /** Name of the vector: `encoder.latent`. */
  readonly vector: string;
  /** Rows of the batch. */
  readonly rows: number;
  /** Maximum absolute difference of an entry; at most `tolerance`. */
  readonly worst: number;
  readonly tolerance: number;
}

/**
 * Runs a graph on its golden inputs and compares its output with the golden one, entry by entry.
 *
 * @param graphName prefix of its tensors in the file, such as `encoder`
 * @param golden tensors of the file of golden vectors, by name
 * @param tolerance maximum absolute difference
 * @param subject what to call the file in an error
 * @throws JepaMpcError `model.golden-mismatch`; `model.unreadable` when a vector is missing or has another shape
 */
export async function checkGolden(
  graph: GraphSession,
  graphName: string,
  signature: GraphSignature,
  golden: ReadonlyMap<string, Tensor>,
  tolerance: number,
  subject: string,
): Promise<GoldenResult> {
  const vector = `${graphName}.${signature.output.name}`;
  const expected = goldenTensor(golden, graphName, signature.output, subject);
  const inputs = signature.inputs.map((input) => goldenTensor(golden, graphName, input, subject));
  for (const [index, input] of inputs.entries()) {
    if (input.shape[0] !== expected.shape[0]) {
      throw unreadable(
        subject,
        `${String(input.shape[0])} rows in "${graphName}.${signature.inputs[index]?.name ?? ''}"`,
        `${String(expected.shape[0])} as in "${vector}"`,
      );
    }
  }
  const output = await graph.run(inputs);
  let worst = -1;
  let worstIndex = 0;
  for (let i = 0; i < expected.data.length; i++) {
    const difference = Math.abs(at(output.data, i) - at(expected.data, i));
    if (difference > worst || Number.isNaN(difference)) {
      worst = difference;
      worstIndex = i;
    }
    if (Number.isNaN(difference)) break;
  }
  if (worst <= tolerance) return { vector, rows: expected.shape[0] ?? 0, worst, tolerance };
  throw new JepaMpcError('model.golden-mismatch', {
    subject: `${vector} of ${subject}`,
    found: `${String(output.data[worstIndex])} at entry [${entryAt(worstIndex, expected.shape).join(', ')}] (difference ${String(worst)})`,
    expected: `${String(expected.data[worstIndex])} within ${String(tolerance)}`,
    remedy:
      'This device or this version of ONNX Runtime computes something else: try device cpu; if that was it, export the model again.',
  });
}

/** Indices of an element of a tensor, axis by axis. */
function entryAt(index: number, shape: readonly number[]): number[] {
  let rest = index;
  return shape
    .toReversed()
    .map((size) => {
      const position = rest % size;
      rest = Math.floor(rest / size);
      return position;
    })
    .reverse();
}

/** A golden tensor of the shape that the manifest says. @throws JepaMpcError `model.unreadable` */
function goldenTensor(
  golden: ReadonlyMap<string, Tensor>,
  graphName: string,
  { name, dims }: TensorSignature,
  subject: string,
): Tensor {
  const key = `${graphName}.${name}`;
  const tensor = golden.get(key);
  if (tensor === undefined)
    throw unreadable(subject, `no tensor "${key}"`, `one of shape [batch, ${dims.join(', ')}]`);
  const [batch = 0, ...rest] = tensor.shape;
  if (batch < MIN_BATCH || rest.join() !== dims.join()) {
    throw unreadable(
      subject,
      `"${key}" of shape [${tensor.shape.join(', ')}]`,
      `[${['batch', ...dims].join(', ')}] with a batch of at least ${String(MIN_BATCH)}`,
    );
  }
  return tensor;
}

function unreadable(subject: string, found: string, expected: string): JepaMpcError {
  return new JepaMpcError('model.unreadable', {
    subject,
    found,
    expected,
    remedy: 'Export the model again.',
  });
}
