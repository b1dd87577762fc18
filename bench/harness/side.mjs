import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/**
 * One side of the comparison: a process that stays warm and answers JSON, one object a line. The requests are listed in
 * bench/reference/jepa_mpc_reference/serve.py; both sides know the same ones.
 */
export class Side {
  #child;
  #answers;
  #complaints = '';

  /**
   * @param {string} name for errors
   * @param {readonly string[]} command
   * @param {NodeJS.ProcessEnv} env
   */
  constructor(name, [program, ...args], env) {
    this.name = name;
    this.#child = spawn(program, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child.stderr.setEncoding('utf8').on('data', (text) => {
      this.#complaints = (this.#complaints + text).slice(-4000);
    });
    this.#child.stdin.on('error', () => undefined); // its exit says more, and is what #ask reports
    this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  get pid() {
    return this.#child.pid;
  }

  /**
   * Asks and waits.
   *
   * @param {string} op
   * @param {object} [fields]
   * @returns {Promise<any>} the answer's fields
   * @throws Error where the other side fails or has ended
   */
  async ask(op, fields = {}) {
    this.#child.stdin.write(`${JSON.stringify({ op, ...fields })}\n`);
    const { value, done } = await this.#answers.next();
    if (done) throw new Error(`${this.name} ended while it was asked to ${op}:\n${this.#complaints}`);
    const answer = JSON.parse(value);
    if (!answer.ok) throw new Error(`${this.name} cannot ${op}: ${answer.error}`);
    return answer;
  }

  /** Ends the process. */
  async close() {
    if (this.#child.exitCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.stdin.end();
    await ended;
  }
}
