import type { ParsedExpression } from '../../core/expression.js';
import { ExpressionChecker, type ExpressionScope } from './expression-checker.js';
import { ExpressionText, LONGEST_EXPRESSION } from './expression-text.js';
import { parseSyntax } from './syntax.js';

/**
 * Reads a cost that a user wrote, in the syntax of mathjs; docs/objectives.md is its reference. Nothing in it is evaluated by mathjs.
 *
 * @param text up to {@link LONGEST_EXPRESSION} characters
 * @param scope what is known of the model; what is not known is not checked
 * @returns the expression with its constant parts computed; its shape is `scalar`
 * @throws JepaMpcError `objective.invalid`, which shows the text with a caret under what is wrong
 */
export function parseExpression(text: string, scope: ExpressionScope): ParsedExpression {
  const source = new ExpressionText(text);
  if (source.text === '') {
    throw source.refusal(0, 'no expression', 'one, such as goal_distance', 'Write a cost:');
  }
  if (source.text.length > LONGEST_EXPRESSION) {
    throw source.refusal(
      LONGEST_EXPRESSION,
      `${String(source.text.length)} characters`,
      `at most ${String(LONGEST_EXPRESSION)}`,
      'Shorten the expression:',
    );
  }
  const root = new ExpressionChecker(source, scope).check(parseSyntax(source));
  return { text: source.text, root };
}
