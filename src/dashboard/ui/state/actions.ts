import { signal, type ReadonlySignal, type Signal } from '@preact/signals';

import type { Call, ParameterValue, Refusal, Transition } from '../../protocol.js';
import type { Answer, Request } from '../connection/link.js';
import { NewestWins } from './newest-wins.js';

/** A short message about something that a person did. */
export interface Notice {
  readonly key: number;
  readonly tone: 'ok' | 'bad';
  readonly text: string;
}

export interface ActionsOptions {
  readonly request: (request: Request) => Promise<Answer>;
  readonly after: (ms: number, then: () => void) => () => void;
}

const KEPT_NOTICES = 3;
/** A slider gives a value with each frame of the screen; some make the node compile something. */
const SPACING_MS = 120;
/** Good news goes by itself; a refusal stays until somebody has read it. */
const OK_SHOWN_MS = 6000;

/** What a person does on the page, and what came of it. */
export class Actions {
  readonly notices = signal<readonly Notice[]>([]);
  /** What is shown at its place already, for screen readers. */
  readonly announcement = signal('');
  readonly #options: ActionsOptions;
  readonly #refusals = new Map<string, Signal<Refusal | null>>();
  readonly #newest: NewestWins<boolean>;
  #key = 0;

  constructor(options: ActionsOptions) {
    this.#options = options;
    this.#newest = new NewestWins({ after: options.after, spacingMs: SPACING_MS });
  }

  /** Why the last value for a parameter was refused; null: it was not. */
  refusal(name: string): ReadonlySignal<Refusal | null> {
    return this.#refusalOf(name);
  }

  clearRefusal(name: string): void {
    this.#refusalOf(name).value = null;
  }

  /**
   * Sets one parameter from its own control, which shows a refusal. While a set is under way, only the newest value waits.
   *
   * @returns whether the last one was taken
   */
  async set(name: string, value: ParameterValue): Promise<boolean> {
    const isTaken = await this.#newest.run(name, async () => {
      const answer = await this.#options.request({ type: 'set_parameters', values: { [name]: value } });
      this.#refusalOf(name).value = answer.ok ? null : reasonOf(answer, name);
      return answer.ok;
    });
    const refusal = this.#refusalOf(name).peek();
    this.announcement.value = refusal === null ? '' : refusal.message;
    return isTaken;
  }

  /** Sets several parameters together, all or none. */
  async setAll(values: Readonly<Record<string, ParameterValue>>, done: string): Promise<boolean> {
    const answer = await this.#options.request({ type: 'set_parameters', values: { ...values } });
    for (const name of Object.keys(values)) this.#refusalOf(name).value = null;
    if (answer.refusal?.parameter) this.#refusalOf(answer.refusal.parameter).value = answer.refusal;
    return this.#report(answer, done);
  }

  call(call: Call, done: string): Promise<boolean> {
    return this.ask({ type: 'call', call }, done);
  }

  transition(transition: Transition, done: string): Promise<boolean> {
    return this.ask({ type: 'lifecycle', transition }, done);
  }

  setSpeedScale(value: number): Promise<boolean> {
    return this.#newest.run('speed scale', () => this.ask({ type: 'speed_scale', value }, ''));
  }

  /** Shows a warning until somebody has read it. */
  warn(text: string): void {
    this.#say('bad', text);
  }

  /** A request whose answer is used; a refusal is shown. */
  async data(request: Request, done = ''): Promise<unknown> {
    const answer = await this.#options.request(request);
    return this.#report(answer, done) ? answer.data : undefined;
  }

  /** A request whose refusal, empty if there is none, is shown at its own place. */
  async attempt(request: Request): Promise<{ readonly refusal: string; readonly data: unknown }> {
    const answer = await this.#options.request(request);
    const refusal = answer.ok ? '' : reasonOf(answer, null).message;
    this.announcement.value = refusal;
    return { refusal, data: answer.data };
  }

  dismiss(key: number): void {
    this.notices.value = this.notices.value.filter((notice) => notice.key !== key);
  }

  /**
   * A request of which only the outcome matters.
   *
   * @param done what is said where it is done; empty: nothing
   */
  async ask(request: Request, done: string): Promise<boolean> {
    return this.#report(await this.#options.request(request), done);
  }

  #report(answer: Answer, done: string): boolean {
    if (!answer.ok) this.warn(reasonOf(answer, null).message);
    else if (done !== '') this.#say('ok', done);
    return answer.ok;
  }

  #say(tone: Notice['tone'], text: string): void {
    const key = this.#key++;
    // The same thing again moves to the front instead of filling the list.
    const others = this.notices.value.filter((notice) => notice.text !== text);
    this.notices.value = [...others, { key, tone, text }].slice(-KEPT_NOTICES);
    if (tone === 'ok') {
      this.#options.after(OK_SHOWN_MS, () => {
        this.dismiss(key);
      });
    }
  }

  #refusalOf(name: string): Signal<Refusal | null> {
    const known = this.#refusals.get(name);
    if (known !== undefined) return known;
    const made = signal<Refusal | null>(null);
    this.#refusals.set(name, made);
    return made;
  }
}

function reasonOf({ refusal, message }: Answer, parameter: string | null): Refusal {
  return (
    refusal ?? { message: message === '' ? 'refused without a reason' : message, parameter, place: null }
  );
}
