import { JepaMpcError } from '../../../../src/core/errors.js';
import { compilerDefect } from '../compiler-errors.js';

/**
 * One size of a shape. The number of candidates N is not known when a graph is compiled. Sizes that are multiples of it are multiples of
 * {@link CANDIDATES}, so that the arithmetic of exporters on shapes (`N * heads / heads`) works on them as on any other size.
 */
export type Dim = number;

/** Stands for N. Larger than any size of a model; multiples of it that occur stay below {@link ELITES}. */
export const CANDIDATES: Dim = 2 ** 30;

/** Stands for the number of elites, a size that is never multiplied. */
export const ELITES: Dim = 2 ** 48;

/** Stands for the number of iterations, a size that is never multiplied. */
export const ITERATIONS: Dim = 2 ** 49;

/** Whether a size is a multiple of N. */
export function isCandidates(dim: Dim): boolean {
  return dim >= CANDIDATES && dim < ELITES;
}

/** Number of elements of a shape. @throws JepaMpcError `model.unsupported` when N would be multiplied by itself */
export function product(dims: readonly Dim[]): Dim {
  const result = dims.reduce((total, dim) => total * dim, 1);
  if (dims.filter(isCandidates).length > 1) {
    throw new JepaMpcError('model.unsupported', {
      subject: 'graph compiler',
      found: `a tensor of shape [${writeDims(dims)}], with the candidates on two axes`,
      expected: 'one axis of candidates',
      remedy:
        'The rollout runs step by step instead; export the graph with one batch axis to have it compiled.',
    });
  }
  return result;
}

/** A shape for people: `N, 3, 192`. */
export function writeDims(dims: readonly Dim[]): string {
  return dims.map((dim) => dimName(dim) ?? String(dim)).join(', ');
}

/** Name of a size that is not known when a graph is compiled; null for one that is known. */
export function dimName(dim: Dim): string | null {
  if (dim === ELITES) return 'elites';
  if (dim === ITERATIONS) return 'iterations';
  if (!isCandidates(dim)) return null;
  return dim === CANDIDATES ? 'N' : `N_times_${String(dim / CANDIDATES)}`;
}

/**
 * An entry of a shape, or an element of data. A wrong index is an error here, never a 0 or 1 in a graph.
 *
 * @param index from the front, or, if negative, from the end
 * @throws JepaMpcError `model.unsupported` for an index outside
 */
export function at(values: ArrayLike<number>, index: number): number {
  const value = values[index < 0 ? index + values.length : index];
  if (value === undefined)
    throw compilerDefect(`entry ${String(index)} of ${String(values.length)} numbers`, 'an entry inside');
  return value;
}

/** Number of elements of a shape whose sizes are all known. */
export function elementCount(dims: readonly number[]): number {
  return dims.reduce((total, dim) => total * dim, 1);
}

/** Whether two shapes are equal. */
export function sameDims(a: readonly Dim[], b: readonly Dim[]): boolean {
  return a.length === b.length && a.every((dim, axis) => dim === b[axis]);
}

/** Size of an axis once the shape has this rank: axes are added in front, with size 1. */
export function paddedDim(dims: readonly Dim[], axis: number, rank: number): Dim {
  const own = axis - rank + dims.length;
  return own < 0 ? 1 : at(dims, own);
}

/** Shape of an elementwise result. @throws JepaMpcError `model.unsupported` when the shapes do not broadcast */
export function broadcast(a: readonly Dim[], b: readonly Dim[]): Dim[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const left = paddedDim(a, axis, rank);
    const right = paddedDim(b, axis, rank);
    if (left !== right && left !== 1 && right !== 1) {
      throw new JepaMpcError('model.unsupported', {
        subject: 'graph compiler',
        found: `shapes [${writeDims(a)}] and [${writeDims(b)}] in one operator`,
        expected: 'shapes that broadcast',
        remedy:
          'The graph does not fit its manifest, or its export fixed a batch size: export it with a dynamic batch.',
      });
    }
    return left === 1 ? right : left;
  });
}

/** Index of an axis from the front, for one that may be negative, from the end. */
export function positiveAxis(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}
