import { describe, expect, it } from 'vitest';

import { DegradingScorer, type Scoring } from '../../../src/rollout/degrading-scorer.js';
import { Fallbacks } from '../../../src/rollout/fallbacks.js';
import { JepaMpcError } from '../../../src/core/errors.js';
import type { PlanContext } from '../../../src/core/ports.js';
import type { Logger } from '../../../src/core/types.js';

const SIZE = 2;
const context: PlanContext = {
  history: { data: new Float32Array(1), shape: [1, 1, 1, 1] },
  goal: { data: new Float32Array(1), shape: [1, 1, 1] },
  committed: new Float32Array(0),
};

function failure(code: 'model.run-failed' | 'planner.not-finite', found: string): JepaMpcError {
  return new JepaMpcError(code, { subject: 'compiled rollout', found, expected: 'none', remedy: 'Do less.' });
}

/** A device that runs out of memory above so many candidates; a candidate costs its first number. */
class Device implements Scoring {
  readonly what: string;
  readonly #capacity: number;
  readonly batches: number[] = [];
  isDisposed = false;

  constructor(what: string, capacity: number) {
    this.what = what;
    this.#capacity = capacity;
  }

  readonly scorer = {
    score: (_: PlanContext, candidates: Float32Array): Promise<Float32Array> => {
      const count = candidates.length / SIZE;
      this.batches.push(count);
      if (count > this.#capacity)
        return Promise.reject(failure('model.run-failed', `${String(count)} candidates`));
      const costs = candidates.filter((_value, i) => i % SIZE === 0);
      return costs.some((cost) => Number.isFinite(cost))
        ? Promise.resolve(costs)
        : Promise.reject(failure('planner.not-finite', 'none that is finite'));
    },
  };

  setWeights(): void {
    // Its costs have none.
  }

  dispose(): Promise<void> {
    this.isDisposed = true;
    return Promise.resolve();
  }
}

function set(first: Scoring, another: Scoring | null) {
  const warnings: string[] = [];
  const ignore = (): void => undefined;
  const logger: Logger = {
    debug: ignore,
    info: ignore,
    warn: (line) => void warnings.push(line),
    error: ignore,
  };
  const fallbacks = new Fallbacks(logger);
  const next = another === null ? null : (): Promise<Scoring> => Promise.resolve(another);
  return { warnings, fallbacks, scorer: new DegradingScorer(first, next, SIZE, fallbacks) };
}

const candidates = (costs: readonly number[]): Float32Array =>
  Float32Array.from(costs.flatMap((cost) => [cost, 0]));
const hundred = Array.from({ length: 100 }, (_, i) => i);

describe('a scorer on a device that fails', () => {
  it('says nothing while nothing fails', async () => {
    const device = new Device('the device', 1000);
    const { scorer, fallbacks } = set(device, null);
    expect([...(await scorer.score(context, candidates(hundred)))]).toEqual(hundred);
    expect([device.batches, fallbacks.list]).toEqual([[100], []]);
  });

  it('scores in batches that the device can take, and stays with them', async () => {
    const device = new Device('the device', 40);
    const { scorer, fallbacks, warnings } = set(device, null);
    expect([...(await scorer.score(context, candidates(hundred)))]).toEqual(hundred);
    expect(device.batches).toEqual([100, 50, 25, 25, 25, 25]);
    expect(fallbacks.list.map(({ instead }) => instead)).toEqual([
      'runs of 50 candidates at most',
      'runs of 25 candidates at most',
    ]);
    expect(fallbacks.list[0]).toMatchObject({
      reason: 'compiled rollout: found 100 candidates, expected none',
      remedy: 'Do less.',
    });
    await scorer.score(context, candidates(hundred));
    expect(device.batches.slice(6)).toEqual([25, 25, 25, 25]);
    expect(warnings).toHaveLength(2);
  });

  it('goes elsewhere when smaller batches do not help, with all candidates at once', async () => {
    const [broken, other] = [new Device('the device', 0), new Device('the cpu', 1000)];
    const { scorer, fallbacks } = set(broken, other);
    expect([...(await scorer.score(context, candidates(hundred)))]).toEqual(hundred);
    expect(other.batches).toEqual([100]);
    expect(fallbacks.list.at(-1)?.instead).toBe('the cpu');
    expect(broken.isDisposed).toBe(true);
  });

  it('fails with the reason when there is nowhere else', async () => {
    const { scorer } = set(new Device('the device', 0), null);
    await expect(scorer.score(context, candidates(hundred))).rejects.toMatchObject({
      code: 'model.run-failed',
    });
  });

  it('gives up no finite cost because a batch has none', async () => {
    const costs = hundred.map((cost) => (cost < 50 ? NaN : cost));
    const { scorer } = set(new Device('the device', 50), null);
    const found = await scorer.score(context, candidates(costs));
    expect([...found.subarray(0, 50)].every((cost) => !Number.isFinite(cost))).toBe(true);
    expect([...found.subarray(50)]).toEqual(costs.slice(50));
  });

  it('refuses when no batch has a finite cost', async () => {
    const { scorer } = set(new Device('the device', 50), null);
    const costs = candidates(hundred.map(() => NaN));
    await expect(scorer.score(context, costs)).rejects.toMatchObject({ code: 'planner.not-finite' });
  });
});
