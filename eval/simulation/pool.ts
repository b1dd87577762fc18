import { JepaMpcError } from '../../src/core/errors.js';
import { findFreeDomain } from './free-domain.js';
import { Simulation, type EpisodePort } from './simulation.js';
import type { EpisodeRequest, EpisodeResult, ParameterValues, SimulationSetting } from './wire.js';

/** Starts a simulation with these start parameters. */
export type StartSimulation = (startParameters: ParameterValues) => Promise<EpisodePort>;

/** How often another run may be faster to take a domain. */
const START_ATTEMPTS = 5;

interface Idle {
  readonly key: string;
  readonly port: EpisodePort;
}

/**
 * Simulations that run at the same time. They stay up between episodes. One that dies is replaced, and its episode repeated once; one with
 * other start parameters than the next user needs makes room for another.
 */
export class SimulationPool {
  readonly #start: StartSimulation;
  readonly #idle: Idle[] = [];
  readonly #waiting: (() => void)[] = [];
  readonly #open = new Set<EpisodePort>();
  #free: number;
  #isClosed = false;

  /** @param jobs number of simulations at a time, at least 1 */
  constructor(jobs: number, start: StartSimulation) {
    this.#free = jobs;
    this.#start = start;
  }

  /** Runs a task with a simulation of its own, as soon as one is free. */
  async use<Result>(
    startParameters: ParameterValues,
    task: (run: (request: EpisodeRequest) => Promise<EpisodeResult>) => Promise<Result>,
  ): Promise<Result> {
    await this.#acquire();
    const key = JSON.stringify(startParameters);
    let port: EpisodePort | null = null;
    const portFor = async (): Promise<EpisodePort> => {
      if (this.#isClosed) throw closed();
      port = await this.#take(key, startParameters);
      return port;
    };
    try {
      return await task(async (request) => {
        const first = port ?? (await portFor());
        try {
          return await first.run(request);
        } catch (error) {
          if (this.#isClosed) throw closed();
          if (first.running) throw error;
          await this.#discard(first);
          return await (await portFor()).run(request);
        }
      });
    } finally {
      await this.#giveBack(key, port);
    }
  }

  /** Ends all simulations; the tasks that still use one fail. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#open].map((port) => this.#discard(port)));
  }

  async #acquire(): Promise<void> {
    if (this.#free > 0) {
      this.#free -= 1;
      return;
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  async #take(key: string, startParameters: ParameterValues): Promise<EpisodePort> {
    const index = this.#idle.findIndex((idle) => idle.key === key);
    const [fitting] = index < 0 ? [] : this.#idle.splice(index, 1);
    if (fitting !== undefined) return fitting.port;
    const other = this.#idle.shift();
    if (other !== undefined) await this.#discard(other.port);
    const port = await this.#start(startParameters);
    this.#open.add(port);
    if (!this.#isClosed) return port;
    await this.#discard(port);
    throw closed();
  }

  async #giveBack(key: string, port: EpisodePort | null): Promise<void> {
    if (port !== null) {
      if (port.running && !this.#isClosed) this.#idle.push({ key, port });
      else await this.#discard(port);
    }
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next();
  }

  async #discard(port: EpisodePort): Promise<void> {
    this.#open.delete(port);
    await port.close();
  }
}

/** A pool of real simulations, each in a ROS domain of its own. */
export function simulationPool(
  jobs: number,
  setting: Omit<SimulationSetting, 'startParameters'>,
): SimulationPool {
  const taken = new Set<number>();
  const own = Number(process.env['ROS_DOMAIN_ID'] ?? 0);
  return new SimulationPool(jobs, (startParameters) =>
    startInFreeDomain(
      () => findFreeDomain(own, taken),
      async (domain) => {
        try {
          return await Simulation.start({ ...setting, startParameters }, domain);
        } finally {
          // From here on the simulation itself holds the domain, or none does.
          taken.delete(domain);
        }
      },
    ),
  );
}

/**
 * Starts something in a ROS domain of its own. Another run may take the domain after it was found free: then it starts in another one.
 *
 * @throws JepaMpcError what `find` and `start` throw; `environment.domain-in-use` after {@link START_ATTEMPTS}
 */
export async function startInFreeDomain<Started>(
  find: () => Promise<number>,
  start: (domain: number) => Promise<Started>,
): Promise<Started> {
  for (let attempt = 1; ; attempt++) {
    const domain = await find();
    try {
      return await start(domain);
    } catch (error) {
      const isTaken = error instanceof JepaMpcError && error.code === 'environment.domain-in-use';
      if (!isTaken || attempt === START_ATTEMPTS) throw error;
    }
  }
}

function closed(): JepaMpcError {
  return new JepaMpcError('demo.interrupted', {
    subject: 'simulations',
    found: 'the end of the run',
    expected: 'to run to the end',
    remedy: 'All their processes have been stopped.',
  });
}
