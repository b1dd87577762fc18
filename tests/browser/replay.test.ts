import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cutElements, seriousViolations } from './accessibility.js';
import { keepScreenshot, launchBrowser, noBrowser, openPage, type OpenPage } from './browser.js';
import { FakeServer, UNREADABLE_PROFILE } from './fake-server.js';

const DESK = { viewport: { width: 1680, height: 1050 } } as const;
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, deviceScaleFactor: 2 } as const;

let browser: Browser;
let server: FakeServer;

const panel = (page: Page): Locator => page.locator('[data-panel="replay"]');

/** The page with the panel open. */
async function openReplay(options: object): Promise<OpenPage> {
  const opened = await openPage(browser, server.url, options);
  await panel(opened.page).getByRole('button', { name: 'Replay a recording' }).click();
  return opened;
}

/** A replay that is done. */
async function replayed(page: Page): Promise<void> {
  await panel(page).getByRole('button', { name: 'Replay', exact: true }).click();
  await panel(page).getByRole('progressbar').waitFor();
  server.setReplay({ phase: 'done', share: 1, plans: 60 });
  await panel(page).getByRole('slider').waitFor();
}

describe.skipIf(noBrowser !== undefined)('the replay of a recording', () => {
  beforeAll(async () => {
    browser = await launchBrowser();
  });

  afterAll(async () => {
    await browser.close();
  });

  beforeEach(async () => {
    server = await FakeServer.start();
  });

  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
    await server.close();
  });

  it('shows what was planned beside what a profile would have planned, with a slider over the moments', async () => {
    const { page, errors, requests } = await openReplay(DESK);
    const replay = panel(page);
    await replay.getByLabel('Recording', { exact: true }).selectOption('run.mcap');
    await replay.getByLabel('Plan with').selectOption('careful');
    await replay.getByRole('button', { name: 'Replay', exact: true }).click();
    await replay.getByText('42 %, 25 plans').waitFor();
    expect(await replay.getByRole('button', { name: 'Replay', exact: true }).isDisabled()).toBe(true);
    expect(server.requests('start_replay')).toMatchObject([{ recording: 'run.mcap', profile: 'careful' }]);
    server.setReplay({ phase: 'done', share: 1, plans: 60 });

    await replay.getByText('Replay of run.mcap with careful is done.').waitFor();
    await replay.getByText('again on cpu: 60.').waitFor();
    await replay.getByText('First difference: plan 0').waitFor();
    await replay.getByText('4 plans not compared').waitFor();
    await replay.getByRole('row', { name: 'sampling.iterations 3 -> 6' }).waitFor();
    await replay.getByText('0.00 s, plan 0').waitFor();

    const drawn = (title: string): Promise<string> =>
      replay
        .locator('figure', { hasNot: page.locator('img') })
        .and(page.getByLabel(title))
        .locator('canvas')
        .evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
    const picture = replay.getByRole('img', { name: 'What camera image showed' });
    await expect.poll(() => picture.getAttribute('src')).toBe('/replay/run-0/0/0.jpg');
    const motion = 'Planned motion, elbow [rad] over the horizon';
    const whole = 'Cost of the best candidate over the recording';
    await replay.getByLabel(motion).scrollIntoViewIfNeeded();
    await replay.getByLabel(motion).locator('.legend-value', { hasText: /\d/ }).first().waitFor();
    await replay.getByLabel(whole).scrollIntoViewIfNeeded();
    await replay.getByLabel(whole).locator('.legend-value', { hasText: '2.1000' }).waitFor();
    const before = await drawn(whole);

    const slider = replay.getByRole('slider', { name: 'Moment of the recording' });
    await slider.focus();
    for (let press = 0; press < 3; press++) await page.keyboard.press('ArrowRight');
    await replay.getByText('0.30 s, plan 3').waitFor();
    expect(await slider.getAttribute('aria-valuetext')).toBe('0.30 s, plan 3');
    await expect.poll(() => picture.getAttribute('src')).toBe('/replay/run-0/3/0.jpg');
    await expect.poll(() => picture.evaluate((image) => (image as HTMLImageElement).naturalWidth)).toBe(128);
    await page.keyboard.press('End');
    await replay.getByText('5.90 s, plan 59').waitFor();
    const wave = 2 + Math.sin(59 / 9);
    await replay
      .getByRole('row', { name: `cost: distance ${wave.toFixed(4)} ${(0.8 * wave).toFixed(4)}` })
      .waitFor();
    await replay
      .getByRole('row', { name: /plan cost .*, 3 iterations in 24.0 ms cost .*, 6 iterations/ })
      .waitFor();
    await replay.getByLabel(whole).scrollIntoViewIfNeeded();
    await expect.poll(() => drawn(whole)).not.toBe(before);
    await keepScreenshot(page, 'replay');
    expect(errors).toEqual([]);
    expect(requests.filter((url) => !url.startsWith(server.url) && !url.startsWith('blob:'))).toEqual([]);
  });

  it('is cancelled, and says at its place what was refused and what failed', async () => {
    const { page } = await openReplay(DESK);
    const replay = panel(page);
    await replay.getByRole('button', { name: 'Replay', exact: true }).click();
    await replay.getByRole('button', { name: 'Cancel' }).click();
    await replay.getByText('Replay of run 2.mcap was cancelled after 25 plans.').waitFor();

    await replay.getByLabel('Plan with').selectOption(UNREADABLE_PROFILE);
    await replay.getByRole('button', { name: 'Replay', exact: true }).click();
    await replay.locator('.refusal', { hasText: 'found cem.samples' }).waitFor();
    expect(server.requests('start_replay')).toHaveLength(2);

    await replay.getByLabel('Plan with').selectOption('');
    await replay.getByRole('button', { name: 'Replay', exact: true }).click();
    server.setReplay({ phase: 'failed', message: 'recording run 2.mcap: found model other' });
    await replay.getByRole('alert').filter({ hasText: 'found model other' }).waitFor();
    await replay.getByText('found cem.samples').waitFor({ state: 'detached' });
  });

  it('says where recordings would be while there are none, and finds one that was made meanwhile', async () => {
    const made = server.replay.recordings.splice(0);
    const { page } = await openReplay(DESK);
    await panel(page).getByText('No recordings in /home/user/recordings.').waitFor();
    server.replay.recordings.push(...made);
    await panel(page).getByRole('button', { name: 'Look again' }).click();
    await panel(page).getByLabel('Recording', { exact: true }).waitFor();
  });

  it('is there for pages that connect later', async () => {
    const first = await openReplay(DESK);
    await replayed(first.page);
    const { page } = await openReplay(PHONE);
    await panel(page).getByRole('slider').waitFor();
  });

  it.each([
    ['light', 'a phone', { ...PHONE, colorScheme: 'light' }],
    ['dark', 'a phone', { ...PHONE, colorScheme: 'dark' }],
    ['light', 'a desk', { ...DESK, colorScheme: 'light' }],
  ] as const)(
    'has no serious violation of accessibility and cuts nothing, in %s on %s',
    async (scheme, device, options) => {
      const { page } = await openReplay(options);
      await replayed(page);
      await panel(page).getByRole('img', { name: 'What camera image showed' }).waitFor();
      expect(await seriousViolations(page, '[data-panel="replay"]')).toEqual([]);
      expect(await cutElements(page)).toEqual([]);
      await panel(page).scrollIntoViewIfNeeded();
      await keepScreenshot(page, `replay-${device.replace('a ', '')}-${scheme}`);
    },
  );
});
