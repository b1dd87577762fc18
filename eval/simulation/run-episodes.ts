import type { PlannerProfile } from '../profiles/planner-profile.js';
import type { SimulationPool } from './pool.js';
import type { EpisodeResult } from './wire.js';

/**
 * Runs episodes with one profile, as many at a time as the pool has simulations. Episodes that were asked for first run first.
 *
 * @param episodes indices
 * @returns results in the order of the indices
 * @throws JepaMpcError as `SimulationPool.use`
 */
export function runEpisodes(
  pool: SimulationPool,
  { dynamic, start }: Pick<PlannerProfile, 'dynamic' | 'start'>,
  seed: number,
  episodes: readonly number[],
  onResult: (result: EpisodeResult) => void = () => undefined,
): Promise<EpisodeResult[]> {
  return Promise.all(
    episodes.map((episode) =>
      pool.use(start, async (run) => {
        const result = await run({ parameters: dynamic, seed, episode });
        onResult(result);
        return result;
      }),
    ),
  );
}
