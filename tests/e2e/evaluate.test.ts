import { spawn, type ChildProcess } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { evaluationSchema, type Evaluation } from '../../eval/evaluate/result.js';
import { readPlannerProfile } from '../../eval/profiles/planner-profile.js';
import type { Rng } from '../../src/core/ports.js';
import { createRng } from '../../src/math/rng.js';

const MAIN = fileURLToPath(new URL('../../dist/eval/main.js', import.meta.url));
const MODEL = fileURLToPath(new URL('../../models/reacher', import.meta.url));

/** A search that ends in seconds: short episodes, few samples. */
const QUICK_SPACE = `
sampling.samples: { low: 20, high: 100 }
planner: { choices: [cem, mppi] }
`;

/** A camera and joint states with the ages that they have on a robot. */
const AGES = ['camera-delay-ms=60', 'joint-delay-ms=10'].flatMap((age) => ['--imperfect', age]);

/** How long a process is stopped at most, and how long none is. */
const MAX_STOP_MS = 40;
const MAX_BETWEEN_MS = 10;

let folder = '';
let running: Program[] = [];

/** A command of the program, as a user starts it. */
class Program {
  readonly #process: ChildProcess;
  readonly ended: Promise<number | null>;
  readonly #readers: ((line: string) => void)[] = [];
  #isRunning = true;
  output = '';

  constructor(...args: string[]) {
    this.#process = spawn(process.execPath, [MAIN, ...args], {
      cwd: folder,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on('line', (line) => {
        this.output += `${line}\n`;
        for (const reader of this.#readers) reader(line);
      });
    }
    this.ended = new Promise((resolve) => this.#process.once('close', resolve));
    void this.ended.then(() => (this.#isRunning = false));
    running.push(this);
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /**
   * Until it ends, stops one of its processes after the other for some milliseconds: its messages wait, those of the others overtake them.
   *
   * @returns how often
   */
  async holdUp(rng: Rng): Promise<number> {
    const draw = new Float32Array(3);
    let stops = 0;
    while (this.#isRunning) {
      rng.uniforms(draw);
      const [which = 0, stopped = 0, between = 0] = draw;
      const started = startedBy(this.#process.pid ?? Number.NaN);
      const pid = started[Math.floor(which * started.length)];
      if (pid !== undefined && signal(pid, 'SIGSTOP')) {
        await delay(1 + stopped * MAX_STOP_MS);
        signal(pid, 'SIGCONT');
        stops++;
      }
      await delay(between * MAX_BETWEEN_MS);
    }
    return stops;
  }

  /** Resolves with the first line from now on that matches. */
  line(pattern: RegExp): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#readers.push((line) => {
        if (pattern.test(line)) resolve(line);
      });
      void this.ended.then(() => {
        reject(new Error(`it ended without a line like ${String(pattern)}:\n${this.output}`));
      });
    });
  }
}

/** Ids of the processes that a process has started, and of those that they have. */
function startedBy(pid: number): readonly number[] {
  try {
    const list = readFileSync(`/proc/${String(pid)}/task/${String(pid)}/children`, 'utf8');
    const children = list.split(' ').filter(Boolean).map(Number);
    return children.flatMap((child) => [child, ...startedBy(child)]);
  } catch {
    // It has ended.
    return [];
  }
}

/** @returns false for a process that has ended */
function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}

function write(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

function profile(name: string, parameters: string): string {
  return write(name, `/**:\n  ros__parameters:\n    ${parameters}\n`);
}

function evaluation(): Evaluation {
  return evaluationSchema.parse(JSON.parse(readFileSync(join(folder, 'result.json'), 'utf8')));
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'jepa-mpc-evaluate-'));
});

afterEach(async () => {
  for (const program of running) program.signal('SIGTERM');
  await Promise.all(running.map(({ ended }) => ended));
  running = [];
  rmSync(folder, { recursive: true });
});

describe('evaluate', () => {
  it('runs profiles over the same episodes: pairs, table, JSON and picture, and the same again', async () => {
    const still = profile('still.yaml', 'command.speed_scale: 0.0');
    const profiles = ['--profile', 'defaults', '--profile', still];
    const args = ['evaluate', ...profiles, '--episodes', '3', '--seed', '5', ...AGES];
    const first = new Program(...args, '--jobs', '2', '--json', 'result.json');
    expect(await first.ended, first.output).toBe(0);
    const found = evaluation();
    const [defaults, halted] = found.profiles;
    expect(defaults).toMatchObject({ name: 'defaults', limitViolations: 0, parameters: {} });
    expect(defaults?.successes).toBeGreaterThan(0);
    expect(halted).toMatchObject({
      name: 'still',
      successes: 0,
      parameters: { 'command.speed_scale': 0 },
      effort: { p50: 0 },
    });
    expect(found.comparisons).toMatchObject([
      { baseline: 'defaults', onlyBaselineSucceeds: defaults?.successes, onlyOtherSucceeds: 0, time: null },
    ]);
    expect(first.output).toMatch(/^defaults +\d\/3 /m);
    expect(first.output).toContain('McNemar');
    expect((await sharp(join(folder, 'result.png')).metadata()).width).toBe(1200);

    const again = new Program(...args, '--jobs', '1', '--json', 'result.json');
    expect(await again.ended, again.output).toBe(0);
    const episodes = ({ profiles }: Evaluation) => profiles.map((each) => each.episodes);
    expect(episodes(evaluation())).toEqual(episodes(found));
  });

  it.each([
    ['brand-new images', []],
    // About a control period late, with the next tick: how many periods are committed depends on the plans before.
    [
      'images of any age, with noise',
      ['camera-delay-ms=75', 'camera-jitter-ms=30', 'joint-delay-ms=15', 'noise=4'],
    ],
  ])(
    'gives the same episodes however many run at a time and whatever is held up, from %s',
    async (_, faults) => {
      const imperfect = faults.flatMap((fault) => ['--imperfect', fault]);
      const args = ['evaluate', '--episodes', '4', '--seed', '5', '--json', 'result.json', ...imperfect];
      const alone = new Program(...args, '--jobs', '1');
      expect(await alone.ended, alone.output).toBe(0);
      const found = evaluation().profiles[0];
      const heldUp = new Program(...args, '--jobs', '2');
      const stops = await heldUp.holdUp(createRng(7));
      expect(await heldUp.ended, heldUp.output).toBe(0);
      expect(stops).toBeGreaterThan(100);
      const again = evaluation().profiles[0];
      expect(again?.episodes).toEqual(found?.episodes);
      expect(again?.frameAgeMs).toEqual(found?.frameAgeMs);
    },
  );

  it('names a profile that is wrong before anything is started', async () => {
    const program = new Program('evaluate', '--profile', profile('a.yaml', 'sampling.sample: 3'));
    expect(await program.ended).toBe(2);
    expect(program.output).toContain('nearest name of this node: sampling.samples');
  });

  it('names what the node refuses, and ends its simulations', async () => {
    const wrong = profile('wrong.yaml', 'sampling: { samples: 20, elites: 200 }');
    const program = new Program('evaluate', '--profile', wrong, '--episodes', '1');
    expect(await program.ended).toBe(1);
    expect(program.output).toMatch(/a refusal by planner_node: .*elites/);
  });

  it('ends in order on SIGINT', async () => {
    const program = new Program('evaluate', '--episodes', '50', '--jobs', '1');
    await program.line(/^5\/50 episodes, .* left/);
    program.signal('SIGINT');
    expect(await program.ended).toBe(130);
  });
});

describe('sweep', () => {
  it('plots success and time against each value, and goes on with what is there', async () => {
    const space = write('space.yaml', 'sampling.samples: { choices: [20, 100] }\n');
    const args = ['sweep', '--space', space, '--episodes', '1', '--out', 'out'];
    const first = new Program(...args);
    expect(await first.ended, first.output).toBe(0);
    expect(first.output).toMatch(/^sampling\.samples 20: \d+ % /m);
    const plot = readFileSync(join(folder, 'out', 'sampling-samples.svg'), 'utf8');
    expect(plot).toContain('median time to goal [s]');

    write('space.yaml', 'sampling.samples: { choices: [20, 50, 100] }\n');
    const second = new Program(...args);
    expect(await second.ended, second.output).toBe(0);
    expect(second.output).toContain('sampling.samples 50:');
    expect(second.output).not.toContain('sampling.samples 20:');

    const other = new Program(...args, '--seed', '9');
    expect(await other.ended).toBe(2);
    expect(other.output).toContain('an earlier sweep with seed 1');
  });
});

describe('tune', () => {
  const tune = (...args: string[]): Program =>
    new Program(
      ...[
        'tune',
        '--space',
        write('space.yaml', QUICK_SPACE),
        '--profile',
        bad(),
        '--objective',
        'success,time',
      ],
      ...[
        '--episodes',
        '2',
        '--held-out',
        '2',
        '--seed',
        '7',
        '--beat-seconds',
        '1',
        '--out',
        'out',
        ...args,
      ],
    );
  const bad = (): string => profile('bad.yaml', 'sampling.samples: 20\n    rest.margin: 0.2');

  it('begins with the given profile, writes a profile and a report, and refuses another model', async () => {
    const search = tune('--trials', '3', '--jobs', '2');
    expect(await search.ended, search.output).toBe(0);
    expect(search.output.match(/^trial \d: success /gm)).toHaveLength(3);
    const best = readPlannerProfile(join(folder, 'out', 'best.yaml'));
    expect(best.dynamic).toMatchObject({ 'rest.margin': 0.2 });
    const report = readFileSync(join(folder, 'out', 'report.html'), 'utf8');
    expect(report).toContain('<h2>2 held-out episodes</h2>');
    const result = JSON.parse(readFileSync(join(folder, 'out', 'result.json'), 'utf8')) as {
      heldOut: { before: { parameters: object }; tuned: { episodes: unknown[] } };
    };
    expect(result.heldOut.before.parameters).toEqual({ 'sampling.samples': 20, 'rest.margin': 0.2 });
    expect(result.heldOut.tuned.episodes).toHaveLength(2);

    const model = join(folder, 'model');
    cpSync(MODEL, model, { recursive: true });
    const manifest = JSON.parse(readFileSync(join(model, 'manifest.json'), 'utf8')) as object;
    writeFileSync(join(model, 'manifest.json'), JSON.stringify({ ...manifest, name: 'another' }));
    const other = tune('--trials', '3', '--model', model);
    expect(await other.ended).toBe(2);
    expect(other.output).toContain('study tune: found trials with another model');
  });

  it('goes on in another process with the trial of one that was killed', async () => {
    const killed = tune('--trials', '3', '--jobs', '1', '--out', 'killed', '--storage', 'journal.log');
    await killed.line(/^trial 0: /);
    killed.signal('SIGKILL');
    await killed.ended;
    const next = tune('--trials', '3', '--jobs', '1', '--storage', 'journal.log');
    expect(await next.ended, next.output).toBe(0);
    expect(next.output).toContain('study tune has 1 of 3 trials');
    expect(next.output.match(/^trial \d: success /gm)).toHaveLength(2);
  });
});
