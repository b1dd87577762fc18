import type { TextPlace } from '../../protocol.js';

/** A line of a text; `caret` marks a place in it from below, null where the place is in another line. */
export interface CaretLine {
  readonly line: string;
  readonly caret: string | null;
}

/** The lines of a text with carets below a place, at least one; a place beyond the end is marked at the end. */
export function caretLines(text: string, { start, end }: TextPlace): readonly CaretLine[] {
  const from = Math.min(Math.max(0, start), text.length);
  let offset = 0;
  let isMarked = false;
  return text.split('\n').map((line) => {
    const column = from - offset;
    offset += line.length + 1;
    if (isMarked || column > line.length) return { line, caret: null };
    isMarked = true;
    const length = Math.max(1, Math.min(end - from, line.length - column));
    return { line, caret: ' '.repeat(column) + '^'.repeat(length) };
  });
}
