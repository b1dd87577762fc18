import { withGeneratedPart } from '../core/generated-part.js';
import { LADDER_PARTS } from './ladder.js';
import type { Rung } from './ladder/rung.js';

function cells(
  id: string,
  { fault, detection, reaction, boundMs, timeout, boundNote, operatorSees, clears }: Rung,
): string {
  const notes = [timeout && `with \`${timeout}\``, boundNote].filter((note) => note !== undefined);
  const bound = [`${String(boundMs)} ms`, ...notes].join(', ');
  return `| \`${id}\`: ${fault} | ${detection} | **${reaction}** | ${bound} | ${operatorSees} | ${clears} |`;
}

function tables(): string {
  const parts = Object.entries<Readonly<Record<string, Rung>>>(LADDER_PARTS).map(([title, rungs]) =>
    [
      `### ${title}`,
      '',
      '| fault | noticed by | reaction | within | what the operator sees | what clears it |',
      '| --- | --- | --- | --- | --- | --- |',
      ...Object.entries<Rung>(rungs).map(([id, rung]) => cells(id, rung)),
    ].join('\n'),
  );
  return parts.join('\n\n');
}

/**
 * A page with the tables of the ladder between its marks, in place of those that are there.
 *
 * @param page Markdown
 * @throws JepaMpcError `docs.no-marks` for a page without the marks
 */
export function withLadder(page: string): string {
  return withGeneratedPart(page, 'page of the ladder', tables());
}
