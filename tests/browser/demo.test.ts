import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { keepScreenshot, launchBrowser, noBrowser, openPage, type OpenPage } from './browser.js';

const MAIN = fileURLToPath(new URL('../../dist/eval/main.js', import.meta.url));
const READER = fileURLToPath(new URL('read_parameter.py', import.meta.url));
const NODE = '/planner_node';

/** The robot is simulated, its node plans, and a browser draws, all on one machine. */
const PATIENCE_MS = 120_000;
const START_MS = 600_000;
/** A replay has what the others leave of the processor. */
const REPLAY_MS = 600_000;
const RECORDING = 'run.mcap';

const BROKEN = 'goal_distance + 2 * spede';

let folder: string;
let demo: ChildProcess;
let output = '';
/** Undefined until the demo has started. */
let browser: Browser | undefined;
let opened: OpenPage;
let page: Page;

/** Waits for output of the demo. */
async function said(pattern: RegExp): Promise<string> {
  for (;;) {
    const found = pattern.exec(output);
    if (found !== null) return found[1] ?? '';
    if (demo.exitCode !== null) throw new Error(`the demo has ended:\n${output}`);
    await setTimeout(50);
  }
}

/** A parameter of the node, asked by a program that knows nothing of the dashboard. */
async function ofNode(parameter: string): Promise<unknown> {
  const python = process.env['JEPA_MPC_PYTHON'] ?? 'python3';
  const { stdout } = await promisify(execFile)(python, [READER, NODE, parameter]);
  return JSON.parse(stdout);
}

const panel = (name: string) => page.locator(`[data-panel="${name}"]`);
const parameter = (name: string) => panel('parameters').locator(`[data-parameter="${name}"]`);
const state = (label: string) => page.locator('.state', { hasText: label }).waitFor({ timeout: PATIENCE_MS });

/** Moves a slider by keyboard to a value above the present one. */
async function moveSlider(name: string, to: string): Promise<void> {
  const row = parameter(name);
  await row.getByRole('slider').focus();
  for (let press = 0; press < 50 && (await row.getByRole('textbox').inputValue()) !== to; press++) {
    await page.keyboard.press('ArrowRight');
  }
  await expect.poll(() => ofNode(name), { timeout: PATIENCE_MS }).toBe(Number(to));
}

describe.skipIf(noBrowser !== undefined)('the page with the running demo', () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'jepa-mpc-browser-'));
    const args = ['demo', '--headless', '--no-baselines', '--dashboard', '--port', '0'];
    // Browser, simulator and planner share the machine's cores: what comes late is no reason to hold the robot here.
    const patient = [
      'watchdog.image_timeout_s=10',
      'watchdog.joint_states_timeout_s=10',
      'command.tracking_tolerance=3',
    ].flatMap((assignment) => ['--planner-param', assignment]);
    // Some seconds of it: the recording ends by itself.
    const record = ['--record', join(folder, RECORDING), '--planner-param', 'recording.max_size_mb=24'];
    const length = ['--episodes', '1000', '--episode-seconds', '600', '--json', join(folder, 'demo.json')];
    demo = spawn(process.execPath, [MAIN, ...args, ...patient, ...record, ...length], {
      env: { ...process.env, XDG_DATA_HOME: folder },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [demo.stdout, demo.stderr])
      stream?.on('data', (data: Buffer) => (output += data.toString()));
    const url = await said(/dashboard: (http\S+)/);
    browser = await launchBrowser();
    opened = await openPage(browser, url);
    ({ page } = opened);
    page.setDefaultTimeout(PATIENCE_MS);
    await said(/(the planner node is active)/);
    await page.locator('main.columns').waitFor();
  }, START_MS);

  afterAll(async () => {
    await browser?.close();
    const ended = new Promise((resolve) => demo.once('close', resolve));
    if (demo.kill('SIGTERM')) await ended;
    rmSync(folder, { recursive: true });
  });

  // So that a failure can be understood afterwards.
  afterEach(async ({ task }) => {
    if (task.result?.state !== 'fail') return;
    await keepScreenshot(page, 'demo-failed');
    console.log(await page.locator('.bar-place').innerText(), output.slice(-2000));
  });

  it('shows what the robot sees, plots of its plans, and the robot', async () => {
    await page.locator('[data-channel^="camera/"][data-shown="true"]').waitFor();
    await page.locator('[data-channel^="goal/"][data-shown="true"]').waitFor();
    for (const name of ['distance', 'cost', 'plan-time', 'age', 'spread'])
      await panel(name).locator('.legend-value', { hasText: /\d/ }).first().waitFor();
    await page.locator('.scene-none').waitFor({ state: 'detached' });
    await panel('candidates').scrollIntoViewIfNeeded();
    await panel('candidates').locator('.legend-value', { hasText: /\d/ }).first().waitFor();
    await panel('joints').locator('.legend-value', { hasText: /\d/ }).first().waitFor();
    await keepScreenshot(page, 'demo-plots');
    await page.evaluate(() => {
      scrollTo(0, 0);
    });
    await keepScreenshot(page, 'demo');
  });

  it('moves a slider, and the parameter of the node and the plots follow', async () => {
    await moveSlider('sampling.iterations', '2');
    await panel('spread').getByText('(iteration 2)').waitFor();
    await moveSlider('sampling.iterations', '5');
    await panel('spread').getByText('(iteration 5)').waitFor();
  });

  it('shows the reason of the node for a value that it refuses', async () => {
    const row = parameter('sampling.horizon');
    await row.getByRole('textbox').fill('5000');
    await row.getByRole('textbox').press('Enter');
    await row.locator('.refusal', { hasText: /expected .*from 0 to 100/ }).waitFor();
    await expect.poll(() => row.getByRole('textbox').inputValue()).toBe('0');
    expect(await ofNode('sampling.horizon')).toBe(0);
    await keepScreenshot(page, 'demo-refused');
  });

  it('shows the place of an error in a cost expression', async () => {
    const editor = page.locator('.expression');
    await editor.getByRole('textbox').fill(BROKEN);
    await editor.getByRole('textbox').press('Control+Enter');
    await editor.locator('.caret-mark').waitFor();
    const [text = '', carets = ''] = (await editor.locator('.caret').innerText()).split('\n');
    expect(text).toBe(BROKEN);
    expect(text.slice(carets.indexOf('^'))).toMatch(/^spede/);
    await keepScreenshot(page, 'demo-expression');
    await editor.getByRole('button', { name: 'Discard' }).click();
    expect(await ofNode('objective.expression')).toBe('');
  });

  it('captures a goal', async () => {
    await panel('goals').getByRole('button', { name: 'Capture goal' }).click();
    await page.getByText('What the cameras see now is the goal.').waitFor();
  });

  it('pauses, and continues', async () => {
    const operate = page.getByRole('group', { name: 'Operate the robot' });
    await operate.getByRole('button', { name: 'Pause' }).click();
    await operate.getByRole('button', { name: 'Continue' }).waitFor();
    await page.locator('.banner', { hasText: /hold|pause/i }).waitFor();
    await operate.getByRole('button', { name: 'Continue' }).click();
    await operate.getByRole('button', { name: 'Pause' }).waitFor();
  });

  it('saves a profile and loads it', async () => {
    const profiles = panel('profiles');
    await profiles.getByLabel('Save the values as').fill('five');
    await profiles.getByRole('button', { name: 'Save' }).click();
    await profiles.getByRole('button', { name: 'Load profile five' }).waitFor();
    const field = parameter('sampling.iterations').getByRole('textbox');
    await field.fill('3');
    await field.press('Enter');
    await expect.poll(() => ofNode('sampling.iterations'), { timeout: PATIENCE_MS }).toBe(3);
    await profiles.getByRole('button', { name: 'Load profile five' }).click();
    await expect.poll(() => ofNode('sampling.iterations'), { timeout: PATIENCE_MS }).toBe(5);
    await expect.poll(() => field.inputValue()).toBe('5');
  });

  it(
    'replays what was recorded with the values of a profile, and shows both plans of each moment',
    async () => {
      const replay = panel('replay');
      await replay.getByRole('button', { name: 'Replay a recording' }).click();
      expect(await replay.getByLabel('Recording', { exact: true }).innerText()).toContain(RECORDING);
      await replay.getByLabel('Plan with').selectOption('five');
      await replay.getByRole('button', { name: 'Replay', exact: true }).click();
      await replay.getByRole('progressbar').waitFor();
      const slider = replay.getByRole('slider');
      await slider.waitFor({ timeout: REPLAY_MS });
      await replay.getByText('First difference: plan').waitFor();
      await replay.getByRole('row', { name: /sampling\.iterations .*-> 5$/ }).waitFor();
      await slider.press('End');
      await expect.poll(() => slider.getAttribute('aria-valuetext')).toMatch(/^[1-9].* s, plan \d+$/);
      const picture = replay.getByRole('img', { name: /^What camera/ });
      await expect
        .poll(() => picture.evaluate((image) => (image as HTMLImageElement).naturalWidth))
        .toBeGreaterThan(1);
      // While the page was open, somebody had subscribed to the figures of plans. A plan that a pause or the end of an episode overtook is recorded
      // without them, because the node publishes figures only of plans that it follows: the last one may be such a plan.
      const distance = (row: RegExp): Locator => replay.getByRole('row', { name: row });
      await distance(/^cost: distance (not recorded|\d+\.\d+) \d+\.\d+$/).waitFor();
      for (let press = 0; press < 5 && (await distance(/^cost: distance not recorded/).isVisible()); press++)
        await slider.press('ArrowLeft');
      await distance(/^cost: distance \d+\.\d+ \d+\.\d+$/).waitFor();
      await replay.getByLabel('Planned motion, elbow [rad] over the horizon').scrollIntoViewIfNeeded();
      await keepScreenshot(page, 'demo-replay');
      await replay.getByRole('button', { name: 'Replay a recording' }).click();
    },
    REPLAY_MS + PATIENCE_MS,
  );

  it('explains the distance with a heat map', async () => {
    await panel('cameras').getByRole('button', { name: 'What differs?' }).click();
    await page.locator('[data-channel^="distance_map/"][data-shown="true"]').waitFor();
    await keepScreenshot(page, 'demo-differs');
  });

  it('stops at one key, and moves again after a reset', async () => {
    await panel('parameters').getByRole('searchbox').focus();
    await page.keyboard.press('Escape');
    await state('stopped');
    await keepScreenshot(page, 'demo-stopped');
    // A page that draws without a GPU on a busy machine is never still for as long as a click of Playwright waits for.
    await page.locator('.banner').getByRole('button', { name: 'Reset' }).dispatchEvent('click');
    await page.locator('.state', { hasText: 'stopped' }).waitFor({ state: 'detached' });
  });

  it('has run without an error of its own', () => {
    expect(opened.errors).toEqual([]);
  });
});
