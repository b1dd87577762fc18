import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';

import type { JepaMpcError } from '../../../src/core/errors.js';
import { DISTANCE_METRICS, STEP_AGGREGATIONS } from '../../../src/core/objective-spec.js';
import type { ActionSpec, CameraSpec, HistorySpec, LatentSpec } from '../../../src/core/model-spec.js';
import { parseManifest } from '../../../src/model/manifest.js';
import { thrownBy } from '../../fixtures/robot.js';
import { readTinyManifest, type LooseManifest } from '../../fixtures/tiny-model.js';

let manifest: LooseManifest;

beforeEach(async () => {
  manifest = await readTinyManifest();
});

const refusal = (json: string): JepaMpcError => thrownBy(() => parseManifest(json, 'manifest.json'));

/** Every object inside a value, with its path. */
function objectsIn(value: unknown, path = ''): { path: string; object: Record<string, unknown> }[] {
  if (Array.isArray(value)) return value.flatMap((item, i) => objectsIn(item, `${path}[${String(i)}]`));
  if (typeof value !== 'object' || value === null) return [];
  const object = value as Record<string, unknown>;
  return [
    { path, object },
    ...Object.entries(object).flatMap(([key, item]) => objectsIn(item, path === '' ? key : `${path}.${key}`)),
  ];
}

describe('parseManifest', () => {
  it('reads a manifest as the rest of the code sees it', () => {
    const parsed = parseManifest(JSON.stringify(manifest), 'manifest.json');
    const cameras: readonly CameraSpec[] = parsed.cameras;
    const latent: LatentSpec = parsed.latent;
    const history: HistorySpec = parsed.history;
    const action: ActionSpec = parsed.action;
    expect({ cameras, latent, history, action }).toEqual({
      cameras: manifest.cameras,
      latent: manifest.latent,
      history: { ...manifest.history, actions: 'newest' },
      action: {
        ...manifest.action,
        names: manifest.action.joints,
        frozen: [null, null],
        deadBand: [0, 0],
        endEffector: null,
        gripper: null,
      },
    });
  });

  it('does without a distance graph when the objective needs none', () => {
    delete manifest.graphs.distance;
    manifest.objective.default = 'squared_latent_distance';
    expect(parseManifest(JSON.stringify(manifest), 'manifest.json').graphs.distance).toBeUndefined();
  });

  it.each(DISTANCE_METRICS.flatMap((metric) => STEP_AGGREGATIONS.map((steps) => [metric, steps] as const)))(
    'takes %s over %s steps for the objective of a model',
    (metric, steps) => {
      manifest.objective = { default: metric, steps };
      expect(parseManifest(JSON.stringify(manifest), 'manifest.json').objective).toEqual(manifest.objective);
    },
  );

  it('refuses an unknown field at every level, and says where', () => {
    const paths = objectsIn(manifest).map(({ path }) => path);
    expect(paths.length).toBeGreaterThan(12);
    for (const path of paths) {
      const spoilt = structuredClone(manifest);
      const target = objectsIn(spoilt).find((candidate) => candidate.path === path);
      if (target !== undefined) target.object['surprise'] = 1;
      const error = refusal(JSON.stringify(spoilt));
      expect(error.code).toBe('model.manifest-invalid');
      expect(error.facts.found).toBe(`${path === '' ? '' : `${path}.`}surprise: an unknown field`);
    }
  });

  it('refuses a missing field at every level, and says which', () => {
    for (const { path, object } of objectsIn(manifest)) {
      for (const key of Object.keys(object)) {
        const full = path === '' ? key : `${path}.${key}`;
        const spoilt = structuredClone(manifest);
        const target = objectsIn(spoilt).find((candidate) => candidate.path === path);
        if (target !== undefined) Reflect.deleteProperty(target.object, key);
        expect(refusal(JSON.stringify(spoilt)).facts.found).toContain(`${full}: `);
      }
    }
  });

  it('suggests the field that was meant', () => {
    const { initialStd, ...rest } = manifest.plannerDefaults;
    const spoilt = { ...manifest, plannerDefaults: { ...rest, initalStd: initialStd } };
    expect(refusal(JSON.stringify(spoilt)).message).toContain('did you mean "initialStd"');
  });

  it('lists every problem at once', () => {
    manifest.latent.dim = 0;
    manifest.action.periodMs = -1;
    manifest.history.mode = 'endless';
    const { found, expected } = refusal(JSON.stringify(manifest)).facts;
    for (const part of ['latent.dim: 0', 'action.periodMs: -1', 'history.mode: "endless"'])
      expect(found).toContain(part);
    for (const part of [
      'latent.dim: at least 1',
      'action.periodMs: more than 0',
      'history.mode: "sliding" or "markov" or "growing"',
    ]) {
      expect(expected).toContain(part);
    }
  });

  const crossChecks: [string, (m: LooseManifest) => void, RegExp][] = [
    [
      'a mean for each joint',
      (m) => m.action.mean.push(0),
      /action.mean: 3, expected action.mean: 2 entries/,
    ],
    [
      'bounds for each joint',
      (m) => m.action.upper.pop(),
      /action.upper: 1, expected action.upper: 2 entries/,
    ],
    [
      'lower below upper',
      (m) => (m.action.lower[1] = 2),
      /action.lower\[1\]: 2, expected .*less than action.upper\[1\] \(2\)/,
    ],
    ['no joint twice', (m) => (m.action.joints[1] = 'shoulder'), /action.joints: \["shoulder","shoulder"\]/],
    [
      'a standard deviation above 0',
      (m) => (m.action.std[0] = 0),
      /action.std\[0\]: 0, expected action.std\[0\]: more than 0/,
    ],
    [
      'a mean for each channel',
      (m) => m.cameras[0]?.mean.pop(),
      /cameras\[0\].mean: 2, expected cameras\[0\].mean: 3 entries/,
    ],
    ['no two cameras of one name', (m) => m.cameras.push(...m.cameras), /cameras\[1\].name: "image"/],
    [
      'no colour order for one channel',
      (m) => {
        m.cameras.forEach((c) => (c.channels = 1));
      },
      /cameras\[0\].colorOrder: "rgb"/,
    ],
    [
      'a window of 1 for a markov model',
      (m) => (m.history.mode = 'markov'),
      /history.window: 2, expected history.window: 1/,
    ],
    [
      'a longer window for a sliding one',
      (m) => (m.history.window = 1),
      /history.window: 1, expected history.window: at least 2/,
    ],
    [
      'no more elites than samples',
      (m) => (m.plannerDefaults.elites = 65),
      /plannerDefaults.elites: 65, expected .* at most samples \(64\)/,
    ],
    ['minStd up to initialStd', (m) => (m.plannerDefaults.minStd = 2), /plannerDefaults.minStd: 2/],
    ['a graph for its objective', (m) => delete m.graphs.distance, /graphs.distance: nothing/],
    [
      'files inside the folder',
      (m) => (m.graphs.encoder.file = '../encoder.onnx'),
      /graphs.encoder.file: "..\/encoder.onnx"/,
    ],
    ['a whole hash', (m) => (m.golden.sha256 = 'abc'), /golden.sha256: "abc", expected .*64 lower-case/],
  ];
  it.each(crossChecks)('wants %s', (_, spoil, message) => {
    spoil(manifest);
    const error = refusal(JSON.stringify(manifest));
    expect(error.code).toBe('model.manifest-invalid');
    expect(error.message).toMatch(message);
  });

  it.each([
    ['a newer version', { version: 2 }, 'version: 2', /or update jepa_mpc/],
    ['an older version', { version: 0 }, 'version: 0', /for version 1 of the contract\.$/],
    ['a version that is no number', { version: '1' }, 'version: "1"', /for version 1 of the contract\.$/],
    ['another format', { format: 'other' }, 'format: "other"', /for version 1 of the contract\.$/],
  ])('refuses %s of the contract with the version that is needed', (_, change, found, remedy) => {
    const { code, facts } = refusal(JSON.stringify({ ...manifest, ...change }));
    expect(code).toBe('model.unsupported');
    expect(facts.found).toContain(found);
    expect(facts.expected).toBe('format: "jepa-mpc-model"; version: 1');
    expect(facts.remedy).toMatch(remedy);
  });

  it('answers any text with a named error', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(['model.manifest-invalid', 'model.unsupported']).toContain(refusal(text).code);
      }),
    );
  });
});
