import { JepaMpcError } from '../../../src/core/errors.js';

/**
 * One size of a shape. The number of candidates N is not known when a graph is compiled; sizes that are multiples of it are counted in
 * {@link CANDIDATES}, so that the arithmetic exporters do on shapes (`N * heads / heads`) works on them as on any other size.
 */
export type Dim = number;

/** Stands for N. Above any real size; real multiples of it stay below {@link ELITES}. */
export const CANDIDATES: Dim = 2 ** 30;

/** Stands for the number of elites, and for that of iterations: sizes that nothing is multiplied with. */
export const ELITES: Dim = 2 ** 48;
export const ITERATIONS: Dim = 2 ** 49;

/** Whether a size is a multiple of N. */
export function isCandidates(dim: Dim): boolean {
  return dim >= CANDIDATES && dim < ELITES;
}

/** Product of sizes. @throws JepaMpcError `model.unsupported` when N would be multiplied by itself */
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

/** `N, 3, 192` in words. */
export function writeDims(dims: readonly Dim[]): string {
  return dims.map((dim) => dimName(dim) ?? String(dim)).join(', ');
}

/** Name of a size that is not known when a graph is compiled; null for one that is. */
export function dimName(dim: Dim): string | null {
  if (dim === ELITES) return 'elites';
  if (dim === ITERATIONS) return 'iterations';
  if (!isCandidates(dim)) return null;
  return dim === CANDIDATES ? 'N' : `N_times_${String(dim / CANDIDATES)}`;
}

export function sameDims(a: readonly Dim[], b: readonly Dim[]): boolean {
  return a.length === b.length && a.every((dim, axis) => dim === b[axis]);
}

/** Shape of an elementwise result. @throws JepaMpcError `model.unsupported` when the shapes do not broadcast */
export function broadcast(a: readonly Dim[], b: readonly Dim[]): Dim[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const left = a[axis - rank + a.length] ?? 1;
    const right = b[axis - rank + b.length] ?? 1;
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

/** `axis` counted from the front. */
export function positiveAxis(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}
