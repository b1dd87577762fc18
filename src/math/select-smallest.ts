import { assertRoom } from '../core/array-access.js';

/** Whether cost `a` at index `i` ranks behind cost `b` at index `j`: non-finite costs last, ties by index. */
function ranksBehind(a: number, i: number, b: number, j: number): boolean {
  const aFinite = Number.isFinite(a);
  const bFinite = Number.isFinite(b);
  if (aFinite !== bFinite) return bFinite;
  if (!aFinite || a === b) return i > j;
  return a > b;
}

/**
 * Indices of the smallest costs, smallest first, in O(n log k). The costs alone determine the result: equal costs rank by index, and
 * non-finite costs (NaN and both infinities) rank behind every finite one.
 *
 * @param costs `[n]`
 * @param out `[k]`, k at most n, written
 * @throws RangeError for k above n
 */
export function selectSmallest(costs: Float32Array, out: Uint32Array): void {
  const k = out.length;
  assertRoom('costs to select from', costs, k);
  const cost = (index: number): number => costs[index] as number;
  const at = (slot: number): number => out[slot] as number;
  const behind = (i: number, j: number): boolean => ranksBehind(cost(i), i, cost(j), j);

  // `out[0..size)` is a heap whose root is the most expensive cost kept.
  const siftDown = (root: number, size: number): void => {
    const moved = at(root);
    let slot = root;
    for (;;) {
      let child = 2 * slot + 1;
      if (child >= size) break;
      if (child + 1 < size && behind(at(child + 1), at(child))) child++;
      if (!behind(at(child), moved)) break;
      out[slot] = at(child);
      slot = child;
    }
    out[slot] = moved;
  };

  for (let i = 0; i < k; i++) out[i] = i;
  for (let root = (k >> 1) - 1; root >= 0; root--) siftDown(root, k);
  if (k > 0) {
    for (let i = k; i < costs.length; i++) {
      if (behind(at(0), i)) {
        out[0] = i;
        siftDown(0, k);
      }
    }
  }
  for (let size = k - 1; size > 0; size--) {
    const worst = at(0);
    out[0] = at(size);
    out[size] = worst;
    siftDown(0, size);
  }
}
