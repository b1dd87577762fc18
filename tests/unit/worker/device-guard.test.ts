import { afterEach, describe, expect, it } from 'vitest';

import { JepaMpcError } from '../../../src/core/errors.js';
import type { Fallback, Logger } from '../../../src/core/types.js';
import type { Device, DeviceChoice } from '../../../src/model/devices.js';
import { DeviceGuard } from '../../../src/worker/device-guard.js';
import { PlannerEngine } from '../../../src/worker/planner-engine.js';
import { loadSettings, planMessage, silentLogger } from '../../fixtures/plan-message.js';

const engines: PlannerEngine[] = [];

afterEach(async () => {
  await Promise.all(engines.splice(0).map((engine) => engine.dispose()));
});

function failure(code: 'model.run-failed' | 'objective.invalid', found: string): JepaMpcError {
  return new JepaMpcError(code, { subject: 'encoder.onnx', found, expected: 'a run', remedy: 'None.' });
}

/** A guard of an engine that `auto` opens on a device, where each plan ends as given. On the cpu it plans with the tiny model. */
async function guarded(choice: DeviceChoice, device: Device, outcome: Error, canBeReleased = true) {
  const warnings: string[] = [];
  const logger: Logger = { ...silentLogger, warn: (line) => void warnings.push(line) };
  const loads: DeviceChoice[] = [];
  let isReleased = false;
  const failing = {
    info: { device },
    plan: () => Promise.reject(outcome),
    dispose: () => {
      isReleased = true;
      return canBeReleased ? Promise.resolve() : Promise.reject(new Error('the driver is gone'));
    },
  } as unknown as PlannerEngine;
  const { parameters } = loadSettings;
  const guard = await DeviceGuard.load(
    { ...loadSettings, parameters: { ...parameters, device: choice } },
    logger,
    async (settings, log, fallbacks: readonly Fallback[]) => {
      loads.push(settings.parameters.device);
      if (loads.length === 1) return failing;
      const engine = await PlannerEngine.load(settings, log, fallbacks);
      engines.push(engine);
      return engine;
    },
  );
  return { guard, warnings, loads, isReleased: () => isReleased };
}

describe('a device that fails', () => {
  it('is left for the cpu with device auto: the next plan is made there, says so, and so does the log', async () => {
    const lost = failure('model.run-failed', 'CUDA failure 999: unknown error');
    const { guard, warnings, loads, isReleased } = await guarded('auto', 'cuda', lost);
    await expect(guard.plan(planMessage({}))).rejects.toBe(lost);
    const { statistics } = await guard.plan(planMessage({}));
    expect(statistics.fallbacks).toMatchObject([
      {
        instead: 'the whole model on the cpu',
        reason: 'device cuda failed: encoder.onnx: CUDA failure 999: unknown error',
      },
    ]);
    expect(warnings).toEqual([expect.stringContaining('CUDA failure 999')]);
    expect(loads).toEqual(['auto', 'cpu']);
    expect(guard.engine.info.device).toBe('cpu');
    expect(isReleased()).toBe(true);
  });

  it('is left even if its sessions cannot be released', async () => {
    const { guard } = await guarded('auto', 'webgpu', failure('model.run-failed', 'lost'), false);
    await expect(guard.plan(planMessage({}))).rejects.toThrow('lost');
    expect(guard.engine.info.device).toBe('cpu');
  });

  it.each([
    ['was chosen by name', 'cuda', 'cuda', failure('model.run-failed', 'lost')],
    ['is the cpu', 'auto', 'cpu', failure('model.run-failed', 'no memory')],
    ['is not at fault', 'auto', 'cuda', failure('objective.invalid', 'q[9]')],
    ['is not known to be at fault', 'auto', 'cuda', new TypeError('a defect')],
  ] as const)('is kept if it %s', async (_, choice, device, outcome) => {
    const { guard, loads } = await guarded(choice, device, outcome);
    for (let plan = 0; plan < 2; plan++) await expect(guard.plan(planMessage({}))).rejects.toBe(outcome);
    expect(loads).toEqual([choice]);
  });
});
