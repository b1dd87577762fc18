import { JepaMpcError } from './errors.js';

/** The marks around the generated part of a page. Prettier leaves what is between them as it is. */
const BEGIN = '<!-- prettier-ignore-start -->';
const END = '<!-- prettier-ignore-end -->';

/**
 * A page with this text between its marks, in place of what is there.
 *
 * @param page Markdown
 * @param subject what the page is called in an error
 * @throws JepaMpcError `docs.no-marks` for a page without the marks
 */
export function withGeneratedPart(page: string, subject: string, text: string): string {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < begin) {
    throw new JepaMpcError('docs.no-marks', {
      subject,
      found: 'no marks around the generated part',
      expected: `${BEGIN}, and after it ${END}`,
      remedy: 'Put both lines where it belongs.',
    });
  }
  return `${page.slice(0, begin)}${BEGIN}\n\n${text}\n\n${page.slice(end)}`;
}
