import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { JepaMpcError } from '../../src/core/errors.js';
import { PACKAGE_ROOT } from '../demo/package-root.js';
import type { Space } from './space.js';

/** Python with what eval/tuning/requirements.txt names; the set-up makes it. */
export const TUNING_PYTHON = 'JEPA_MPC_TUNING_PYTHON';

const LAST_LINES = 12;

const scalar = z.union([z.string(), z.number(), z.boolean()]);
const parameters = z.record(z.string(), scalar).readonly();

const asked = z.strictObject({
  trial: z.int().nullable(),
  parameters,
  wait: z.boolean(),
  finished: z.int(),
});
const finished = z.strictObject({ finished: z.int() });
const stop = z.strictObject({ stop: z.boolean() });
const counted = z.strictObject({ counted: z.boolean() });
const studyTrial = z.strictObject({ number: z.int(), parameters, values: z.array(z.number()).readonly() });
const front = z.strictObject({ trials: z.array(studyTrial).readonly() });
const nothing = z.strictObject({});
const answer = z.union([
  z.strictObject({ answer: z.unknown() }),
  z.strictObject({
    error: z.strictObject({
      subject: z.string(),
      found: z.string(),
      expected: z.string(),
      remedy: z.string(),
    }),
  }),
]);

/** A trial to run, or why there is none: `wait` while other processes run the last ones. */
export type Asked = z.infer<typeof asked>;
export type StudyTrial = z.infer<typeof studyTrial>;

/** What a study is opened with. */
export interface StudyOptions {
  /** A journal file, or the URL of a database. */
  readonly storage: string;
  readonly study: string;
  readonly objectives: readonly { readonly name: string; readonly maximize: boolean }[];
  readonly space: Space;
  /** What all trials of the study have in common; a study made with something else is refused. */
  readonly setting: Readonly<Record<string, unknown>>;
  /** Trials of the study, over all its processes. */
  readonly trials: number;
  /** Episodes of a trial. */
  readonly episodes: number;
  readonly seed: number;
  /** Period in which this process shows that its trials still run [s]. */
  readonly beatS: number;
  /** Parameters of the first trial; null: the sampler chooses it. */
  readonly start: Readonly<Record<string, unknown>> | null;
}

/** One episode of a trial: its value of each objective. */
export interface EpisodeReport {
  readonly episode: number;
  readonly success: boolean;
  readonly values: readonly number[];
}

export interface ReportTable {
  readonly title: string;
  /** The first is the head. */
  readonly rows: readonly (readonly string[])[];
}

/** An Optuna study, kept by a Python process (eval/tuning) that ends with this one. Requests are answered in their order. */
export class Study {
  readonly #process: ChildProcess;
  readonly #lastLines: string[] = [];
  readonly #waiting: ((line: string | null) => void)[] = [];
  readonly #ended: Promise<void>;
  #running = true;

  private constructor(python: string) {
    this.#process = spawn(python, ['-m', 'jepa_mpc_tuning'], {
      // A Ctrl-C in the terminal reaches the run alone.
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      // Not the modules of ROS, which belong to another Python.
      env: { ...process.env, PYTHONPATH: join(PACKAGE_ROOT, 'eval', 'tuning'), PYTHONNOUSERSITE: '1' },
    });
    const { stdin, stdout, stderr } = this.#process;
    stdin?.on('error', () => undefined);
    if (stdout !== null) {
      createInterface({ input: stdout }).on('line', (line) => {
        this.#waiting.shift()?.(line);
      });
    }
    if (stderr !== null) {
      createInterface({ input: stderr }).on('line', (line) => {
        this.#lastLines.push(line);
        if (this.#lastLines.length > LAST_LINES) this.#lastLines.shift();
      });
    }
    this.#ended = new Promise((resolve) => {
      const end = (): void => {
        this.#running = false;
        for (const settle of this.#waiting.splice(0)) settle(null);
        resolve();
      };
      this.#process.once('error', end);
      this.#process.once('close', end);
    });
  }

  /**
   * Opens a study, or makes it.
   *
   * @throws JepaMpcError `environment.missing` without the Python; `tune.study` for a study that was made with something else, or a storage
   *   that cannot be opened
   */
  static async open(options: StudyOptions): Promise<{ study: Study; finished: number }> {
    const study = new Study(tuningPython());
    try {
      const answered = await study.#ask(finished, {
        op: 'open',
        ...options,
        space: Object.fromEntries(options.space),
      });
      return { study, finished: answered.finished };
    } catch (error) {
      await study.close();
      throw error;
    }
  }

  ask(): Promise<Asked> {
    return this.#ask(asked, { op: 'ask' });
  }

  /** Whether the rest of the trial is not worth its time. */
  async report(trial: number, episodes: readonly EpisodeReport[]): Promise<boolean> {
    return (await this.#ask(stop, { op: 'report', trial, episodes })).stop;
  }

  /**
   * Finishes a trial with its values.
   *
   * @returns false if another process took this one for dead and repeats the trial
   */
  async tell(
    trial: number,
    result: {
      readonly values: readonly number[];
      readonly episodes: number;
      readonly stopped: boolean;
      readonly facts: Readonly<Record<string, unknown>>;
    },
  ): Promise<boolean> {
    return (await this.#ask(counted, { op: 'tell', trial, ...result })).counted;
  }

  /** Finishes a trial that could not be run. */
  async fail(trial: number, reason: string): Promise<boolean> {
    return (await this.#ask(counted, { op: 'fail', trial, reason })).counted;
  }

  /** The trials with all episodes that no other beats in every objective, best first. */
  async front(): Promise<readonly StudyTrial[]> {
    return (await this.#ask(front, { op: 'front' })).trials;
  }

  /** Writes the report, one HTML file. */
  async writeReport(
    file: string,
    title: string,
    tables: readonly ReportTable[],
    storage: string,
  ): Promise<void> {
    await this.#ask(nothing, { op: 'write_report', file, title, tables, storage });
  }

  async close(): Promise<void> {
    this.#process.stdin?.end();
    await this.#ended;
  }

  async #ask<Result>(schema: z.ZodType<Result>, request: object): Promise<Result> {
    const line = await new Promise<string | null>((resolve) => {
      if (!this.#running) {
        resolve(null);
        return;
      }
      this.#waiting.push(resolve);
      this.#process.stdin?.write(`${JSON.stringify(request)}\n`);
    });
    if (line === null) {
      throw new JepaMpcError('demo.process-died', {
        subject: 'process of the study',
        found: 'its end',
        expected: 'an answer',
        remedy: `It printed:${this.#lastLines.map((text) => `\n  ${text}`).join('')}\n`,
      });
    }
    const parsed = answer.parse(JSON.parse(line));
    if ('error' in parsed) throw new JepaMpcError('tune.study', parsed.error);
    return schema.parse(parsed.answer);
  }
}

/** @throws JepaMpcError `environment.missing` */
function tuningPython(): string {
  const named = process.env[TUNING_PYTHON];
  if (named !== undefined && existsSync(named)) return named;
  throw new JepaMpcError('environment.missing', {
    subject: `environment variable ${TUNING_PYTHON}`,
    found: named ?? 'nothing',
    expected: 'a Python with Optuna',
    remedy:
      'Run npx jepa-mpc tune in a checkout, which makes one, or name one that has what eval/tuning/requirements.txt lists.',
  });
}
