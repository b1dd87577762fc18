import { describe, expect, it } from 'vitest';
import type { Answer, Request } from '../../../../src/dashboard/ui/connection/link.js';
import { Actions } from '../../../../src/dashboard/ui/state/actions.js';

const OK: Answer = { ok: true, message: '', refusal: null, data: undefined };
const refused = (message: string, parameter: string | null = null): Answer => ({
  ok: false,
  message: '',
  refusal: { message, parameter, place: null },
  data: undefined,
});

/** Actions whose requests the test answers, one after the other. */
class Bench {
  readonly requests: Request[] = [];
  readonly #waiting: ((answer: Answer) => void)[] = [];
  readonly timers: (() => void)[] = [];
  readonly actions = new Actions({
    request: (request) => {
      this.requests.push(request);
      return new Promise((resolve) => this.#waiting.push(resolve));
    },
    after: (_, then) => {
      this.timers.push(then);
      return () => undefined;
    },
  });

  /** Lets everything happen that does not wait for an answer. */
  settle(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }

  async answer(answer: Answer): Promise<void> {
    await this.settle();
    this.#waiting.shift()?.(answer);
    await this.settle();
  }

  get notices(): string[] {
    return this.actions.notices.value.map(({ text }) => text);
  }
}

describe('setting a parameter', () => {
  it('sends the newest value of many, one at a time', async () => {
    const bench = new Bench();
    for (const value of [1, 2, 3, 4]) void bench.actions.set('rest.margin', value);
    void bench.actions.set('planner', 'mppi');
    await bench.settle();
    await bench.answer(OK);
    await bench.answer(OK);
    expect(bench.requests).toHaveLength(2);
    for (const then of bench.timers.splice(0)) then();
    await bench.answer(OK);
    expect(bench.requests).toEqual([
      { type: 'set_parameters', values: { 'rest.margin': 1 } },
      { type: 'set_parameters', values: { planner: 'mppi' } },
      { type: 'set_parameters', values: { 'rest.margin': 4 } },
    ]);
    await bench.answer(OK);
    void bench.actions.set('rest.margin', 5);
    await bench.settle();
    expect(bench.requests).toHaveLength(4);
  });

  it('keeps the reason of a refusal at the parameter until a value is taken', async () => {
    const bench = new Bench();
    void bench.actions.set('sampling.elites', 500);
    await bench.answer(refused('more elites than samples', 'sampling.elites'));
    expect(bench.actions.refusal('sampling.elites').value?.message).toBe('more elites than samples');
    expect(bench.actions.announcement.value).toBe('more elites than samples');
    expect(bench.notices).toEqual([]);
    void bench.actions.set('sampling.elites', 5);
    await bench.answer(OK);
    expect(bench.actions.refusal('sampling.elites').value).toBeNull();
  });

  it('of several together says at which one it was refused', async () => {
    const bench = new Bench();
    const outcome = bench.actions.setAll({ 'sampling.samples': 10, 'sampling.elites': 20 }, 'Set.');
    await bench.answer(refused('more elites than samples', 'sampling.elites'));
    expect(await outcome).toBe(false);
    expect(bench.actions.refusal('sampling.elites').value?.message).toBe('more elites than samples');
    expect(bench.actions.refusal('sampling.samples').value).toBeNull();
  });
});

describe('a request', () => {
  it('says what was done, and takes that away after a while', async () => {
    const bench = new Bench();
    const done = bench.actions.call({ service: 'capture_goal' }, 'Captured.');
    await bench.answer(OK);
    expect(await done).toBe(true);
    expect(bench.notices).toEqual(['Captured.']);
    for (const then of bench.timers) then();
    expect(bench.notices).toEqual([]);
  });

  it('that is refused says why until somebody has read it, once', async () => {
    const bench = new Bench();
    for (let attempt = 0; attempt < 3; attempt++) {
      void bench.actions.call({ service: 'capture_goal' }, 'Captured.');
      await bench.answer(refused('camera: found no frame yet'));
    }
    for (const then of bench.timers) then();
    expect(bench.notices).toEqual(['camera: found no frame yet']);
    bench.actions.dismiss(bench.actions.notices.value[0]?.key ?? -1);
    expect(bench.notices).toEqual([]);
  });

  it('gives its data, and nothing where it is refused', async () => {
    const bench = new Bench();
    const names = bench.actions.data({ type: 'list_profiles' });
    await bench.answer({ ...OK, data: { names: ['a'] } });
    expect(await names).toEqual({ names: ['a'] });
    const none = bench.actions.data({ type: 'read_profile', name: 'b' });
    await bench.answer(refused('there is no profile b'));
    expect(await none).toBeUndefined();
  });
});

describe('a request whose refusal is shown at its own place', () => {
  it('gives the reason, reads it out, and shows no message', async () => {
    const bench = new Bench();
    const attempt = bench.actions.attempt({ type: 'list_recordings' });
    await bench.answer(refused('no such folder'));
    expect(await attempt).toEqual({ refusal: 'no such folder', data: undefined });
    expect(bench.actions.announcement.value).toBe('no such folder');
    const again = bench.actions.attempt({ type: 'list_recordings' });
    await bench.answer({ ...OK, data: { recordings: [] } });
    expect(await again).toEqual({ refusal: '', data: { recordings: [] } });
    expect([bench.actions.announcement.value, bench.notices]).toEqual(['', []]);
  });
});
