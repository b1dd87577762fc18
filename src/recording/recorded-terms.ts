import { decode } from './ros-message.js';
import { DIAGNOSTIC_ARRAY } from './ros-types.js';
import type { Figure } from './what-if-view.js';

const PREFIX = 'cost_';
/** Not a term of the cost of a plan: how much the costs of candidates vary. */
const OTHERS = ['cost_cv'];

/** The cost of a recorded plan by term. */
export interface RecordedTerms {
  readonly planIndex: number;
  /** Of the frame that was planned from. */
  readonly stampNs: bigint;
  readonly terms: Readonly<Record<string, Figure>>;
}

/** What a message of `~/statistics` says about the terms; null for any other message, and where nobody had subscribed: then it has none. */
export function termsIn(message: { readonly type: string; readonly data: Uint8Array }): RecordedTerms | null {
  if (message.type !== DIAGNOSTIC_ARRAY.name) return null;
  for (const { values } of decode(DIAGNOSTIC_ARRAY, message.data).status) {
    const known = new Map(values.map(({ key, value }) => [key, value]));
    const [stamp, plan] = [known.get('frame_stamp_ns'), known.get('plan_index')];
    if (!known.has('cost_total') || !/^-?\d+$/.test(stamp ?? '') || !/^\d+$/.test(plan ?? '')) continue;
    const terms = [...known]
      .filter(([name]) => name.startsWith(PREFIX) && !OTHERS.includes(name))
      .map(([name, value]): [string, Figure] => [name.slice(PREFIX.length), figureIn(value)]);
    return { planIndex: Number(plan), stampNs: BigInt(stamp ?? ''), terms: Object.fromEntries(terms) };
  }
  return null;
}

function figureIn(text: string): Figure {
  const value = text.trim() === '' ? NaN : Number(text);
  return Number.isFinite(value) ? value : null;
}
