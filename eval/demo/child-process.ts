import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { JepaMpcError } from '../../src/core/errors.js';

const LAST_LINES = 12;
const SIGINT_GRACE_MS = 3000;
const SIGTERM_GRACE_MS = 2000;
const DRAIN_MS = 300;

export interface ChildOptions {
  /** Name for people, in errors and before its lines. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** Told of each line that the process prints. */
  readonly onLine: (line: string) => void;
}

/**
 * A program started by the demo, in a process group of its own: a Ctrl-C in the terminal reaches the demo alone, which then ends its
 * children in order, with everything they started.
 */
export class ManagedChild {
  readonly name: string;
  /** Resolves when the process has ended, with how (exit status or signal). Never rejects. */
  readonly ended: Promise<string>;
  readonly #process: ChildProcess;
  readonly #lastErrorLines: string[] = [];
  #running = true;

  private constructor(options: ChildOptions) {
    this.name = options.name;
    this.#process = spawn(options.command, options.args, {
      cwd: options.cwd,
      env: options.env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#listen(options.onLine);
    this.ended = new Promise((resolve) => {
      this.#process.once('error', (cause) => {
        this.#running = false;
        resolve(`not started: ${cause.message}`);
      });
      this.#process.once('exit', (status, signal) => {
        this.#running = false;
        const how = signal === null ? `exit status ${String(status)}` : `ended by ${signal}`;
        // The last lines of output, which the error is to show, come after the exit; but whoever inherited the pipe may keep it open.
        const drained = setTimeout(() => {
          resolve(how);
        }, DRAIN_MS);
        this.#process.once('close', () => {
          clearTimeout(drained);
          resolve(how);
        });
      });
    });
  }

  static start(options: ChildOptions): ManagedChild {
    return new ManagedChild(options);
  }

  get running(): boolean {
    return this.#running;
  }

  /** What it printed last on stderr, for an error. */
  get lastWords(): string {
    const lines = this.#lastErrorLines.map((line) => `\n  ${line}`).join('');
    return lines === '' ? 'It printed nothing on stderr.' : `Its last lines of stderr:${lines}\n`;
  }

  /** The error for a process that ended though nobody asked it to. */
  async death(): Promise<JepaMpcError> {
    const found = await this.ended;
    return new JepaMpcError('demo.process-died', {
      subject: this.name,
      found,
      expected: 'a process that runs until the demo ends it',
      remedy: this.lastWords,
    });
  }

  /** Ends the process group: SIGINT, after 3 s SIGTERM, after 2 s more SIGKILL. Nothing of the group is left afterwards. */
  async stop(): Promise<void> {
    const steps = [
      ['SIGINT', SIGINT_GRACE_MS],
      ['SIGTERM', SIGTERM_GRACE_MS],
    ] as const;
    for (const [signal, graceMs] of steps) {
      if (!this.#running) break;
      this.#signalGroup(signal);
      const waiting = new AbortController();
      await Promise.race([
        this.ended,
        delay(graceMs, undefined, { signal: waiting.signal }).catch(() => undefined),
      ]);
      waiting.abort();
    }
    this.#signalGroup('SIGKILL');
    await this.ended;
  }

  #signalGroup(signal: NodeJS.Signals): void {
    if (this.#process.pid === undefined) return;
    try {
      process.kill(-this.#process.pid, signal);
    } catch (error) {
      // ESRCH: the group has ended by itself, which is what is wanted.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }

  #listen(onLine: (line: string) => void): void {
    const { stdout, stderr } = this.#process;
    if (stdout !== null) createInterface({ input: stdout }).on('line', onLine);
    if (stderr === null) return;
    createInterface({ input: stderr }).on('line', (line) => {
      this.#lastErrorLines.push(line);
      if (this.#lastErrorLines.length > LAST_LINES) this.#lastErrorLines.shift();
      onLine(line);
    });
  }
}
