import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { ProfileStore } from '../../../src/dashboard/profiles/profile-store.js';
import type { ReplayState } from '../../../src/dashboard/replay-protocol.js';
import { RecordingFolder } from '../../../src/dashboard/replay/recording-folder.js';
import { Replays } from '../../../src/dashboard/replay/replays.js';
import type { WhatIf } from '../../../src/recording/what-if-view.js';
import type { PlannerSettings } from '../../../src/worker/planner-port.js';
import { NO_EXTRAS } from '../../../src/worker/planner-port.js';
import { EnginePlanner } from '../../fixtures/engine-planner.js';
import { frame, loadFrom, loadSettings } from '../../fixtures/plan-message.js';
import { defaultValues } from '../../fixtures/planners.js';
import { TestRecording } from '../../fixtures/recording.js';
import { TinyModelCopy } from '../../fixtures/tiny-model.js';

const pretended = new URL('../../fixtures/replaying-process.mjs', import.meta.url);
const built = new URL('../../../dist/src/cli/replay-process.js', import.meta.url);
/** A real one loads a model, and has what other programs leave of the processor. */
const TIMEOUT_MS = 180_000;
const WAIT = { timeout: TIMEOUT_MS, interval: 10 };

let folder: string;
let states: ReplayState[];
let replays: Replays;
let nowMs: number;

function start(entry: URL): void {
  replays = new Replays({
    entry,
    recordings: new RecordingFolder(join(folder, 'runs')),
    profiles: new ProfileStore(folder),
    node: '/robot/planner_node',
    onState: (state) => states.push(state),
    nowMs: () => nowMs,
  });
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'replays-'));
  mkdirSync(join(folder, 'runs'));
  states = [];
  nowMs = 0;
});

afterEach(() => {
  replays.cancel();
  rmSync(folder, { recursive: true });
});

function profile(name: string, lines: string): void {
  writeFileSync(join(folder, `${name}.yaml`), `/**:\n  ros__parameters:\n${lines}`);
}

/** The state as soon as the replay is over. */
async function over(): Promise<ReplayState> {
  await vi.waitUntil(() => states.at(-1) !== undefined && states.at(-1)?.phase !== 'running', WAIT);
  return states.at(-1) as ReplayState;
}

function resultOf(run: string): unknown {
  const result = replays.result(run);
  if (result === null) throw new Error('there is no result');
  return JSON.parse(gunzipSync(result).toString()) as unknown;
}

describe('replays for pages', () => {
  beforeEach(() => {
    for (const name of ['done', 'fails', 'dies', 'runs'])
      writeFileSync(join(folder, 'runs', `${name}.mcap`), '');
    start(pretended);
  });

  it('report how far they are, and keep the result and the pictures of the newest', async () => {
    profile('fast', '    sampling.samples: 64\n    command.period_ms: "20 ms"\n');
    await replays.start('done.mcap', 'fast');
    const { run, ...state } = await over();
    expect(state).toEqual({
      ...{ phase: 'done', recording: 'done.mcap', profile: 'fast', share: 1, plans: 7, message: '' },
    });
    expect(states.map(({ phase, share }) => [phase, share])).toEqual([
      ['running', 0],
      ['running', 0.5],
      ['done', 1],
    ]);
    expect(resultOf(run)).toEqual({
      path: join(folder, 'runs', 'done.mcap'),
      recording: 'done.mcap',
      given: { 'sampling.samples': 64, 'command.period_ms': 20 },
    });
    expect(replays.picture(run, 0, 0)).toEqual(Uint8Array.of(1, 2, 3));
    expect([replays.picture(run, 0, 1), replays.picture('other', 0, 0), replays.result('other')]).toEqual([
      null,
      null,
      null,
    ]);
    await replays.start('runs.mcap', null);
    expect(replays.result(run)).toBeNull();
  });

  it('are one at a time, and end when they are cancelled', async () => {
    await replays.start('runs.mcap', null);
    await expect(replays.start('done.mcap', null)).rejects.toMatchObject({
      code: 'dashboard.replay',
      facts: { subject: 'replay of runs.mcap' },
    });
    replays.cancel();
    expect(states.at(-1)?.phase).toBe('cancelled');
    await replays.start('done.mcap', null);
    expect((await over()).phase).toBe('done');
  });

  it('are not started as often as a page likes', async () => {
    for (let round = 0; round < 3; round++) {
      await replays.start('runs.mcap', null);
      replays.cancel();
    }
    await expect(replays.start('runs.mcap', null)).rejects.toMatchObject({ code: 'dashboard.replay' });
    nowMs = 1500;
    await replays.start('runs.mcap', null);
  });

  it('say why they failed, also where the process died', async () => {
    await replays.start('fails.mcap', null);
    expect(await over()).toMatchObject({ phase: 'failed', message: 'no plans' });
    await replays.start('dies.mcap', null);
    const { phase, message } = await over();
    expect([phase, message]).toEqual(['failed', expect.stringContaining('an end with status 3')]);
  });

  it.each([
    ['a recording that is not in the list', '../done.mcap', null, 'recording.name'],
    ['a profile that is not there', 'done.mcap', 'none', 'profile.name'],
    ['a path for a profile', 'done.mcap', '../profile', 'profile.name'],
    ['a profile with an unknown name', 'done.mcap', 'unknown', 'params.invalid'],
    ['a profile of another version', 'done.mcap', 'old', 'params.invalid'],
    ['a profile with a value out of range', 'done.mcap', 'wrong', 'params.invalid'],
  ])('refuse %s before anything is started', async (_, recording, name, code) => {
    profile('unknown', '    sampling.sample: 64\n');
    profile('old', '    cem.samples: 64\n');
    profile('wrong', '    sampling.samples: -1\n');
    await expect(replays.start(recording, name)).rejects.toMatchObject({ code });
    expect(states).toEqual([]);
  });
});

describe('the process that replays', { timeout: TIMEOUT_MS }, () => {
  let path: string;

  /** A recording of as many plans of the tiny model. */
  async function record(plans: number, settings: PlannerSettings = loadSettings): Promise<void> {
    const planner = new EnginePlanner();
    const recording = new TestRecording(path);
    const recorded = recording.of(planner);
    await recorded.load(settings);
    let before = frame(0n, 100, 100);
    for (let planIndex = 0; planIndex < plans; planIndex++) {
      const now = frame(1_000_000_000n + BigInt(planIndex) * 100_000_000n, 100 + planIndex, 100);
      recording.nowNs = now.stampNs;
      await recording.image('image', now);
      await recorded.plan({
        ...{ planIndex, history: [planIndex === 0 ? now : before, now], goal: frame(7n, 200, 60) },
        ...{ committed: new Float32Array(2), values: defaultValues, extras: NO_EXTRAS },
        joints: {
          position: new Float64Array(2),
          lower: new Float64Array(2).fill(-3),
          upper: new Float64Array(2).fill(3),
        },
      });
      before = now;
    }
    recording.close();
    await planner.dispose();
  }

  beforeEach(() => {
    path = join(folder, 'runs', 'run.mcap');
    start(built);
  });

  it('makes the same plans again, with pictures and the cost by term', async () => {
    await record(4);
    await replays.start('run.mcap', null);
    const { phase, run } = await over();
    const report = resultOf(run) as WhatIf;
    expect([phase, report.recording, report.compared, report.identical]).toEqual(['done', 'run.mcap', 4, 4]);
    expect(report.firstDifference).toBeNull();
    expect(report.moments.map(({ timeS }) => timeS)).toEqual([0, 0.1, 0.2, 0.3]);
    expect(report.moments[3]?.again.terms).toHaveProperty('distance');
    const jpeg = replays.picture(run, 3, 0);
    expect([jpeg?.[0], jpeg?.[1]]).toEqual([0xff, 0xd8]);
  });

  it('plans with the values of a profile, and names what changed and the first difference', async () => {
    await record(3);
    profile('other', '    sampling.iterations: 1\n    objective.action_weight: 50.0\n');
    await replays.start('run.mcap', 'other');
    const report = resultOf((await over()).run) as WhatIf;
    expect(Object.keys(report.changed).sort()).toEqual(['objective.action_weight', 'sampling.iterations']);
    expect([report.compared, report.identical, report.isWhatIf]).toEqual([3, 0, true]);
    expect(report.firstDifference).toMatchObject({ planIndex: 0 });
    expect(report.moments.map(({ again }) => again.iterations)).toEqual([1, 1, 1]);
  });

  it('uses what is whole of a recording that is cut off, and says so', async () => {
    await record(4);
    truncateSync(path, (await readFile(path)).length - 40);
    await replays.start('run.mcap', null);
    const report = resultOf((await over()).run) as WhatIf;
    expect(report.compared).toBe(4);
    expect(report.notes.join()).toContain('The file is cut off');
  });

  it('says why there is nothing to replay: an empty file, and a model that has changed', async () => {
    writeFileSync(path, '');
    await replays.start('run.mcap', null);
    const empty = await over();
    expect(empty).toMatchObject({ phase: 'failed' });
    expect(empty.message).toContain('an empty file');
    rmSync(path);
    const copy = await TinyModelCopy.create();
    await record(1, loadFrom(copy.folder));
    await copy.changeManifest((manifest) => {
      manifest.name = 'other';
    });
    states = [];
    await replays.start('run.mcap', null);
    const { message } = await over();
    expect(message).toContain('found model other');
    expect(message).toContain('jepa-mpc replay FILE --model DIR');
    await copy.remove();
  });
});
