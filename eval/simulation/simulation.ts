import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { JepaMpcError } from '../../src/core/errors.js';
import { answerSchema, type Answer, type EpisodeRequest, type EpisodeResult } from './wire.js';
import type { SimulationSetting } from './wire.js';

const MAIN = fileURLToPath(new URL('../main.js', import.meta.url));
const LAST_LINES = 12;
/** Allowed for a simulation to end its own processes. */
const CLOSE_MS = 15_000;

/** Runs episodes, one at a time. */
export interface EpisodePort {
  /**
   * @throws JepaMpcError `params.invalid` when the planner node refuses the parameters, and the simulation goes on; `demo.process-died`
   * otherwise, and it has ended
   */
  run(request: EpisodeRequest): Promise<EpisodeResult>;
  /** Whether it can run another episode. */
  readonly running: boolean;
  /** Ends it with all its processes. */
  close(): Promise<void>;
}

/** A simulator and a planner node, with the process that drives them, in a ROS domain of their own. */
export class Simulation implements EpisodePort {
  readonly #domain: number;
  readonly #process: ChildProcess;
  readonly #lastLines: string[] = [];
  readonly #ended: Promise<void>;
  #waiting: ((answer: Answer | null) => void) | null = null;
  #running = true;

  private constructor(domain: number, verbose: boolean) {
    this.#domain = domain;
    this.#process = spawn(process.execPath, [MAIN, 'simulate'], {
      // A Ctrl-C in the terminal reaches the run alone, which ends its simulations in order.
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ROS_DOMAIN_ID: String(domain) },
    });
    const { stdin, stdout, stderr } = this.#process;
    // It may end while a request is written.
    stdin?.on('error', () => undefined);
    if (stdout !== null) {
      createInterface({ input: stdout }).on('line', (line) => {
        this.#receive(line);
      });
    }
    if (stderr !== null) {
      createInterface({ input: stderr }).on('line', (line) => {
        this.#keep(line);
        if (verbose) process.stderr.write(`[domain ${domain}] ${line}\n`);
      });
    }
    this.#ended = new Promise((resolve) => {
      const end = (): void => {
        this.#running = false;
        this.#settle(null);
        resolve();
      };
      this.#process.once('error', (error) => {
        this.#keep(error.message);
        end();
      });
      this.#process.once('close', end);
    });
  }

  /**
   * Starts a simulation and waits until it is ready.
   *
   * @throws JepaMpcError `environment.domain-in-use` where another run has taken the domain; `demo.process-died`
   */
  static async start(setting: SimulationSetting, domain: number): Promise<Simulation> {
    const simulation = new Simulation(domain, setting.verbose);
    await simulation.#ask(setting);
    return simulation;
  }

  get running(): boolean {
    return this.#running;
  }

  async run(request: EpisodeRequest): Promise<EpisodeResult> {
    const answer = await this.#ask(request);
    if (!('result' in answer)) throw this.#died('another answer than a result');
    return answer.result;
  }

  async close(): Promise<void> {
    this.#process.stdin?.end();
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), CLOSE_MS);
    await this.#ended;
    clearTimeout(timer);
  }

  async #ask(request: SimulationSetting | EpisodeRequest): Promise<Exclude<Answer, { error: unknown }>> {
    const answer = await new Promise<Answer | null>((resolve) => {
      if (!this.#running) {
        resolve(null);
        return;
      }
      this.#waiting = resolve;
      this.#process.stdin?.write(`${JSON.stringify(request)}\n`);
    });
    if (answer === null) throw this.#died('its end');
    if (!('error' in answer)) return answer;
    if (answer.error.code === 'params.invalid') {
      throw new JepaMpcError('params.invalid', {
        subject: 'parameters of a simulation',
        found: answer.error.message,
        expected: 'values that the planner node accepts',
        remedy: 'Correct the profile, or the ranges of the space.',
      });
    }
    await this.close();
    if (answer.error.code === 'environment.domain-in-use') throw domainTaken(this.#domain);
    throw this.#died(answer.error.message);
  }

  #receive(line: string): void {
    const answer = answerSchema.safeParse(parseJson(line));
    if (answer.success) this.#settle(answer.data);
    else this.#keep(line);
  }

  #settle(answer: Answer | null): void {
    const settle = this.#waiting;
    this.#waiting = null;
    settle?.(answer);
  }

  #keep(line: string): void {
    this.#lastLines.push(line);
    if (this.#lastLines.length > LAST_LINES) this.#lastLines.shift();
  }

  #died(found: string): JepaMpcError {
    const tail = this.#lastLines.map((line) => `\n  ${line}`).join('');
    return new JepaMpcError('demo.process-died', {
      subject: 'simulation',
      found,
      expected: 'the result of an episode',
      remedy: tail === '' ? 'Run again with --verbose.' : `It printed:${tail}\n`,
    });
  }
}

function domainTaken(domain: number): JepaMpcError {
  return new JepaMpcError('environment.domain-in-use', {
    subject: `ROS domain ${domain}`,
    found: 'another simulator or planner node in it',
    expected: 'a domain of its own for each simulation',
    remedy: 'End other ROS programs, or run fewer simulations at a time with --jobs.',
  });
}

/** The value of a line of JSON; undefined for another line. */
function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
