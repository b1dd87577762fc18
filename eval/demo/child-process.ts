import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { JepaMpcError } from '../../src/core/errors.js';

const LAST_LINES = 12;
const SIGINT_GRACE_MS = 3000;
const SIGTERM_GRACE_MS = 2000;
const DRAIN_MS = 300;

export interface ChildOptions {
  /** Shown in errors and in front of its output lines. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** Called with each line that the process prints. */
  readonly onLine: (line: string) => void;
}

/**
 * A program that the demo starts, in a process group of its own. A Ctrl-C in the terminal therefore reaches the demo only, which then stops
 * its children in order, together with everything they started.
 */
export class ManagedChild {
  readonly name: string;
  /** Resolves when the process has ended, with its exit status or signal in words. Never rejects. */
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
        const outcome = signal === null ? `exit status ${String(status)}` : `ended by ${signal}`;
        // The last lines of output, which the error shows, may arrive after the exit. A process that inherited the pipe may keep it open: wait only so long.
        const drained = setTimeout(() => {
          resolve(outcome);
        }, DRAIN_MS);
        this.#process.once('close', () => {
          clearTimeout(drained);
          resolve(outcome);
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

  /** The last lines that it printed on stderr, for an error. */
  get stderrTail(): string {
    const lines = this.#lastErrorLines.map((line) => `\n  ${line}`).join('');
    return lines === '' ? 'It printed nothing on stderr.' : `Its last lines of stderr:${lines}\n`;
  }

  /** The error for a process that ended without being asked to. */
  async exitError(): Promise<JepaMpcError> {
    const found = await this.ended;
    return new JepaMpcError('demo.process-died', {
      subject: this.name,
      found,
      expected: 'a process that runs until the demo ends it',
      remedy: this.stderrTail,
    });
  }

  /** Ends the process group: SIGINT, SIGTERM after 3 s, SIGKILL after 2 s more. No process of the group is left afterwards. */
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
      // ESRCH: the group has already ended.
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
