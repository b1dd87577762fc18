import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { loadModel, type LoadedModel } from '../../../src/model/load-model.js';
import { PlannerEngine } from '../../../src/worker/planner-engine.js';
import { settingsOfTiming, timePlan } from '../../../src/worker/plan-timing.js';
import { loadSettings } from '../../fixtures/plan-message.js';
import { defaultValues } from '../../fixtures/planners.js';
import { tinyModelFolder } from '../../fixtures/tiny-model.js';

let model: LoadedModel | null = null;

afterEach(async () => {
  await model?.dispose();
  model = null;
});

describe('the time of a plan', () => {
  it('is that of the quickest of three, after one that compiles', async () => {
    model = await loadModel(tinyModelFolder, { device: 'cpu' });
    // Each plan reads the clock when it begins and when it ends.
    const readings = [0, 7, 10, 14, 20, 29];
    const ms = await timePlan(model, defaultValues, 1, () => readings.shift() ?? NaN);
    expect([ms, readings]).toEqual([4, []]);
  });

  it('is not cut short by a time budget, which would make all devices equally fast', async () => {
    model = await loadModel(tinyModelFolder, { device: 'cpu' });
    const values = { ...defaultValues, 'planning.time_budget_ms': 1e-6 };
    let nowMs = 0;
    expect(await timePlan(model, values, 1, () => nowMs++)).toBe(1);
  });

  it('is refused for values that cannot be planned with', async () => {
    model = await loadModel(tinyModelFolder, { device: 'cpu' });
    const values = { ...defaultValues, 'objective.expression': 'no_such_name' };
    await expect(timePlan(model, values, 1, () => 0)).rejects.toMatchObject({ code: 'objective.invalid' });
  });

  it('depends on what makes a plan longer, not on weights', () => {
    const settings = settingsOfTiming(defaultValues);
    expect(settingsOfTiming({ ...defaultValues, 'objective.action_weight': 3 })).toEqual(settings);
    expect(settingsOfTiming({ ...defaultValues, 'sampling.samples': 12345 })).not.toEqual(settings);
  });
});

describe('a named device', () => {
  let caches: string;
  const before = process.env['XDG_CACHE_HOME'];

  beforeEach(() => {
    caches = mkdtempSync(join(tmpdir(), 'caches-'));
    process.env['XDG_CACHE_HOME'] = caches;
  });

  afterEach(() => {
    if (before === undefined) delete process.env['XDG_CACHE_HOME'];
    else process.env['XDG_CACHE_HOME'] = before;
    rmSync(caches, { recursive: true, force: true });
  });

  it('is neither measured nor remembered', async () => {
    const engine = await PlannerEngine.load(
      { ...loadSettings, warmUp: defaultValues },
      {
        debug: () => undefined,
        info: (line) => {
          expect(line).not.toContain('a plan takes');
        },
        warn: () => undefined,
        error: () => undefined,
      },
    );
    await engine.dispose();
    expect(existsSync(join(caches, 'jepa-mpc'))).toBe(false);
  });
});
