import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { keepScreenshot, launchBrowser, noBrowser, openPage, type OpenPage } from './browser.js';
import { BROKEN_EXPRESSION, FakeServer } from './fake-server.js';

let browser: Browser;
let server: FakeServer;
let opened: OpenPage;

const panel = (page: Page, name: string) => page.locator(`[data-panel="${name}"]`);
const parameter = (page: Page, name: string) =>
  panel(page, 'parameters').locator(`[data-parameter="${name}"]`);

/** What the server has received, as soon as it is so. */
const eventually = (check: () => void): Promise<void> => expect.poll(() => attempt(check)).toBe('ok');

function attempt(check: () => void): string {
  try {
    check();
    return 'ok';
  } catch (error) {
    return String(error);
  }
}

describe.skipIf(noBrowser !== undefined)('the page of the dashboard', () => {
  beforeAll(async () => {
    browser = await launchBrowser();
  });

  afterAll(async () => {
    await browser.close();
  });

  beforeEach(async () => {
    server = await FakeServer.start();
    opened = await openPage(browser, server.url);
    await opened.page.locator('.state', { hasText: 'following plans' }).waitFor();
  });

  afterEach(async () => {
    await opened.page.context().close();
    await server.close();
  });

  it('shows pictures, plots and the robot, without an error and from its own server alone', async () => {
    const { page } = opened;
    await page.locator('[data-channel="camera/image"][data-shown="true"]').waitFor();
    await page.locator('[data-channel="goal/image"][data-shown="true"]').waitFor();
    await panel(page, 'distance')
      .locator('.legend-value', { hasText: /\d\.\d\d/ })
      .first()
      .waitFor();
    await panel(page, 'candidates').locator('.legend-value', { hasText: /\d/ }).first().waitFor();
    await page.locator('.scene-none').waitFor({ state: 'detached' });
    await page.waitForTimeout(2500); // so that plots have a past in the picture for people
    await keepScreenshot(page, 'wide-light');
    expect(opened.errors).toEqual([]);
    expect(opened.requests.filter((url) => !url.startsWith(server.url) && !url.startsWith('blob:'))).toEqual(
      [],
    );
  });

  it('draws plots and the robot anew with what arrives', async () => {
    const { page } = opened;
    const drawn = (selector: string) =>
      page
        .locator(selector)
        .first()
        .evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
    await page.locator('.scene-none').waitFor({ state: 'detached' });
    for (const selector of [
      '[data-panel="distance"] canvas',
      '[data-panel="candidates"] canvas',
      '.picture canvas',
    ]) {
      const before = await drawn(selector);
      await expect.poll(() => drawn(selector), { message: selector }).not.toBe(before);
    }
    const scene = page.locator('.scene canvas');
    const before = await scene.screenshot();
    await expect.poll(async () => (await scene.screenshot()).equals(before)).toBe(false);
  });

  it('watches what is in view alone', async () => {
    const { page } = opened;
    await eventually(() => {
      expect(server.watched).toContain('camera/image');
    });
    await panel(page, 'cameras').getByRole('button', { name: 'What the robot sees' }).click();
    await eventually(() => {
      expect(server.watched).not.toContain('camera/image');
      expect(server.watched).toContain('statistics');
    });
    await page.setViewportSize({ width: 390, height: 700 });
    await eventually(() => {
      expect(server.watched).not.toContain('candidate_actions');
    });
    await panel(page, 'candidates').scrollIntoViewIfNeeded();
    await eventually(() => {
      expect(server.watched).toContain('candidate_actions');
    });
  });

  it('moves a parameter with its slider, by keyboard, and back to its default', async () => {
    const { page } = opened;
    const row = parameter(page, 'sampling.iterations');
    const slider = row.getByRole('slider');
    await slider.focus();
    for (let press = 0; press < 3; press++) await page.keyboard.press('ArrowRight');
    await eventually(() => {
      expect(server.value('sampling.iterations')).toBe(3);
    });
    await row.getByText('changed').waitFor();
    await keepScreenshot(page, 'slider');
    await row.getByRole('button', { name: 'Reset' }).click();
    await eventually(() => {
      expect(server.value('sampling.iterations')).toBe(0);
    });
    await row.getByText('changed').waitFor({ state: 'detached' });
  });

  it('follows a parameter that somebody else changes', async () => {
    const { page } = opened;
    server.setValue('sampling.iterations', 7);
    await expect
      .poll(() => parameter(page, 'sampling.iterations').getByRole('textbox').inputValue())
      .toBe('7');
  });

  it('says at the parameter why a value was refused, and shows the one in force', async () => {
    const { page } = opened;
    const row = parameter(page, 'sampling.horizon');
    const field = row.getByRole('textbox');
    await field.fill('500');
    await field.press('Enter');
    await row.locator('.refusal', { hasText: 'expected a number from 0 to 100' }).waitFor();
    await expect.poll(() => field.inputValue()).toBe('0');
    expect(await field.getAttribute('aria-invalid')).toBe('true');
    await page.getByRole('status').filter({ hasText: 'found 500' }).waitFor({ state: 'attached' });
    await keepScreenshot(page, 'refused');
    await field.fill('two');
    await field.press('Enter');
    await row.locator('.refusal', { hasText: 'found "two", expected a number' }).waitFor();
    await field.fill('5');
    await field.press('Enter');
    await row.locator('.refusal').waitFor({ state: 'detached' });
    expect(server.value('sampling.horizon')).toBe(5);
  });

  it('finds parameters by words, and those that are changed', async () => {
    const { page } = opened;
    const parameters = panel(page, 'parameters');
    await parameters.getByRole('searchbox').fill('joint_states time');
    await parameter(page, 'watchdog.joint_states_timeout_s').waitFor();
    await expect.poll(() => parameters.locator('[data-parameter]').count()).toBeLessThan(6);
    await parameters.getByRole('searchbox').fill('');
    server.setValue('rest.margin', 0.5);
    await parameters.getByLabel('changed only').check();
    await expect.poll(() => parameters.locator('[data-parameter]').count()).toBe(1);
  });

  it('has a planner and an objective chosen from lists', async () => {
    const { page } = opened;
    await panel(page, 'planner').getByLabel('planner', { exact: true }).selectOption('mppi');
    await eventually(() => {
      expect(server.value('planner')).toBe('mppi');
    });
    await panel(page, 'planner').getByLabel('objective.metric', { exact: true }).selectOption('cosine');
    await eventually(() => {
      expect(server.value('objective.metric')).toBe('cosine');
    });
  });

  it('shows the place of an error in an expression', async () => {
    const { page } = opened;
    const editor = page.locator('.expression');
    const field = editor.getByRole('textbox');
    await field.fill(BROKEN_EXPRESSION);
    await field.press('Control+Enter');
    await editor.locator('.caret-mark').waitFor();
    const caret = (await editor.locator('.caret').innerText()).split('\n');
    expect(caret[1]).toBe(`${' '.repeat(20)}^^^^^`);
    await editor.getByText("found the name 'spede'").waitFor();
    const selected = await field.evaluate((area) => {
      const { selectionStart, selectionEnd, value } = area as HTMLTextAreaElement;
      return document.activeElement === area ? value.slice(selectionStart, selectionEnd) : 'not in the field';
    });
    expect(selected).toBe('spede');
    await keepScreenshot(page, 'expression');
    await field.fill('goal_distance + 0.1 * norm(action)');
    await editor.getByRole('button', { name: 'Apply' }).click();
    await editor.locator('.caret-mark').waitFor({ state: 'detached' });
    expect(server.value('objective.expression')).toBe('goal_distance + 0.1 * norm(action)');
  });

  it('captures, saves and loads goals', async () => {
    const { page } = opened;
    const goals = panel(page, 'goals');
    await goals.getByRole('button', { name: 'Capture goal' }).click();
    await page.getByText('What the cameras see now is the goal.').waitFor();
    await goals.getByLabel('Save the goal as').fill('shelf');
    await goals.getByRole('button', { name: 'Save' }).click();
    await goals.getByRole('button', { name: 'Load goal shelf' }).click();
    await eventually(() => {
      const calls = server.requests('call').map((request) => ('call' in request ? request.call : null));
      expect(calls).toContainEqual({ service: 'save_goal', name: 'shelf' });
      expect(calls).toContainEqual({ service: 'load_goal', name: 'shelf' });
    });
  });

  it('saves, compares, loads and deletes profiles', async () => {
    const { page } = opened;
    const profiles = panel(page, 'profiles');
    server.setValue('sampling.samples', 256);
    await profiles.getByLabel('Save the values as').fill('fast');
    await profiles.getByRole('button', { name: 'Save' }).click();
    await profiles.getByRole('button', { name: 'Load profile fast' }).waitFor();
    await expect.poll(() => profiles.getByLabel('Save the values as').inputValue()).toBe('');
    await profiles.getByRole('button', { name: 'Compare' }).click();
    await profiles.getByRole('row', { name: 'sampling.samples 256 0' }).waitFor();
    server.setValue('sampling.samples', 64);
    await profiles.getByRole('button', { name: 'Load profile fast' }).click();
    await profiles.getByText('Changed: sampling.samples.').waitFor();
    expect(server.value('sampling.samples')).toBe(256);
    await profiles.getByRole('button', { name: 'Delete profile fast' }).click();
    await profiles.getByRole('button', { name: 'Really delete profile fast' }).click();
    await profiles.getByRole('button', { name: 'Load profile fast' }).waitFor({ state: 'detached' });
  });

  it('pauses, slows, and stops with one key wherever the focus is', async () => {
    const { page } = opened;
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.locator('.banner', { hasText: 'The robot holds until you continue.' }).waitFor();
    await page
      .getByRole('group', { name: 'Operate the robot' })
      .getByRole('button', { name: 'Continue' })
      .click();
    await page.locator('.state', { hasText: 'following plans' }).waitFor();

    await page.getByRole('slider', { name: 'Speed' }).focus();
    await page.keyboard.press('PageDown');
    await eventually(() => {
      const scale = server.requests('speed_scale').at(-1);
      expect(scale !== undefined && 'value' in scale ? scale.value : NaN).toBeLessThan(1);
    });

    await panel(page, 'parameters').getByRole('searchbox').focus();
    await page.keyboard.press('Escape');
    await page.locator('.state', { hasText: 'stopped' }).waitFor();
    expect(
      server.requests('call').filter((call) => 'call' in call && call.call.service === 'emergency_stop'),
    ).toHaveLength(1);
    await keepScreenshot(page, 'stopped');
    await page.locator('.banner').getByRole('button', { name: 'Reset' }).click();
    await page.locator('.state', { hasText: 'following plans' }).waitFor();
  });

  it('says why the robot does not move, in each state of the node', async () => {
    const { page } = opened;
    const banner = page.locator('.banner');
    server.setOperator({ condition: 'hold', level: 'error', message: 'image: the last is 0.52 s old' });
    await banner.getByText('Image: the last is 0.52 s old.').waitFor();
    await keepScreenshot(page, 'holding');
    server.setNode({ state: 'inactive' });
    await banner.getByRole('button', { name: 'Activate' }).click();
    await banner.getByText('Image: the last is 0.52 s old.').waitFor();
    server.setNode({ present: false, state: 'unknown' });
    await banner.getByText('There is no node /planner_node.').waitFor();
  });

  it('says that the connection is lost, and connects again by itself', async () => {
    const { page } = opened;
    server.disconnect();
    await page.locator('.banner', { hasText: 'No connection' }).waitFor();
    await keepScreenshot(page, 'lost');
    await page.locator('.banner').getByRole('button', { name: 'Try again now' }).click();
    await page.locator('.banner', { hasText: 'No connection' }).waitFor();
    server.accept();
    await page.locator('.state', { hasText: 'following plans' }).waitFor();
    await expect.poll(() => server.watched).toContain('statistics');
  });

  it('remembers closed panels and the chosen colours', async () => {
    const { page } = opened;
    await panel(page, 'age').getByRole('button', { name: 'Age of frames' }).click();
    await page.getByRole('button', { name: /^Colours: as the system/ }).click();
    await page.getByRole('button', { name: /^Colours: light/ }).click();
    await page.reload();
    await page.getByRole('button', { name: /^Colours: dark/ }).waitFor();
    expect(await page.evaluate(() => getComputedStyle(document.documentElement).colorScheme)).toBe('dark');
    expect(await panel(page, 'age').locator('canvas').count()).toBe(0);
  });
});
