import { appendFile, mkdtemp, readFile, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { JepaMpcError } from '../../../src/core/errors.js';
import type { FrameSet } from '../../../src/core/model-info.js';
import type { Plan } from '../../../src/core/types.js';
import type { PlanningValues } from '../../../src/planning/planning-parameters.js';
import { firstDifference, type PlanDifference } from '../../../src/recording/compare-plans.js';
import { PLAN, REQUEST } from '../../../src/recording/planner-records.js';
import { readRecording, type RecordedItem } from '../../../src/recording/read-recording.js';
import {
  replay,
  type ReplayedJob,
  type ReplayOptions,
  type ReplaySummary,
} from '../../../src/recording/replay.js';
import type { RecordedTerms } from '../../../src/recording/recorded-terms.js';
import { DIAGNOSTIC_ARRAY, IMAGE } from '../../../src/recording/ros-types.js';
import { momentOf, summaryLines } from '../../../src/recording/what-if.js';
import {
  momentText,
  type Moment,
  type MomentText,
  type WhatIf,
} from '../../../src/recording/what-if-view.js';
import { replayPage } from '../../../src/recording/replay-page.js';
import {
  NO_EXTRAS,
  type ExplainingPlanner,
  type PlannerSettings,
  type PlanRequest,
} from '../../../src/worker/planner-port.js';
import { EnginePlanner } from '../../fixtures/engine-planner.js';
import { defaultValues } from '../../fixtures/planners.js';
import { frame, loadFrom, loadSettings } from '../../fixtures/plan-message.js';
import { TestRecording } from '../../fixtures/recording.js';
import { TinyModelCopy } from '../../fixtures/tiny-model.js';

const PERIOD_NS = 100_000_000n;

let folder: string;
let path: string;
let planner: ExplainingPlanner;
/** Frames of the tiny model's camera, which turns red while the robot moves. */
let atNs: bigint;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'replay-'));
  path = join(folder, 'run.mcap');
  planner = new EnginePlanner();
  atNs = 1_000_000_000n;
});

afterEach(async () => {
  await planner.dispose();
  await rm(folder, { recursive: true });
});

/** Refuses plans while it is busy, as the planner in a process of its own does. */
class BusyPlanner extends EnginePlanner {
  isBusy = false;

  override plan(request: PlanRequest): Promise<Plan> {
    if (!this.isBusy) return super.plan(request);
    const facts = { subject: 'planner', found: 'a job', expected: 'one at a time', remedy: 'Wait.' };
    return Promise.reject(new JepaMpcError('planner.not-ready', facts));
  }
}

interface Run {
  readonly recording: TestRecording;
  readonly recorded: ExplainingPlanner;
  readonly seen: FrameSet[];
  goal: FrameSet;
}

async function begin(settings: PlannerSettings = loadSettings, facts?: Record<string, string>): Promise<Run> {
  const recording = new TestRecording(path, facts);
  const recorded = recording.of(planner);
  await recorded.load(settings);
  return { recording, recorded, seen: [], goal: frame(7n, 200, 60) };
}

/** Plans from the next frame, as the node does. */
async function planNext(
  { recording, recorded, seen, goal }: Run,
  planIndex: number,
  values: Partial<PlanningValues> = {},
): Promise<void> {
  atNs += PERIOD_NS;
  const now = frame(atNs, 100 + planIndex, 100);
  recording.nowNs = atNs + 60_000_000n;
  await recording.image('image', now);
  if (planIndex === 0) seen.length = 0;
  seen.push(now);
  const joints = {
    position: Float64Array.of(0.1, planIndex / 10),
    lower: new Float64Array(2).fill(-3),
    upper: new Float64Array(2).fill(3),
  };
  const history = [seen.at(-2) ?? now, now];
  const committed = Float32Array.of(0.01 * planIndex, 0);
  await recorded.plan({
    ...{ planIndex, history, goal, committed, joints, extras: NO_EXTRAS },
    values: { ...defaultValues, ...values },
  });
}

interface Replayed {
  readonly summary: ReplaySummary;
  readonly jobs: readonly ReplayedJob[];
  readonly differences: readonly PlanDifference[];
  readonly warnings: readonly string[];
}

async function again(options: Partial<ReplayOptions> = {}): Promise<Replayed> {
  const jobs: ReplayedJob[] = [];
  const warnings: string[] = [];
  const summary = await replay(path, {
    planner,
    settings: (recorded) => recorded,
    acceptsOtherModel: false,
    costTerms: false,
    onJob: (job) => void jobs.push(job),
    warn: (line) => void warnings.push(line),
    ...options,
  });
  const differences = jobs.flatMap((job) => {
    const difference = firstDifference(job.recorded, job.again, ['shoulder', 'elbow']);
    return difference === null ? [] : [difference];
  });
  return { summary, jobs, differences, warnings };
}

describe('a replay', () => {
  it('makes every plan again, bit by bit, through resets, goals and live changes', async () => {
    const run = await begin();
    for (let index = 0; index < 4; index++) await planNext(run, index);
    run.goal = frame(8n, 60, 200);
    for (let index = 4; index < 7; index++) await planNext(run, index, { 'sampling.horizon': 4 });
    for (let index = 0; index < 3; index++) await planNext(run, index, { planner: 'icem' });
    run.recording.close();
    const { summary, differences } = await again();
    expect(differences).toEqual([]);
    expect([summary.replayed, summary.leftOut.size, summary.end?.cut]).toEqual([10, 0, null]);
  });

  it('makes plans again from compressed images', async () => {
    const run = await begin();
    run.recording.isCompressed = true;
    for (let index = 0; index < 3; index++) await planNext(run, index);
    run.recording.close();
    const { summary, differences } = await again();
    expect([differences, summary.replayed]).toEqual([[], 3]);
  });

  it('makes plans again that a time budget ended', async () => {
    const run = await begin();
    const hurried = { 'planning.time_budget_ms': 0.5, 'sampling.iterations': 40, 'sampling.samples': 300 };
    for (let index = 0; index < 5; index++) await planNext(run, index, hurried);
    run.recording.close();
    const { differences, jobs } = await again();
    expect(differences).toEqual([]);
    expect(Math.min(...jobs.map(({ recorded }) => recorded.iterations))).toBeLessThan(40);
  });

  it('makes failures again, and goes on after a planner that was started again', async () => {
    const run = await begin();
    await planNext(run, 0);
    await expect(planNext(run, 1, { 'sampling.elites': 5000 })).rejects.toThrow();
    await planNext(run, 2);
    await run.recorded.load(loadSettings);
    for (let index = 3; index < 5; index++) await planNext(run, index);
    run.recording.close();
    const { differences, jobs } = await again();
    expect(differences).toEqual([]);
    expect(jobs.map(({ again: outcome }) => outcome instanceof JepaMpcError)).toEqual([
      false,
      true,
      false,
      false,
      false,
    ]);
  });

  it('leaves out requests that found the planner busy, as after a reset while a plan is made', async () => {
    const busy = new BusyPlanner();
    planner = busy;
    const run = await begin();
    for (let index = 0; index < 2; index++) await planNext(run, index);
    busy.isBusy = true;
    for (let index = 0; index < 2; index++) await expect(planNext(run, index)).rejects.toThrow();
    busy.isBusy = false;
    for (let index = 2; index < 4; index++) await planNext(run, index);
    run.recording.close();
    const { summary, differences } = await again();
    expect([differences, summary.replayed]).toEqual([[], 4]);
    expect(summary.leftOut).toEqual(new Map([['the planner was not ready, or busy with another plan', 2]]));
  });

  it('names the first difference', async () => {
    const run = await begin();
    for (let index = 0; index < 3; index++) await planNext(run, index);
    run.recording.close();
    const { differences } = await again({
      settings: ({ parameters, warmUp }) => ({ parameters: { ...parameters, seed: 99 }, warmUp }),
    });
    expect(differences[0]).toMatchObject({
      planIndex: 0,
      stampNs: 1_100_000_000n,
      what: 'action of step 1, shoulder',
    });
    expect(differences[0]?.recorded).not.toBe(differences[0]?.replayed);
  });

  it('begins with the first plan after a reset, and after a gap with the next', async () => {
    const run = await begin();
    run.recording.dropped.add(REQUEST);
    for (let index = 0; index < 2; index++) await planNext(run, index);
    run.recording.dropped.clear();
    for (let index = 2; index < 4; index++) await planNext(run, index);
    for (let index = 0; index < 3; index++) await planNext(run, index);
    run.recording.dropped.add(IMAGE);
    await planNext(run, 3);
    run.recording.dropped.clear();
    await planNext(run, 4);
    run.recording.close();
    const { summary, differences, warnings } = await again();
    expect(differences).toEqual([]);
    expect(summary.replayed).toBe(3);
    expect(summary.leftOut).toEqual(
      new Map([
        ['before it no plan after a reset was recorded', 3],
        ['an image was not recorded', 1],
      ]),
    );
    expect(warnings.join()).toMatch(/no image stamped/);
  });

  it('begins in the middle of a run with its next reset, and knows the goal and the images', async () => {
    const run = await begin();
    await planNext(run, 0);
    run.recording.file = {};
    for (let index = 1; index < 3; index++) await planNext(run, index);
    for (let index = 0; index < 2; index++) await planNext(run, index);
    run.recording.close();
    const { summary, differences } = await again();
    expect(differences).toEqual([]);
    expect(summary.replayed).toBe(3);
  });

  it('makes a plan that was not recorded for the sake of those after it', async () => {
    const run = await begin();
    await planNext(run, 0);
    run.recording.dropped.add(PLAN);
    await planNext(run, 1);
    run.recording.dropped.clear();
    await planNext(run, 2);
    run.recording.close();
    const { summary, differences } = await again();
    expect([differences, summary.replayed]).toEqual([[], 2]);
    expect(summary.leftOut).toEqual(new Map([['the plan itself was not recorded', 1]]));
  });

  it('uses what is whole of a recording that is cut off', async () => {
    const run = await begin();
    for (let index = 0; index < 4; index++) await planNext(run, index);
    run.recording.close();
    const { length } = await readFile(path);
    await truncate(path, length - 40);
    const { summary, differences } = await again();
    expect(differences).toEqual([]);
    expect(summary.replayed).toBe(4);
    expect(summary.end?.cut).toBe('it ends in the middle');
    await truncate(path, 300);
    await expect(again()).rejects.toMatchObject({
      code: 'recording.no-plans',
      facts: { found: expect.stringContaining('it ends in the middle') as string },
    });
  });

  it('refuses another model, unless it is given on purpose', async () => {
    const copy = await TinyModelCopy.create();
    await copy.changeManifest((manifest) => {
      manifest.name = 'other';
    });
    const run = await begin();
    for (let index = 0; index < 2; index++) await planNext(run, index);
    run.recording.close();
    const settings = (): PlannerSettings => loadFrom(copy.folder);
    await expect(again({ settings })).rejects.toMatchObject({ code: 'recording.other-model' });
    const { warnings, summary } = await again({ settings, acceptsOtherModel: true });
    expect(warnings.join()).toMatch(/The plans are of another model/);
    expect(summary.replayed).toBe(2);
    await copy.remove();
  });

  it('refuses a recording of another format', async () => {
    const run = await begin(loadSettings, { format: '999', node_version: '9.9' });
    await planNext(run, 0);
    run.recording.close();
    await expect(again()).rejects.toMatchObject({
      code: 'recording.version',
      facts: { found: 'format 999; recorded by version 9.9 of the node' },
    });
  });
});

/** What `~/statistics` says of a plan while somebody has subscribed to it. */
function recordStatistics({ recording }: Run, planIndex: number, values: Record<string, string>): void {
  const facts = { frame_stamp_ns: String(atNs), plan_index: String(planIndex), ...values };
  recording.write('/node/statistics', DIAGNOSTIC_ARRAY, {
    header: { stamp: atNs, frame_id: '' },
    status: [
      {
        ...{ level: 0, name: 'node: planner', message: '', hardware_id: '' },
        values: Object.entries(facts).map(([key, value]) => ({ key, value })),
      },
    ],
  });
}

describe('what a replay reports', () => {
  it('has the terms of the cost, whose computation changes no plan', async () => {
    const run = await begin();
    for (let index = 0; index < 3; index++) await planNext(run, index);
    run.recording.close();
    const { jobs, differences } = await again({ costTerms: true });
    expect(differences).toEqual([]);
    for (const job of jobs) {
      const { total, rest, ...parts } = momentOf(job, 0).again.terms ?? {};
      const sum = Object.values(parts).reduce<number>((before, part) => before + (part ?? NaN), 0);
      expect(sum).toBeCloseTo(total ?? NaN, 5);
      expect(rest).toBeGreaterThan(0);
      expect(Object.keys(parts)).toContain('distance');
    }
  });

  it('reports the terms of recorded plans where they were recorded', async () => {
    const run = await begin();
    await planNext(run, 0);
    recordStatistics(run, 0, { cost_total: '1.5', cost_distance: '1', cost_limit: 'nan', cost_cv: '0.2' });
    await planNext(run, 1);
    recordStatistics(run, 1, { best_cost: '1.5' });
    run.recording.close();
    const terms: RecordedTerms[] = [];
    await again({ onTerms: (found) => void terms.push(found) });
    expect(terms).toEqual([
      { planIndex: 0, stampNs: 1_100_000_000n, terms: { total: 1.5, distance: 1, limit: null } },
    ]);
  });

  it('reads what was there when it began, while more is written', async () => {
    const { recording } = await begin();
    const header = { stamp: 0n, frame_id: '' };
    const large = { header, height: 1, width: 1, encoding: 'rgb8', is_bigendian: 0, step: 3 };
    for (let count = 0; count < 6; count++) {
      const data = new Uint8Array(1_000_000);
      recording.write('/image', IMAGE, { ...large, data });
    }
    recording.close();
    const { length } = await readFile(path);
    let last: RecordedItem | null = null;
    for await (const item of readRecording(path)) {
      if (last === null) await appendFile(path, new Uint8Array(1000));
      last = item;
    }
    expect(last).toEqual({ kind: 'end', bytes: length, wholeBytes: length, cut: null });
  });

  it('ends after as many plans as are wanted, and reports what was read', async () => {
    const run = await begin();
    for (let index = 0; index < 4; index++) await planNext(run, index);
    run.recording.close();
    const { length } = await readFile(path);
    const read: (readonly number[])[] = [];
    const { summary } = await again({ mostPlans: 2, onRead: (...bytes) => void read.push(bytes) });
    expect([summary.replayed, summary.end]).toEqual([2, null]);
    expect(read).toEqual([[0, length]]);
  });
});

describe('a replay with other values', () => {
  it('says what would have been planned', async () => {
    const run = await begin();
    for (let index = 0; index < 3; index++) await planNext(run, index);
    run.recording.close();
    const { jobs } = await again({
      values: (recorded) => ({ ...recorded, 'objective.action_weight': 50, 'sampling.iterations': 1 }),
    });
    const moments = jobs.map((job, index) => momentOf(job, index / 10));
    expect(moments.map(({ again: { iterations } }) => iterations)).toEqual([1, 1, 1]);
    expect(moments[2]?.recorded.iterations).toBeGreaterThan(1);
    expect(summaryLines(reportOf(moments)).join('\n')).toMatch(/iterations +\d+ +-> +1/);
  });

  it('has the joint motion that follows from the actions, from where the joints were', async () => {
    const run = await begin();
    for (let index = 0; index < 3; index++) await planNext(run, index);
    run.recording.close();
    const { jobs } = await again();
    const { recorded } = momentOf(jobs[2] as ReplayedJob, 0);
    expect(recorded.motion).toHaveLength(recorded.actions.length + 1);
    expect(recorded.motion[0]).toEqual([0.1, 0.2]);
    const [start = NaN] = recorded.motion[0] ?? [];
    const [velocity = NaN] = recorded.actions[0] ?? [];
    // Velocities, for periods of 0.1 s.
    expect(recorded.motion[1]?.[0]).toBeCloseTo(start + 0.1 * velocity, 6);
  });

  it('is a page without a network, whose data end with the data', async () => {
    const run = await begin();
    for (let index = 0; index < 3; index++) await planNext(run, index);
    run.recording.close();
    const { jobs } = await again({ costTerms: true });
    const report = reportOf(jobs.map((job, index) => momentOf(job, index / 10)));
    const page = replayPage(report);
    expect(page).not.toMatch(/src=|href=|https?:\/\/(?!www\.w3\.org\/2000\/svg)/);
    const [, text = ''] = /id="data">(.*?)<\/script>/s.exec(page) ?? [];
    const data = JSON.parse(text) as { recording: string; times: number[]; moments: MomentText[] };
    expect(data.recording).toBe('run </script>');
    expect(data.times).toEqual([0, 0.1, 0.2]);
    expect(data.moments[1]).toMatchObject(momentText(report.moments[1] as Moment));
  });
});

function reportOf(moments: readonly Moment[]): WhatIf {
  return {
    ...{ recording: 'run </script>', model: 'tiny', device: 'cpu', cameras: ['image'] },
    ...{ actions: ['shoulder', 'elbow'], joints: JOINTS, periodMs: 100, isWhatIf: true, changed: {} },
    ...{ compared: moments.length, identical: 0, firstDifference: null, notes: [], moments },
  };
}

const JOINTS: WhatIf['joints'] = [
  { name: 'shoulder', unit: 'rad' },
  { name: 'elbow', unit: 'rad' },
];
