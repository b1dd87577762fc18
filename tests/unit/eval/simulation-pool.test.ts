import { describe, expect, it } from 'vitest';
import { SimulationPool, startInFreeDomain } from '../../../eval/simulation/pool.js';
import type { EpisodePort } from '../../../eval/simulation/simulation.js';
import type { EpisodeRequest, EpisodeResult, ParameterValues } from '../../../eval/simulation/wire.js';
import { JepaMpcError } from '../../../src/core/errors.js';

function result(episode: number): EpisodeResult {
  return {
    episode,
    success: true,
    timeS: 1,
    finalDistanceM: 0,
    holdReason: '',
    effort: 0,
    jerk: 0,
    planMs: [],
    frameAgeMs: [],
    limitViolations: 0,
  };
}

/** Simulations whose episodes end when the test says so. */
class FakeSimulations {
  readonly started: ParameterValues[] = [];
  readonly pending: { readonly episode: number; readonly end: () => void; readonly die: () => void }[] = [];
  open = 0;
  mostAtOnce = 0;

  readonly start = (parameters: ParameterValues): Promise<EpisodePort> => {
    this.started.push(parameters);
    this.open += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.open);
    let running = true;
    const close = (): Promise<void> => {
      if (running) this.open -= 1;
      running = false;
      return Promise.resolve();
    };
    return Promise.resolve({
      get running() {
        return running;
      },
      close,
      run: ({ episode }: EpisodeRequest) =>
        new Promise<EpisodeResult>((resolve, reject) => {
          const die = (): void => {
            void close();
            reject(died());
          };
          this.pending.push({
            episode,
            end: () => {
              resolve(result(episode));
            },
            die,
          });
        }),
    });
  };

  async next(): Promise<(typeof this.pending)[number]> {
    for (;;) {
      const first = this.pending.shift();
      if (first !== undefined) return first;
      await new Promise(setImmediate);
    }
  }
}

function died(): JepaMpcError {
  return new JepaMpcError('demo.process-died', {
    subject: 'simulation',
    found: 'its end',
    expected: 'a result',
    remedy: '',
  });
}

const request = (episode: number): EpisodeRequest => ({ parameters: {}, seed: 1, episode });

describe('SimulationPool', () => {
  it('runs as many simulations as it has jobs, and keeps them for the next episodes', async () => {
    const simulations = new FakeSimulations();
    const pool = new SimulationPool(2, simulations.start);
    const all = Promise.all([0, 1, 2, 3].map((episode) => pool.use({}, (run) => run(request(episode)))));
    for (let done = 0; done < 4; done++) (await simulations.next()).end();
    expect((await all).map(({ episode }) => episode)).toEqual([0, 1, 2, 3]);
    expect(simulations.started).toHaveLength(2);
    await pool.close();
    expect(simulations.open).toBe(0);
  });

  it('replaces a simulation that dies and repeats its episode', async () => {
    const simulations = new FakeSimulations();
    const pool = new SimulationPool(1, simulations.start);
    const episode = pool.use({}, (run) => run(request(5)));
    (await simulations.next()).die();
    (await simulations.next()).end();
    expect((await episode).episode).toBe(5);
    expect(simulations.started).toHaveLength(2);
  });

  it('gives up an episode in which two simulations die, and goes on with others', async () => {
    const simulations = new FakeSimulations();
    const pool = new SimulationPool(1, simulations.start);
    const episode = expect(pool.use({}, (run) => run(request(5)))).rejects.toMatchObject({
      code: 'demo.process-died',
    });
    (await simulations.next()).die();
    (await simulations.next()).die();
    await episode;
    const other = pool.use({}, (run) => run(request(6)));
    (await simulations.next()).end();
    expect((await other).episode).toBe(6);
  });

  it('ends a simulation with other start parameters to make room', async () => {
    const simulations = new FakeSimulations();
    const pool = new SimulationPool(1, simulations.start);
    for (const start of [{ 'limits.velocity_scale': 0.5 }, {}]) {
      const episode = pool.use(start, (run) => run(request(0)));
      (await simulations.next()).end();
      await episode;
    }
    expect(simulations.started).toEqual([{ 'limits.velocity_scale': 0.5 }, {}]);
    expect(simulations.mostAtOnce).toBe(1);
  });

  it('fails what still runs or waits when it is closed', async () => {
    const simulations = new FakeSimulations();
    const pool = new SimulationPool(1, simulations.start);
    const failures = [0, 1].map((episode) =>
      expect(pool.use({}, (run) => run(request(episode)))).rejects.toMatchObject({
        code: 'demo.interrupted',
      }),
    );
    const running = await simulations.next();
    await pool.close();
    running.die();
    await Promise.all(failures);
    expect(simulations.open).toBe(0);
  });
});

describe('a simulation in a domain of its own', () => {
  const taken = new JepaMpcError('environment.domain-in-use', {
    subject: 'ROS domain 7',
    found: 'another demo',
    expected: 'a domain of its own',
    remedy: 'End it.',
  });

  /** Starts in domains 1, 2, …, of which other runs take these first. */
  async function startWhere(fails: (domain: number) => Error | null): Promise<number> {
    let domain = 0;
    return startInFreeDomain(
      () => Promise.resolve((domain += 1)),
      (found) => {
        const failure = fails(found);
        return failure === null ? Promise.resolve(found) : Promise.reject(failure);
      },
    );
  }

  it('starts in another one where another run was faster', async () => {
    expect(await startWhere(() => null)).toBe(1);
    expect(await startWhere((domain) => (domain < 3 ? taken : null))).toBe(3);
  });

  it('says so when every one is taken, and tries once where something else is wrong', async () => {
    await expect(startWhere(() => taken)).rejects.toBe(taken);
    const other = died();
    await expect(startWhere((domain) => (domain === 1 ? other : null))).rejects.toBe(other);
  });
});
