import { Presets, SingleBar } from 'cli-progress';

/** Without a terminal a line is printed after each of these parts of the work. */
const PRINTED_PARTS = 10;

/** Progress of a long run with the time left: a bar on a terminal, else a line now and then. */
export class Progress {
  readonly #output: NodeJS.WriteStream;
  readonly #nowMs: () => number;
  readonly #bar: SingleBar | null;
  #unit = '';
  #total = 0;
  #done = 0;
  /** What was done before this run: it says nothing of the pace. */
  #before = 0;
  #startMs = 0;
  #printed = 0;

  constructor(output: NodeJS.WriteStream, nowMs: () => number = () => performance.now()) {
    this.#output = output;
    this.#nowMs = nowMs;
    this.#bar = output.isTTY
      ? new SingleBar(
          {
            stream: output,
            format: ' {bar} {value}/{total} {unit}, {left}',
            clearOnComplete: true,
            hideCursor: true,
            // InterruptWatch handles the signals.
            gracefulExit: false,
          },
          Presets.shades_classic,
        )
      : null;
  }

  /** @param unit what is counted, such as "episodes" */
  begin(total: number, unit: string, done = 0): void {
    this.#unit = unit;
    this.#total = total;
    this.#done = done;
    this.#before = done;
    this.#printed = 0;
    this.#startMs = this.#nowMs();
    this.#bar?.start(total, done, { unit, left: '' });
  }

  /** Counts work that is done. Work that turns out not to be needed counts, too. */
  advance(count = 1): void {
    const before = this.#done;
    this.#done = Math.min(this.#total, before + count);
    const [done, total] = [this.#done - this.#before, this.#total - this.#before];
    const left = timeLeft(this.#nowMs() - this.#startMs, done, total);
    if (this.#bar !== null) {
      this.#bar.update(this.#done, { unit: this.#unit, left });
      return;
    }
    const part = Math.floor((this.#done / this.#total) * PRINTED_PARTS);
    if (part === this.#printed) return;
    this.#printed = part;
    this.#output.write(`${this.#done}/${this.#total} ${this.#unit}, ${left}\n`);
  }

  /** Prints one line, above the bar. */
  line(text: string): void {
    const bar = this.#bar?.isActive === true ? this.#bar : null;
    bar?.stop();
    this.#output.write(`${text}\n`);
    bar?.start(this.#total, this.#done, { unit: this.#unit, left: '' });
  }

  /** Removes the bar. */
  end(): void {
    this.#bar?.stop();
  }
}

/** The time left in words, from the mean pace so far. */
export function timeLeft(elapsedMs: number, done: number, total: number): string {
  if (done === 0) return 'time left unknown';
  const seconds = Math.round(((elapsedMs / done) * (total - done)) / 1000);
  if (seconds < 60) return `${seconds} s left`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min left` : `${Math.floor(minutes / 60)} h ${minutes % 60} min left`;
}
