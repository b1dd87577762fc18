import { withGeneratedPart } from '../core/generated-part.js';
import type { Rule } from './rule.js';
import { RULES } from './rules.js';

/** The rules of the guide as a table. */
function table(): string {
  const rows = Object.entries<Rule>(RULES).map(([id, { symptom, turns, besides, why, page }]) => {
    const knobs = turns.map(({ parameter, direction }) => `${direction} \`${parameter}\``).join(', ');
    const remedy = [knobs, besides].filter((part) => part !== undefined && part !== '').join('. ');
    return `| \`${id}\`: ${symptom} | ${remedy} | [${why}](${page.replace(/^tuning\.md/, '')}) |`;
  });
  return [
    '| what you see | what to try, the most promising first | why |',
    '| --- | --- | --- |',
    ...rows,
  ].join('\n');
}

/**
 * A page with the table of rules between its marks, in place of the one that is there.
 *
 * @param page Markdown
 * @throws JepaMpcError `docs.no-marks` for a page without the marks
 */
export function withGuide(page: string): string {
  return withGeneratedPart(page, 'page of the guide', table());
}
