import { JepaMpcError } from '../../core/errors.js';

/** Longest expression, in characters. */
export const LONGEST_EXPRESSION = 1000;
/** Characters shown on each side of the place that an error points at. */
const CONTEXT = 50;

/** The text of an expression, as errors show it: on one line. */
export class ExpressionText {
  readonly text: string;

  /** @param text any white space in it, line ends included, counts as one blank */
  constructor(text: string) {
    this.text = text.replaceAll(/\s+/gu, ' ').trim();
  }

  /**
   * @param at index in {@link text} of the place to point at
   * @returns an `objective.invalid` whose last lines are the expression and a caret under the place
   */
  refusal(at: number, found: string, expected: string, remedy: string): JepaMpcError {
    return new JepaMpcError('objective.invalid', {
      subject: 'objective.expression',
      found,
      expected,
      remedy: `${remedy}\n${this.#pointAt(at)}\n`,
    });
  }

  #pointAt(at: number): string {
    const start = at > CONTEXT ? at - CONTEXT : 0;
    const end = Math.min(this.text.length, at + CONTEXT);
    const before = start > 0 ? '…' : '';
    const after = end < this.text.length ? '…' : '';
    const caret = ' '.repeat(before.length + at - start);
    return `  ${before}${this.text.slice(start, end)}${after}\n  ${caret}^`;
  }
}
