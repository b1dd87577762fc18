import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core'), 'utf8');

/** What axe-core finds in a part of the page, for people. */
export async function seriousViolations(page: Page, part: string): Promise<string[]> {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(
    (selector) =>
      (globalThis as unknown as { axe: { run: (selector: string) => Promise<AxeResults> } }).axe.run(
        selector,
      ),
    part,
  );
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary = '' }) => `${id}: ${String(target)} ${failureSummary}`),
    );
}

/** What does not fit into the width of the page, in words. */
export function cutElements(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    const scrolls = (element: Element): boolean =>
      element.closest('.table-scroll, .log-lines, .caret, .sr-only, .uplot') !== null;
    const found: string[] = [];
    if (document.documentElement.scrollWidth > width) found.push('the page scrolls sideways');
    for (const element of document.querySelectorAll('body *')) {
      if (scrolls(element) || !element.checkVisibility()) continue;
      const { left, right, width: own } = element.getBoundingClientRect();
      const name = `${element.tagName}.${element.className} "${element.textContent.slice(0, 30)}"`;
      if (own > 0 && (left < -1 || right > width + 1)) found.push(`${name} from ${left} to ${right}`);
      const isClipped = element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0;
      const clips = ['hidden', 'clip'].includes(getComputedStyle(element).overflowX);
      if (isClipped && clips && element.textContent !== '' && !element.matches('.bar-node'))
        found.push(`${name} is clipped`);
    }
    return found;
  });
}
