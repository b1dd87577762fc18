import { afterEach, describe, expect, it } from 'vitest';

import { PlannerEngine } from '../../../src/worker/planner-engine.js';
import type { Tensor } from '../../../src/core/types.js';
import type { PlanningValues } from '../../../src/planning/planning-parameters.js';
import type { PlanMessage } from '../../../src/worker/worker-protocol.js';
import { defaultValues } from '../../fixtures/planners.js';
import { addForeignOperator, changeGraph } from '../../fixtures/change-graph.js';
import { addInverseDynamics } from '../../fixtures/inverse-dynamics.js';
import { loadFrom, loadSettings, planMessage, silentLogger } from '../../fixtures/plan-message.js';
import { declared, onnxFile } from '../../fixtures/onnx-nodes.js';
import { TinyModelCopy } from '../../fixtures/tiny-model.js';

const BATCH = 4;

/** Makes the tiny model one whose encoder is told the joint positions, without using them, and whose goals are such. */
async function tellOfJoints(copy: TinyModelCopy): Promise<void> {
  await copy.changeFile('encoder.onnx', (bytes) =>
    changeGraph(bytes, (graph) => {
      graph.input.push(declared('proprioception', [2]));
    }),
  );
  const goalEncoder = onnxFile((graph, nodes) => {
    nodes.op('Unsqueeze', ['proprioception', nodes.integers(1)], {}, 'latent');
    graph.input = [declared('proprioception', [2])];
    graph.output = [declared('latent', [1, 2])];
  });
  const zeros = (shape: readonly number[]): Tensor => ({
    data: new Float32Array(shape.reduce((product, size) => product * size, 1)),
    shape,
  });
  await copy.addGraph(
    'goalEncoder',
    goalEncoder,
    new Map([
      ['encoder.proprioception', zeros([BATCH, 2])],
      ['goalEncoder.proprioception', zeros([BATCH, 2])],
      ['goalEncoder.latent', zeros([BATCH, 1, 2])],
    ]),
  );
  await copy.changeManifest((manifest) => {
    manifest.goal.kind = 'state';
    manifest.proprioception = {
      fields: ['shoulder', 'elbow'].map((joint) => ({ kind: 'joint_position', joint })),
      mean: [0, 0],
      std: [1, 1],
    };
  });
}

let engine: PlannerEngine | null = null;

async function load(): Promise<PlannerEngine> {
  engine = await PlannerEngine.load(loadSettings, silentLogger);
  return engine;
}

afterEach(async () => {
  await engine?.dispose();
  engine = null;
});

describe('the planner engine', () => {
  it('plans by the expression of the values, foreseen joint positions included', async () => {
    const loaded = await load();
    const towards = async (expression: string): Promise<number> => {
      const { actions } = await loaded.plan(
        planMessage({ 'objective.expression': expression, 'objective.action_weight': 0 }),
      );
      return actions.filter((_, i) => i % 2 === 0).reduce((sum, action) => sum + action, 0);
    };
    expect(await towards('square(q[1] - 1)')).toBeGreaterThan(0);
    expect(await towards('square(q[1] + 1)')).toBeLessThan(0);
  });

  it('says once what is wrong with a new expression, and goes on with the objective in force', async () => {
    const loaded = await load();
    const before = await loaded.plan(planMessage({ 'objective.expression': 'latent_distance' }));
    const bad = planMessage({ 'objective.expression': 'latent_distance + q[3]' });
    await expect(loaded.plan(bad)).rejects.toMatchObject({ code: 'objective.invalid' });
    expect((await loaded.plan(bad)).actions).toEqual(before.actions);
    // Setting the good one in between counts as noticing.
    await loaded.plan(planMessage({ 'objective.expression': 'latent_distance' }));
    await expect(loaded.plan(bad)).rejects.toMatchObject({ code: 'objective.invalid' });
  });

  it('takes what needs no new graph with the next plan, and builds the rest beside the planner in force', async () => {
    const loaded = await load();
    const later = (values: Partial<PlanningValues>): PlanMessage => ({
      ...planMessage(values),
      planIndex: 3,
    });
    const periods = async (job: PlanMessage): Promise<number> => (await loaded.plan(job)).actions.length / 2;
    const short = await periods(planMessage({ 'sampling.horizon': 2 }));
    const one = await loaded.plan(later({ 'sampling.horizon': 2, 'sampling.iterations': 1 }));
    expect(one.statistics.iterations).toBe(1);
    // The first plan that asks for another horizon still has the old one; when it is out, the new graph is built.
    expect(await periods(later({ 'sampling.horizon': 4 }))).toBe(short);
    loaded.buildPending();
    expect(await periods(later({ 'sampling.horizon': 4 }))).toBe(2 * short);
    // Nothing is under way after a reset: the plan waits.
    expect(await periods(planMessage({ 'sampling.horizon': 3 }))).toBe(1.5 * short);
  });

  it.each(['plan', 'iteration', 'host'] as const)(
    'makes the same plan by the rollout graph "%s"',
    async (rollout) => {
      const loaded = await load();
      const { actions, statistics } = await loaded.plan(planMessage({ 'rollout.graph': rollout }));
      const expected = await loaded.plan(planMessage({ 'rollout.graph': 'host' }));
      expect(statistics.rollout).toBe(rollout);
      for (const [i, action] of actions.entries()) expect(action).toBeCloseTo(expected.actions[i] ?? NaN, 4);
    },
  );

  it('says what it does instead of compiling a model with an operator that it does not know', async () => {
    const copy = await TinyModelCopy.create();
    try {
      await copy.changeFile('predictor.onnx', (bytes) => changeGraph(bytes, addForeignOperator));
      engine = await PlannerEngine.load(loadFrom(copy.folder), silentLogger);
      const { actions, statistics } = await engine.plan(planMessage({}));
      expect(statistics).toMatchObject({
        rollout: 'host',
        fallbacks: [
          { instead: 'the rollout step by step', reason: expect.stringContaining('Shrink') as string },
        ],
      });
      const whole = await PlannerEngine.load(loadSettings, silentLogger);
      const expected = await whole.plan(planMessage({}));
      expect(expected.statistics).toMatchObject({ rollout: 'iteration', fallbacks: [] });
      for (const [i, action] of actions.entries()) expect(action).toBeCloseTo(expected.actions[i] ?? NaN, 4);
      await whole.dispose();
    } finally {
      await copy.remove();
    }
  });

  it("tries what the model's inverse dynamics propose", async () => {
    const copy = await TinyModelCopy.create();
    try {
      await addInverseDynamics(copy);
      engine = await PlannerEngine.load(loadFrom(copy.folder), silentLogger);
      const one: Partial<PlanningValues> = {
        'sampling.samples': 2,
        'sampling.elites': 1,
        'sampling.iterations': 1,
        'sampling.initial_std': 1e-6,
        'sampling.min_std': 1e-6,
      };
      const { actions, actionSize, committed } = await engine.plan(
        planMessage({
          ...one,
          'sampling.returned': 'best',
          'objective.action_weight': 0,
          'objective.metric': 'squared_latent_distance',
        }),
      );
      // The goal is 100 steps of a colour away, 4 / 255 rad each; normalised actions are in 2 rad/s.
      const away = (4 * 100) / 255;
      for (let i = committed * actionSize; i < actions.length; i += actionSize) {
        expect(actions[i]).toBeCloseTo((away / 4) * 2, 4);
        expect(actions[i + 1]).toBeCloseTo(0, 4);
      }
      // Without a search: the same, even where resting would cost less.
      const alone = await engine.plan(planMessage({ planner: 'inverse_dynamics', 'rest.margin': 1e6 }));
      for (const [i, action] of alone.actions.entries()) expect(action).toBeCloseTo(actions[i] ?? NaN, 4);
    } finally {
      await copy.remove();
    }
  });

  it('warms up the planner that follows what the inverse dynamics propose', async () => {
    const copy = await TinyModelCopy.create();
    try {
      await addInverseDynamics(copy);
      const warmUp: PlanningValues = { ...defaultValues, planner: 'inverse_dynamics' };
      const lines: string[] = [];
      const log = { ...silentLogger, info: (line: string) => lines.push(line) };
      engine = await PlannerEngine.load({ ...loadFrom(copy.folder), warmUp }, log);
      expect(lines.some((line) => line.startsWith('warmed up in'))).toBe(true);
    } finally {
      await copy.remove();
    }
  });

  it('refuses the planner that follows proposals for a model that makes none, and goes on with the one in force', async () => {
    const loaded = await load();
    const { actions } = await loaded.plan(planMessage({}));
    const alone = planMessage({ planner: 'inverse_dynamics' });
    await expect(loaded.plan(alone)).rejects.toMatchObject({ code: 'model.unsupported' });
    expect((await loaded.plan(alone)).actions).toEqual(actions);
  });

  it('takes a latent for a goal', async () => {
    const loaded = await load();
    const byImage = await loaded.plan(planMessage({}));
    // What its encoder makes of the goal's image: 4 / 255 rad for a step of a colour, less 2.
    const latent = Float32Array.of((4 * 200) / 255 - 2, (4 * 100) / 255 - 2);
    const message = planMessage({});
    const goal = { stampNs: 2n, set: { stampNs: 2n, frames: [], latent } };
    const byLatent = await loaded.plan({ ...message, goal });
    for (const [i, action] of byLatent.actions.entries())
      expect(action).toBeCloseTo(byImage.actions[i] ?? NaN, 3);
  });

  it('makes the latent of a goal that is a state by the goal encoder, and takes no image for it', async () => {
    const copy = await TinyModelCopy.create();
    try {
      await tellOfJoints(copy);
      engine = await PlannerEngine.load(loadFrom(copy.folder), silentLogger);
      const proprioception = Float64Array.of(0.1, 0.2);
      const { history, ...message } = planMessage({ 'sampling.horizon': 3 });
      const told = history.map(({ set, stampNs }) => ({ stampNs, set: set && { ...set, proprioception } }));
      const state = { stampNs: 2n, frames: [], proprioception: Float64Array.of((4 * 200) / 255 - 2, -0.43) };
      const plan = await engine.plan({ ...message, history: told, goal: { stampNs: 2n, set: state } });
      const onlyShoulder = plan.actions.filter((_, i) => i % plan.actionSize === 0);
      expect(onlyShoulder.reduce((sum, action) => sum + action, 0)).toBeGreaterThan(0.5);
      await expect(engine.plan({ ...message, history: told })).rejects.toMatchObject({
        code: 'model.unsupported',
      });
    } finally {
      await copy.remove();
    }
  });

  it('refuses inverse dynamics of another horizon', async () => {
    const copy = await TinyModelCopy.create();
    try {
      await addInverseDynamics(copy, 2);
      const loading = PlannerEngine.load(loadFrom(copy.folder), silentLogger);
      await expect(loading).rejects.toMatchObject({ code: 'model.signature-mismatch' });
    } finally {
      await copy.remove();
    }
  });

  it('says so when a plan cannot be made in one graph as it was told', async () => {
    const loaded = await load();
    const { statistics } = await loaded.plan(planMessage({ 'rollout.graph': 'plan', planner: 'icem' }));
    expect(statistics).toMatchObject({
      rollout: 'iteration',
      fallbacks: [
        { instead: 'plans made iteration by iteration', reason: expect.stringContaining('icem') as string },
      ],
    });
  });

  it('rests within the margin of the model beside its own objective, and within that of the values beside any', async () => {
    const copy = await TinyModelCopy.create();
    const wide = 1e6;
    const rests = async (values: Partial<PlanningValues>): Promise<boolean> => {
      const plan = await engine?.plan(planMessage(values));
      const isStill = plan?.actions.every((action) => action === 0);
      expect(isStill).toBe(plan?.statistics.rests);
      return plan?.statistics.rests === true;
    };
    try {
      engine = await PlannerEngine.load(loadSettings, silentLogger);
      expect(await rests({})).toBe(false);
      expect(await rests({ 'rest.margin': wide })).toBe(true);
      await engine.dispose();
      await copy.changeManifest(({ plannerDefaults }) => {
        plannerDefaults.restMargin = wide;
      });
      engine = await PlannerEngine.load(loadFrom(copy.folder), silentLogger);
      expect(await rests({})).toBe(true);
      expect(await rests({ planner: 'mppi', 'rollout.graph': 'plan' })).toBe(true);
      expect(await rests({ planner: 'random' })).toBe(false);
      expect(await rests({ 'rest.margin': 0 })).toBe(false);
      expect(await rests({ 'objective.metric': 'squared_latent_distance' })).toBe(false);
      expect(await rests({ 'objective.expression': 'goal_distance' })).toBe(false);
      expect(await rests({ 'objective.expression': 'goal_distance', 'rest.margin': wide })).toBe(true);
    } finally {
      await copy.remove();
    }
  });

  it('follows the proposal within the margin of the model beside its own objective, and within that of the values beside any', async () => {
    const copy = await TinyModelCopy.create();
    const wide = 1e6;
    const planned = async (values: Partial<PlanningValues>): Promise<Float32Array | undefined> =>
      (await engine?.plan(planMessage(values)))?.actions;
    const follows = async (values: Partial<PlanningValues>): Promise<boolean> => {
      const proposed = await planned({ planner: 'inverse_dynamics' });
      const actions = await planned(values);
      return proposed !== undefined && actions?.every((action, i) => action === proposed[i]) === true;
    };
    try {
      await addInverseDynamics(copy);
      engine = await PlannerEngine.load(loadFrom(copy.folder), silentLogger);
      expect(await follows({})).toBe(false);
      expect(await follows({ 'proposal.margin': wide })).toBe(true);
      await engine.dispose();
      await copy.changeManifest(({ plannerDefaults }) => {
        plannerDefaults.proposalMargin = wide;
      });
      engine = await PlannerEngine.load(loadFrom(copy.folder), silentLogger);
      expect(await follows({})).toBe(true);
      expect(await follows({ planner: 'mppi', 'rest.margin': wide })).toBe(true);
      expect(await follows({ 'proposal.margin': 0 })).toBe(false);
      expect(await follows({ 'objective.metric': 'squared_latent_distance' })).toBe(false);
      expect(await follows({ 'objective.expression': 'goal_distance', 'proposal.margin': wide })).toBe(true);
    } finally {
      await copy.remove();
    }
  });

  it('moves on when it has rested for as long as the values say', async () => {
    const loaded = await load();
    const restsAt = async (planIndex: number, ms: number): Promise<boolean> => {
      const stampNs = 1_000_000_000n + BigInt(ms) * 1_000_000n;
      const values: Partial<PlanningValues> = { 'rest.margin': 1e6, 'rest.patience_s': 0.2 };
      const plan = await loaded.plan({ ...planMessage(values, stampNs), planIndex });
      return plan.statistics.rests;
    };
    expect([await restsAt(0, 0), await restsAt(1, 100), await restsAt(2, 220)]).toEqual([true, true, false]);
    expect(await restsAt(0, 300)).toBe(true);
  });

  describe('marks plans that are no fair sample of planning time', () => {
    const later = (values: Partial<PlanningValues>): PlanMessage => ({
      ...planMessage(values),
      planIndex: 3,
    });
    const isWarmUp = async (by: PlannerEngine, job: PlanMessage): Promise<boolean> =>
      (await by.plan(job)).statistics.warmUp;

    it('the first after loading, unless one was made beforehand', async () => {
      const loaded = await load();
      expect(await isWarmUp(loaded, planMessage({}))).toBe(true);
      expect(await isWarmUp(loaded, later({}))).toBe(false);
      // Nothing is built after a reset.
      expect(await isWarmUp(loaded, planMessage({}))).toBe(false);
      await loaded.dispose();
      engine = await PlannerEngine.load({ ...loadSettings, warmUp: defaultValues }, silentLogger);
      expect(await isWarmUp(engine, planMessage({}))).toBe(false);
    });

    it('the first after a warm-up that failed', async () => {
      const wrong = { ...defaultValues, 'objective.expression': 'q[9]' };
      engine = await PlannerEngine.load({ ...loadSettings, warmUp: wrong }, silentLogger);
      expect(await isWarmUp(engine, planMessage({}))).toBe(true);
      expect(await isWarmUp(engine, later({}))).toBe(false);
    });

    it('those that a rollout is built in, and those with one that was built beside', async () => {
      const loaded = await load();
      await loaded.plan(planMessage({ 'sampling.horizon': 2 }));
      // Built within the plan, since nothing is under way.
      expect(await isWarmUp(loaded, planMessage({ 'sampling.horizon': 3 }))).toBe(true);
      expect(await isWarmUp(loaded, later({ 'sampling.horizon': 3 }))).toBe(false);
      // What needs no new graph is no reason.
      expect(await isWarmUp(loaded, later({ 'sampling.horizon': 3, 'sampling.iterations': 1 }))).toBe(false);
      // Asked for, and still made with the one in force.
      expect(await isWarmUp(loaded, later({ 'sampling.horizon': 4 }))).toBe(false);
      loaded.buildPending();
      expect(await isWarmUp(loaded, later({ 'sampling.horizon': 4 }))).toBe(true);
      expect(await isWarmUp(loaded, later({ 'sampling.horizon': 4 }))).toBe(false);
    });

    it('those during which one is built beside', async () => {
      const loaded = await load();
      await loaded.plan(planMessage({ 'sampling.horizon': 2 }));
      await loaded.plan(later({ 'sampling.horizon': 4 }));
      loaded.buildPending();
      expect(await isWarmUp(loaded, later({ 'sampling.horizon': 2 }))).toBe(true);
    });

    it('those that reduced precision is judged in', async () => {
      const loaded = await load();
      await loaded.plan(planMessage({}));
      expect(await isWarmUp(loaded, planMessage({ 'rollout.precision': 'int8' }))).toBe(true);
      expect(await isWarmUp(loaded, later({ 'rollout.precision': 'int8' }))).toBe(false);
    });
  });

  it('measures reduced precision before it plans with it', async () => {
    const lines: string[] = [];
    const log = (line: string): void => void lines.push(line);
    engine = await PlannerEngine.load(loadSettings, { debug: log, info: log, warn: log, error: log });
    await engine.plan(planMessage({ 'rollout.precision': 'int8' }));
    expect(lines.join()).toMatch(
      /int8 costs of 256 candidates rank as float32 ones do to [01].\d{4} \(Spearman\)/,
    );
  });

  it('holds frozen joints at their action in every plan', async () => {
    const loaded = await load();
    const plan = await loaded.plan(planMessage({ 'actions.frozen': 'elbow=0.5' }));
    const { actions, actionSize: joints, committed } = plan;
    const elbow = actions.subarray(committed * joints).filter((_, i) => i % joints === 1);
    expect(new Set(elbow)).toEqual(new Set([0.5]));
  });

  it.each([
    ['elbow', /actions.frozen/],
    ['knee=1', /knee/],
    ['elbow=fast', /fast/],
    ['elbow: 0', /equals sign/],
  ])('names frozen joints that it cannot read: %s', async (frozenActions, name) => {
    const loaded = await load();
    await expect(loaded.plan(planMessage({ 'actions.frozen': frozenActions }))).rejects.toThrow(name);
  });

  it('reports a setting that it does not serve, also where the rollout stays the same without it', async () => {
    const loaded = await load();
    const instead = async (values: Partial<PlanningValues>): Promise<readonly string[]> => {
      const { statistics } = await loaded.plan(planMessage(values));
      return statistics.fallbacks.map((fallback) => fallback.instead);
    };
    expect(await instead({ planner: 'icem' })).toEqual([]);
    expect(await instead({ planner: 'icem', 'rollout.graph': 'plan' })).toEqual([
      'plans made iteration by iteration',
    ]);
    expect(await instead({ planner: 'icem' })).toEqual([]);
  });

  it('refuses every plan while it has no objective that works', async () => {
    const loaded = await load();
    const bad = planMessage({ 'objective.expression': 'q[3]' });
    for (let plan = 0; plan < 2; plan++) {
      await expect(loaded.plan(bad)).rejects.toMatchObject({ code: 'objective.invalid' });
    }
  });

  it('brings candidates and cost terms along when they are asked for, and plans the same either way', async () => {
    const loaded = await load();
    const weighted = planMessage({
      'objective.smoothness_weight': 0.5,
      'objective.limit_weight': 2,
      'objective.limit_margin': 0.5,
      'objective.limit_margin_m': 0,
      'objective.action_weight': 0.1,
    });
    // In the margin, whose end is at 2.5.
    const joints = { ...weighted.joints, position: Float64Array.of(2.9, -2.9) };
    const plain = { ...weighted, joints };
    const before = await loaded.plan(plain);
    const plan = await loaded.plan({ ...plain, extras: { candidates: 5, costTerms: true } });
    expect(plan.actions).toEqual(before.actions);
    expect(before.candidates).toBeUndefined();
    expect(before.statistics.costTerms).toBeUndefined();
    expect(plan.candidates?.costs).toHaveLength(5);
    expect(plan.candidates?.actions).toHaveLength(5 * plan.actions.length);
    expect(plan.candidates?.elites).toBeGreaterThanOrEqual(1);
    expect(plan.candidates?.elites).toBeLessThan(5);
    const terms = plan.statistics.costTerms;
    if (terms === undefined) throw new Error('no cost terms');
    const { total, distance, motion, rest } = terms;
    const { action = NaN, smoothness = NaN, limit = NaN } = motion;
    expect(distance + action + smoothness + limit).toBeCloseTo(total, 6);
    for (const term of [distance, action, smoothness, limit]) expect(term).toBeGreaterThan(0);
    expect(rest).toBeGreaterThan(total);
  });

  it('shows the same candidates whether the iterations run on the host or the device', async () => {
    const loaded = await load();
    const shown = async (rollout: PlanningValues['rollout.graph']): Promise<Float32Array | undefined> => {
      const job = {
        ...planMessage({ 'rollout.graph': rollout }),
        extras: { candidates: 1000, costTerms: false },
      };
      const { statistics, candidates } = await loaded.plan(job);
      expect(statistics.rollout).toBe(rollout);
      return candidates?.costs;
    };
    const [onHost, onDevice] = [await shown('iteration'), await shown('plan')];
    expect(onDevice).toHaveLength(onHost?.length ?? -1);
    for (const [place, cost] of (onHost ?? []).entries()) expect(onDevice?.[place]).toBeCloseTo(cost, 4);
  });

  it('has compiled and planned once before it counts as loaded, when it is told what for', async () => {
    const lines: string[] = [];
    const log = {
      ...silentLogger,
      info: (line: string) => lines.push(line),
      warn: (line: string) => lines.push(line),
    };
    engine = await PlannerEngine.load({ ...loadSettings, warmUp: defaultValues }, log);
    expect(lines.some((line) => line.startsWith('warmed up in'))).toBe(true);
    await engine.dispose();
    const wrong = { ...defaultValues, 'objective.expression': 'q[9]' };
    engine = await PlannerEngine.load({ ...loadSettings, warmUp: wrong }, log);
    expect(lines.some((line) => line.includes('not warmed up') && line.includes('objective.invalid'))).toBe(
      true,
    );
  });
});
