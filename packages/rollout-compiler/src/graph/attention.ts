import type { Algebra } from './algebra.js';
import type { Constant } from './constant.js';
import { at, isCandidates, product, sameDims } from './dims.js';
import { constantOf, isAll, nodeOf, type Value } from './value.js';

/** Entries of an attention mask up to this hide a column: the softmax of such a score is exactly 0. */
const MASKED = -1e30;
/** Attention over windows up to this long is computed frame by frame. */
const MAX_FRAMES_APART = 4;

/** Softmax over the last axis. Columns that a constant mask hides from every row come out as zeros without being computed. */
export function softmax(builder: Algebra, x: Value): Value {
  const last = x.dims.length - 1;
  const columns = at(x.dims, last);
  const once = last > 0 ? builder.once([x], ([inner]) => builder.softmax(inner)) : null;
  if (once !== null) return once;
  // A single column has all the weight.
  if (columns === 1) return builder.expand(builder.scalar(1), x.dims);
  const seen = visibleColumns(x);
  if (seen === null) return builder.node('Softmax', [x], { axis: -1 }, x.type, x.dims);
  const inner = builder.softmax(builder.slice(x, last, seen.start, seen.end));
  const zeros = (count: number): Value[] =>
    count === 0
      ? []
      : [
          zerosOf(
            builder,
            x.dims.map((dim, axis) => (axis === last ? count : isCandidates(dim) ? 1 : dim)),
          ),
        ];
  return builder.concat([...zeros(seen.start), inner, ...zeros(columns - seen.end)], last);
}

/** Range of the columns that some row of a masked `x` sees; null if that is all of them. */
function visibleColumns(x: Value): { start: number; end: number } | null {
  const mask = additiveMask(x);
  if (mask === null) return null;
  const columns = mask.dims.at(-1);
  if (columns === undefined) return null;
  if (columns !== x.dims.at(-1)) return null;
  const hidden = Array.from({ length: columns }, () => true);
  for (const [index, value] of mask.data.entries()) if (value > MASKED) hidden[index % columns] = false;
  const start = hidden.indexOf(false);
  const end = hidden.lastIndexOf(false) + 1;
  return start < 0 || (start === 0 && end === columns) ? null : { start, end };
}

/** The constant mask that was added to the scores `x`, or that selected among them; null if there is none that hides anything. */
function additiveMask(x: Value): Constant | null {
  const add = nodeOf(x, 'Add');
  if (add !== null) {
    const masks = (add.inputs as readonly Value[]).map(constantOf);
    return masks.find((mask) => mask !== null && mask.data.some((value) => value <= MASKED)) ?? null;
  }
  const [condition, a, b] = (nodeOf(x, 'Where')?.inputs ?? []) as readonly Value[];
  if (condition === undefined || a === undefined || b === undefined) return null;
  const shown = constantOf(condition);
  if (shown === null) return null;
  const isHiding = (value: Value): boolean =>
    (constantOf(value)?.data ?? [0]).every((element) => element <= MASKED);
  if (!isHiding(a) && !isHiding(b)) return null;
  const data = shown.data.map((value) => ((value !== 0) === isHiding(b) ? 0 : -Infinity));
  return { type: 'float32', dims: shown.dims, data };
}

/** Whether a value is attention weights without a fully masked row, whose softmax would be NaN. */
export function isAttention(value: Value): boolean {
  const parts = (nodeOf(value, 'Concat')?.inputs ?? [value]) as readonly Value[];
  return parts.every((part) => {
    if (isAll(part, 0)) return true;
    const [scores] = nodeOf(part, 'Softmax')?.inputs ?? [];
    if (!scores) return false;
    const mask = additiveMask(scores);
    if (mask === null) return true;
    // A mask without axes hides all columns or none.
    const columns = mask.dims.at(-1) ?? 1;
    for (let start = 0; start < mask.data.length; start += columns)
      if (mask.data.subarray(start, start + columns).every((shown) => shown <= MASKED)) return false;
    return true;
  });
}

/**
 * The product of one row with the few frames of a window, for every head of every candidate: thousands of products that are too small for a
 * matrix kernel. They are computed elementwise over all heads at once, frame by frame.
 *
 * @returns null for any other product
 */
export function attentionProduct(builder: Algebra, a: Value, b: Value): Value | null {
  const frames = nodeOf(b, 'Concat');
  if (frames === null || a.dims.at(-2) !== 1 || a.dims.length < 3 || a.dims.length !== b.dims.length)
    return null;
  const parts = frames.inputs as readonly Value[];
  if (parts.length > MAX_FRAMES_APART || !sameDims(a.dims.slice(0, -2), b.dims.slice(0, -2))) return null;
  const rank = b.dims.length;
  if (frames.attributes['axis'] === rank - 1 && parts.every((part) => part.dims[rank - 1] === 1)) {
    const scores = parts.map((key) =>
      builder.reduce('ReduceSum', builder.mul(a, builder.reshape(key, a.dims)), [-1], true),
    );
    return builder.concat(scores, -1);
  }
  if (frames.attributes['axis'] === rank - 2 && parts.every((part) => part.dims[rank - 2] === 1)) {
    const terms = parts.map((value, frame) => builder.mul(builder.slice(a, -1, frame, frame + 1), value));
    return terms.reduce((sum, term) => builder.add(sum, term));
  }
  return null;
}

function zerosOf(builder: Algebra, dims: readonly number[]): Value {
  return builder.constant({ type: 'float32', dims, data: new Float64Array(product(dims)) });
}
