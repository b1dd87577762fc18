import { spawn, type ChildProcess } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { demoReportSchema, type DemoReport } from '../../eval/demo/demo-report.js';
import type { WrittenManifest } from '../../src/model/manifest-schema.js';
import { makeEndEffectorReacher } from '../fixtures/end-effector-reacher.js';

const REACHER = fileURLToPath(new URL('../../models/reacher', import.meta.url));
const UR5E = fileURLToPath(new URL('../../urdf/ur5e.urdf', import.meta.url));
const UR5E_REACH = fileURLToPath(new URL('../../models/ur5e-reach', import.meta.url));
const MAIN = fileURLToPath(new URL('../../dist/eval/main.js', import.meta.url));

/** A demo in a process of its own, as a user starts it. */
class RunningDemo {
  readonly #process: ChildProcess;
  readonly ended: Promise<number | null>;
  output = '';

  constructor(...args: string[]) {
    this.#process = spawn(process.execPath, [MAIN, 'demo', '--headless', ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.on('data', (data: Buffer) => (this.output += data.toString()));
    }
    this.ended = new Promise((resolve) => this.#process.once('close', resolve));
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** Waits for a line of output. */
  async said(text: string): Promise<void> {
    while (!this.output.includes(text)) {
      if (this.#process.exitCode !== null)
        throw new Error(`the demo ended without saying "${text}":\n${this.output}`);
      await delay(20);
    }
  }

  /** Process ids of what it started: [simulator, planner node]. */
  get children(): number[] {
    const pid = String(this.#process.pid);
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
  }
}

/** Whether a process runs; one that has ended and waits to be collected does not. */
function runs(pid: number): boolean {
  const stat = `/proc/${String(pid)}/stat`;
  return existsSync(stat) && !/\) Z /.test(readFileSync(stat, 'utf8'));
}

/** A camera and joint states with the ages that they have on a robot. */
const AGES = ['camera-delay-ms=60', 'camera-jitter-ms=10', 'joint-delay-ms=10'].flatMap((age) => [
  '--imperfect',
  age,
]);

let folder = '';
let jsonFile = '';
let demos: RunningDemo[] = [];

function start(...args: string[]): RunningDemo {
  const demo = new RunningDemo('--json', jsonFile, ...args);
  demos.push(demo);
  return demo;
}

function readReport(): DemoReport {
  return demoReportSchema.parse(JSON.parse(readFileSync(jsonFile, 'utf8')));
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'jepa-mpc-demo-'));
  jsonFile = join(folder, 'demo.json');
});

afterEach(async () => {
  for (const demo of demos) demo.signal('SIGTERM');
  await Promise.all(demos.map(({ ended }) => ended));
  demos = [];
  rmSync(folder, { recursive: true });
});

describe('the demo in lockstep', () => {
  it.each([
    ['brand-new images', []],
    [
      'late images',
      ['camera-delay-ms=100', 'camera-jitter-ms=20', 'joint-delay-ms=20', 'joint-jitter-ms=10'],
    ],
  ])(
    'gives the same episodes for the same seed, with every figure and picture of them, from %s',
    async (_, faults) => {
      const imperfect = faults.flatMap((fault) => ['--imperfect', fault]);
      const args = ['--lockstep', '--no-baselines', '--episodes', '2', '--seed', '3', ...imperfect];
      const first = start(...args);
      expect(await first.ended, first.output).toBe(0);
      const report = readReport();
      expect(report).toMatchObject({ seed: 3, mode: 'lockstep', limitViolations: 0 });
      expect(report.episodes).toHaveLength(2);
      expect(report.baselines).toEqual({
        inverseDynamics: null,
        random: null,
        doNothing: null,
        squaredLatentDistance: null,
      });
      expect(first.output).toMatch(/planner +\d+\.\d % +95 % interval/);
      expect((await sharp(join(folder, 'demo.png')).metadata()).height).toBeGreaterThan(2 * 96);

      const second = start(...args);
      expect(await second.ended, second.output).toBe(0);
      expect(readReport().episodes).toEqual(report.episodes);
    },
  );

  it('moves an arm with six joints to where pictures show it, without touching anything', async () => {
    const robot = ['--urdf', UR5E, '--model', UR5E_REACH];
    const demo = start('--lockstep', '--no-baselines', '--episodes', '3', '--seed', '77', ...robot, ...AGES);
    expect(await demo.ended, demo.output).toBe(0);
    const report = readReport();
    expect(report.robot.joints).toHaveLength(6);
    expect(report).toMatchObject({ limitViolations: 0, contacts: [] });
    expect(report.episodes.filter(({ success }) => success).length).toBeGreaterThanOrEqual(2);
  });

  it('runs every baseline over the same episodes, and the planner reaches more goals than doing nothing', async () => {
    const demo = start('--lockstep', '--episodes', '2', ...AGES);
    expect(await demo.ended, demo.output).toBe(0);
    const { baselines, successRate } = readReport();
    expect(baselines.doNothing).toMatchObject({ successRate: 0 });
    expect(baselines.random?.successRate).toBeLessThanOrEqual(successRate);
    expect(baselines.squaredLatentDistance).not.toBeNull();
    expect(successRate).toBeGreaterThan(0);
  });
});

describe('models whose actions are of another kind', () => {
  it('joint deltas: the reacher reaches as it does with the velocities that they are', async () => {
    const model = join(folder, 'deltas');
    cpSync(REACHER, model, { recursive: true });
    const file = join(model, 'manifest.json');
    const manifest = JSON.parse(readFileSync(file, 'utf8')) as WrittenManifest;
    const { action } = manifest;
    const inPeriod = (perSecond: number[]): number[] =>
      perSecond.map((value) => (value * action.periodMs) / 1000);
    const deltas = { mean: inPeriod(action.mean), std: inPeriod(action.std) };
    const bounds = { lower: inPeriod(action.lower), upper: inPeriod(action.upper) };
    const changed = { ...manifest, action: { ...action, ...deltas, ...bounds, kind: 'joint_delta' } };
    writeFileSync(file, JSON.stringify(changed));

    const args = ['--lockstep', '--no-baselines', '--episodes', '3', '--seed', '77', ...AGES];
    const demo = start('--model', model, ...args);
    expect(await demo.ended, demo.output).toBe(0);
    expect(readReport()).toMatchObject({ successRate: 1, limitViolations: 0 });
  });

  it('displacements of the fingertip, from the joint positions: the reacher reaches by inverse kinematics', async () => {
    const model = join(folder, 'fingertip');
    await makeEndEffectorReacher(REACHER, model);
    const args = ['--lockstep', '--no-baselines', '--episodes', '10', '--seed', '11', ...AGES];
    const demo = start('--model', model, ...args);
    expect(await demo.ended, demo.output).toBe(0);
    const { successRate, limitViolations } = readReport();
    // Brand-new frames: 25 of 30 on seeds 3, 11 and 77. Some straight displacements lead through poses that a planar arm of two joints
    // cannot pass.
    expect(successRate).toBeGreaterThanOrEqual(0.7);
    expect(limitViolations).toBe(0);
  });
});

describe('the demo in real time', () => {
  it('runs without baselines and within the limits', async () => {
    const demo = start('--episodes', '1', ...AGES);
    expect(await demo.ended, demo.output).toBe(0);
    expect(readReport()).toMatchObject({ mode: 'realtime', limitViolations: 0, baselines: { random: null } });
  });
});

describe('ending the demo early', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s ends both processes in order and leaves no report', async (signal, status) => {
    const demo = start('--lockstep', '--episodes', '50');
    await demo.said('planner   1/50');
    const { children } = demo;
    expect(children).toHaveLength(2);
    demo.signal(signal);
    expect(await demo.ended).toBe(status);
    expect(demo.output).toContain('demo.interrupted');
    expect(children.filter(runs)).toEqual([]);
    expect(existsSync(jsonFile)).toBe(false);
  });

  it('SIGINT while the processes still start leaves nothing behind', async () => {
    const demo = start('--episodes', '1');
    await demo.said('starting MuJoCo');
    const { children } = demo;
    demo.signal('SIGINT');
    expect(await demo.ended).toBe(130);
    expect(children.filter(runs)).toEqual([]);
  });

  it.each([
    [0, 'simulator'],
    [1, 'planner node'],
  ])('when child %i dies, the error names the %s and the other is ended too', async (index, name) => {
    const demo = start('--episodes', '50');
    await demo.said('is active');
    const { children } = demo;
    process.kill(children[index] ?? Number.NaN, 'SIGKILL');
    expect(await demo.ended).toBe(1);
    expect(demo.output).toContain(`${name}: found ended by SIGKILL`);
    expect(demo.output).toContain('[demo.process-died]');
    expect(children.filter(runs)).toEqual([]);
  });
});

describe('a demo that cannot run', () => {
  it('shows why the planner node gave up when the model is no good', async () => {
    const model = join(folder, 'cut-off');
    cpSync(REACHER, model, { recursive: true });
    writeFileSync(join(model, 'encoder.onnx'), 'no graph');
    const demo = start('--model', model);
    expect(await demo.ended).toBe(1);
    expect(demo.output).toContain('found state unconfigured after an error');
    expect(demo.output).toContain('model.hash-mismatch');
  });

  it.each<[string, string, (manifest: WrittenManifest) => object]>([
    ['a manifest that breaks the contract', 'model.manifest-invalid', ({ name }) => ({ name })],
    [
      'joints that the robot does not have',
      'urdf.unknown-joint',
      (manifest) => ({ ...manifest, action: { ...manifest.action, joints: ['shoulder', 'wrist'] } }),
    ],
  ])('refuses %s before it starts anything', async (_, code, change) => {
    const manifest = JSON.parse(readFileSync(join(REACHER, 'manifest.json'), 'utf8')) as WrittenManifest;
    const written = change(manifest);
    writeFileSync(join(folder, 'manifest.json'), JSON.stringify(written));
    const demo = start('--model', folder);
    expect(await demo.ended).toBe(1);
    expect(demo.output).toContain(code);
    expect(demo.output).not.toContain('starting');
  });

  it('names the manifest that is missing before it starts anything', async () => {
    const demo = start('--model', join(folder, 'nowhere'));
    expect(await demo.ended).toBe(1);
    expect(demo.output).toContain('model.missing-file');
    expect(demo.output).not.toContain('starting');
  });

  it('refuses a ROS domain in which another demo runs', async () => {
    const first = start('--episodes', '50');
    await first.said('is active');
    const second = start();
    expect(await second.ended).toBe(1);
    expect(second.output).toContain('environment.domain-in-use');
    expect(second.output).not.toContain('configuring');
  });
});
