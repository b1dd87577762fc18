import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { cutElements, seriousViolations } from './accessibility.js';
import { keepScreenshot, launchBrowser, noBrowser, openPage } from './browser.js';
import { FakeServer } from './fake-server.js';

/** What the issue allows. */
const MAX_KILOBYTES = 600;
const MAX_FIRST_PAINT_MS = 1000;
const MAX_LAYOUT_SHIFT = 0.1;
/** So many have to be as quick, of at most so many: other programs may hold up some. */
const QUICK_LOADS = 2;
const LOADS_AT_MOST = 8;
/** On a machine on which a page of one word takes long, the page may take so many times as long. */
const WORDS = 4;
const ONE_WORD = 'data:text/html,<title>word</title>word';

const BUILT = fileURLToPath(new URL('../../dist/dashboard/ui', import.meta.url));
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, deviceScaleFactor: 2 } as const;
const LAPTOP = { viewport: { width: 1200, height: 800 } } as const;
const DESK = { viewport: { width: 1900, height: 1080 } } as const;

/** An entry of the browser's layout instability interface, which TypeScript does not know. */
interface LayoutShift {
  readonly value: number;
  readonly sources: readonly { readonly node: Node | null }[];
}

let browser: Browser;
let server: FakeServer;

/** The page with data in all its parts, and every group of parameters open. */
async function filledPage(options: object): Promise<Page> {
  const { page } = await openPage(browser, server.url, options);
  await page.locator('.state', { hasText: 'following plans' }).waitFor();
  await page.locator('[data-channel="camera/image"][data-shown="true"]').waitFor();
  await page.evaluate(() => {
    for (const group of document.querySelectorAll('details')) group.open = true;
  });
  await page.locator('[data-parameter="workspace.clearance_m"]').waitFor();
  return page;
}

/** Waits for the first contentful paint. @returns how long it took from the start of the navigation, ms */
function firstPaintMs(page: Page): Promise<number> {
  return page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        new PerformanceObserver((list) => {
          const entry = list.getEntriesByName('first-contentful-paint')[0];
          if (entry !== undefined) resolve(entry.startTime);
        }).observe({ type: 'paint', buffered: true });
      }),
  );
}

/** Loads the page with nothing stored, until all of it is there. */
async function timedLoad(): Promise<{ paintMs: number; wordMs: number; shift: number; moved: string }> {
  const { page } = await openPage(browser, ONE_WORD, LAPTOP);
  const wordMs = await firstPaintMs(page);
  await page.addInitScript(() => {
    const shifts: { value: number; moved: string }[] = [];
    Object.assign(globalThis, { shifts });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as unknown as LayoutShift[]) {
        const moved = entry.sources.map(({ node }) => (node instanceof Element ? node.className : 'text'));
        shifts.push({ value: entry.value, moved: moved.join(', ') });
      }
    }).observe({ type: 'layout-shift', buffered: true });
  });
  await page.goto(server.url);
  await page.locator('[data-channel="camera/image"][data-shown="true"]').waitFor();
  await page.locator('.scene-none').waitFor({ state: 'detached' });
  const paintMs = await firstPaintMs(page);
  const shifts = await page.evaluate(
    () => (globalThis as unknown as { shifts: { value: number; moved: string }[] }).shifts,
  );
  await page.context().close();
  return {
    paintMs,
    wordMs,
    shift: shifts.reduce((sum, { value }) => sum + value, 0),
    moved: shifts.map(({ moved }) => moved).join(', '),
  };
}

describe.skipIf(noBrowser !== undefined)('the design of the page', () => {
  beforeAll(async () => {
    browser = await launchBrowser();
    server = await FakeServer.start();
  });

  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
    server.setNode({ present: true, state: 'active' });
    server.setOperator({ condition: 'ok', message: '' });
  });

  afterAll(async () => {
    await browser.close();
    await server.close();
  });

  it(`is at most ${String(MAX_KILOBYTES)} kB, compressed`, () => {
    const bytes = readdirSync(BUILT, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => gzipSync(readFileSync(join(entry.parentPath, entry.name))).byteLength);
    const kilobytes = bytes.reduce((sum, size) => sum + size, 0) / 1000;
    console.log(`the page is ${kilobytes.toFixed(0)} kB, compressed`);
    expect(kilobytes).toBeLessThanOrEqual(MAX_KILOBYTES);
  });

  it(`is painted first within ${String(MAX_FIRST_PAINT_MS)} ms, and nothing moves after that`, async () => {
    const loads: Awaited<ReturnType<typeof timedLoad>>[] = [];
    const quick = () =>
      loads.filter(({ paintMs, wordMs }) => paintMs <= Math.max(MAX_FIRST_PAINT_MS, WORDS * wordMs));
    while (quick().length < QUICK_LOADS && loads.length < LOADS_AT_MOST) loads.push(await timedLoad());
    const paintMs = loads.map((load) => load.paintMs);
    const wordMs = loads.map((load) => load.wordMs);
    const shift = Math.max(...loads.map((load) => load.shift));
    console.log(
      `first paint after ${paintMs.map((ms) => ms.toFixed(0)).join(', ')} ms; one word ${wordMs.map((ms) => ms.toFixed(0)).join(', ')} ms; layout shift ${shift.toFixed(3)}`,
    );
    expect(quick().length, `${String(MAX_FIRST_PAINT_MS)} ms`).toBe(QUICK_LOADS);
    expect(shift, loads.map(({ moved }) => moved).join('; ')).toBeLessThanOrEqual(MAX_LAYOUT_SHIFT);
  });

  it.each([
    ['a phone', PHONE],
    ['a laptop', LAPTOP],
    ['a desk', DESK],
  ])('cuts nothing on %s', async (_, options) => {
    const page = await filledPage(options);
    expect(await cutElements(page)).toEqual([]);
  });

  it('has stop, pause and speed in view on a phone, wherever the page is scrolled to', async () => {
    const page = await filledPage(PHONE);
    await keepScreenshot(page, 'phone');
    for (const place of [0, 2000, 100_000]) {
      await page.evaluate((top) => {
        scrollTo(0, top);
      }, place);
      for (const name of ['Stop', 'Pause']) {
        const box = await page.getByRole('button', { name }).first().boundingBox();
        expect(box).not.toBeNull();
        expect(box?.y).toBeGreaterThanOrEqual(0);
        expect((box?.y ?? 0) + (box?.height ?? 0)).toBeLessThanOrEqual(200);
        expect(box?.height).toBeGreaterThanOrEqual(44);
      }
    }
    await keepScreenshot(page, 'phone-tune');
  });

  it.each([
    ['light', 'a phone', { ...PHONE, colorScheme: 'light' }],
    ['dark', 'a phone', { ...PHONE, colorScheme: 'dark' }],
    ['light', 'a desk', { ...DESK, colorScheme: 'light' }],
    ['dark', 'a desk', { ...DESK, colorScheme: 'dark' }],
  ] as const)('has no serious violation of accessibility in %s on %s', async (scheme, device, options) => {
    const page = await filledPage(options);
    server.setValue('rest.margin', 0.5);
    await page.locator('[data-parameter="rest.margin"]').getByText('changed').waitFor();
    const field = page.locator('[data-parameter="sampling.horizon"]').getByRole('textbox');
    await field.fill('5000');
    await field.press('Enter');
    await page.locator('.refusal').first().waitFor();
    await page.getByRole('button', { name: 'Compare', exact: true }).click();
    await page.locator('table').waitFor();
    expect(await seriousViolations(page, 'body')).toEqual([]);
    await keepScreenshot(page, `${device.replace('a ', '')}-${scheme}`, true);
    // What changes with the condition of the robot is in the bar.
    for (const [condition, label] of [
      ['hold', 'holding'],
      ['stop', 'stopped'],
    ] as const) {
      server.setOperator({ condition, message: 'image: the last is 0.52 s old' });
      await page.locator('.state', { hasText: label }).waitFor();
      expect(await seriousViolations(page, '.bar-place')).toEqual([]);
    }
  });

  it('is reached by keyboard alone, with the focus in view at each step', async () => {
    const page = await filledPage(LAPTOP);
    const expected = await page.evaluate(
      () =>
        [
          ...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex="0"]'),
        ].filter((element) => element.checkVisibility() && !element.matches(':disabled')).length,
    );
    expect(expected).toBeGreaterThan(100);
    const reached = new Set<number>();
    const hidden: string[] = [];
    for (let step = 0; step < expected + 20; step++) {
      await page.keyboard.press('Tab');
      const focus = await page.evaluate(async () => {
        const element = document.activeElement;
        if (element === null || element === document.body) return null;
        const isSeen = (): boolean => {
          // Some controls are drawn by what follows them.
          const shown = [element, element.nextElementSibling].filter((each) => each !== null);
          const hasOutline = shown.some((each) => getComputedStyle(each).outlineStyle !== 'none');
          const { top, bottom, left } = element.getBoundingClientRect();
          const bar = document.querySelector('.bar-place')?.getBoundingClientRect().bottom ?? 0;
          const isBehind = bottom <= bar && element.closest('.bar-place') === null;
          return hasOutline && !isBehind && bottom > 0 && top < innerHeight && left >= 0;
        };
        // The page scrolls to the focus in one of the next frames.
        for (let frame = 0; frame < 60 && !isSeen(); frame++) {
          await new Promise((resolve) => requestAnimationFrame(resolve));
        }
        return {
          index: [...document.querySelectorAll('*')].indexOf(element),
          name: `${element.tagName} ${element.getAttribute('aria-label') ?? element.textContent}`,
          isSeen: isSeen(),
        };
      });
      if (focus === null) continue;
      if (!focus.isSeen) hidden.push(focus.name);
      reached.add(focus.index);
    }
    expect(hidden).toEqual([]);
    // One of a group of radio buttons stands for all of them.
    expect(reached.size).toBeGreaterThanOrEqual(expected - 2);
  });

  it('moves less for people who want that', async () => {
    const page = await filledPage({ ...LAPTOP, reducedMotion: 'reduce' });
    server.setNode({ state: 'activating' });
    await page.locator('.state.busy').waitFor();
    const animation = await page.locator('.state-dot').evaluate((dot) => getComputedStyle(dot).animationName);
    expect(animation).toBe('none');
  });
});
