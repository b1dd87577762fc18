import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { defaultProfilesFolder, ProfileStore } from '../../../src/dashboard/profiles/profile-store.js';
import { Profiles } from '../../../src/dashboard/profiles/profiles.js';
import type { NodeParameters } from '../../../src/dashboard/profiles/profiles.js';
import type { ParameterInfo, ParameterValue } from '../../../src/dashboard/protocol.js';
import type { Outcome } from '../../../src/dashboard/server/hub.js';
import { parameterInfos } from '../../../src/params/schema.js';

/** A node that takes dynamic parameters, and static ones while it is not configured. */
class FakeNode implements NodeParameters {
  isConfigured = true;
  readonly sets: Readonly<Record<string, ParameterValue>>[] = [];
  readonly infos: ReadonlyMap<string, ParameterInfo> = new Map(
    parameterInfos.map((info) => [
      info.name,
      {
        name: info.name,
        type: info.type,
        range: info.range === undefined ? null : [...info.range],
        step: null,
        unit: info.unit,
        defaultValue: plain(info.defaultValue),
        description: info.description,
        change: info.change,
        choices: info.choices === undefined ? null : [...info.choices],
        maxLength: info.maxLength ?? null,
      },
    ]),
  );
  readonly values = new Map<string, ParameterValue>(
    parameterInfos.map(({ name, defaultValue }) => [name, plain(defaultValue)]),
  );

  requireValues(): ReadonlyMap<string, ParameterValue> {
    return this.values;
  }

  set(values: Readonly<Record<string, ParameterValue>>): Promise<Outcome> {
    this.sets.push(values);
    const frozen = Object.keys(values).find(
      (name) => this.infos.get(name)?.change !== 'dynamic' && this.isConfigured,
    );
    if (frozen !== undefined)
      return Promise.resolve({
        ok: false,
        refusal: { message: `${frozen} is in use`, parameter: frozen, place: null },
      });
    for (const [name, value] of Object.entries(values)) this.values.set(name, value);
    return Promise.resolve({ ok: true, message: '' });
  }
}

function plain(value: (typeof parameterInfos)[number]['defaultValue']): ParameterValue {
  return typeof value === 'object' ? [...value] : value;
}

describe('profiles', () => {
  let folder = '';
  let node = new FakeNode();
  let profiles: Profiles;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'profiles-'));
    node = new FakeNode();
    profiles = new Profiles(new ProfileStore(folder), '/planner_node', node);
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });
  const write = (name: string, text: string): void => {
    writeFileSync(join(folder, `${name}.yaml`), text);
  };

  it('bring back what was saved, and forget what was turned since', async () => {
    node.values.set('sampling.samples', 300);
    node.values.set('mppi.temperature', 2);
    await profiles.save('good');
    node.values.set('sampling.samples', 10);
    node.values.set('planner', 'mppi');
    const outcome = await profiles.load('good');
    expect(outcome).toMatchObject({ ok: true, data: { changed: ['planner', 'sampling.samples'], kept: [] } });
    expect(node.values.get('sampling.samples')).toBe(300);
    expect(node.values.get('planner')).toBe('cem');
  });

  it('never make the robot faster without saying so', async () => {
    await profiles.save('before');
    node.values.set('command.speed_scale', 0.2);
    node.values.set('goal.tolerance', 0.01);
    await profiles.load('before');
    expect(node.values.get('command.speed_scale')).toBe(0.2);
    expect(node.values.get('goal.tolerance')).toBe(0.01);
  });

  it('do not contain the arguments of services', async () => {
    node.values.set('goal.name', 'home');
    await profiles.save('good');
    expect(readFileSync(join(folder, 'good.yaml'), 'utf8')).not.toContain('home');
  });

  it('leave what needs a clean-up, and say so; an unconfigured node takes it', async () => {
    write('other', '/**:\n  ros__parameters:\n    seed: 7\n    sampling.samples: 50\n    autostart: true\n');
    expect(await profiles.load('other')).toMatchObject({
      ok: true,
      data: { changed: ['sampling.samples'], kept: ['seed', 'autostart'] },
    });
    expect(node.values.get('seed')).toBe(1);
    node.isConfigured = false;
    expect(await profiles.load('other')).toMatchObject({
      ok: true,
      data: { changed: ['seed'], kept: ['autostart'] },
    });
    expect(node.values.get('seed')).toBe(7);
  });

  it.each([
    ['an unknown name', 'sampling.sampels: 3', /sampling\.sampels.*Did you mean sampling\.samples/s],
    ['a name of another version', 'cem.samples: 3', /former name cem\.samples.*sampling\.samples/s],
    [
      'a value out of range',
      'sampling.samples: -3',
      /sampling\.samples: found -3, expected a whole number from 0/,
    ],
    ['a value of another type', 'planner: 3', /planner/],
  ])('with %s are refused by name, and nothing is set', async (_, line, reason) => {
    write('bad', `/**:\n  ros__parameters:\n    mppi.temperature: 2.0\n    ${line}\n`);
    await expect(profiles.load('bad')).rejects.toMatchObject({
      code: 'params.invalid',
      message: expect.stringMatching(reason) as string,
    });
    expect(node.sets).toEqual([]);
  });

  it('that are no YAML are refused with the file and the line', async () => {
    write('broken', '/**:\n  ros__parameters:\n   - [\n');
    await expect(profiles.load('broken')).rejects.toMatchObject({
      message: expect.stringMatching(/broken\.yaml.*line/s) as string,
    });
  });

  it('of which there is none are refused with those there are', async () => {
    await profiles.save('good');
    await expect(profiles.load('godo')).rejects.toMatchObject({
      code: 'profile.name',
      message: expect.stringContaining('Did you mean good?') as string,
    });
  });

  it('are compared with each other, the present and the defaults', async () => {
    node.values.set('sampling.samples', 300);
    await profiles.save('many');
    node.values.set('sampling.samples', 20);
    const many = { kind: 'profile', name: 'many' } as const;
    expect(await profiles.compare(many, { kind: 'present' })).toEqual([
      { name: 'sampling.samples', left: 300, right: 20 },
    ]);
    expect(await profiles.compare({ kind: 'defaults' }, many)).toEqual([
      { name: 'sampling.samples', left: 0, right: 300 },
    ]);
    expect(await profiles.compare(many, many)).toEqual([]);
  });

  it('keep their comments, and what they say that is still so', async () => {
    const text =
      '# By hand.\nplanner_node:\n  ros__parameters:\n    # many\n    sampling:\n      samples: 200 # tuned\n    watchdog.image_timeout_s: "300 ms"\n';
    write('mine', text);
    node.values.set('sampling.samples', 250);
    node.values.set('watchdog.image_timeout_s', 0.3);
    node.values.set('mppi.temperature', 2);
    await profiles.save('mine');
    expect(readFileSync(join(folder, 'mine.yaml'), 'utf8')).toBe(
      text.replace('200', '250').concat('    mppi.temperature: 2.0\n'),
    );
  });

  it('never have a name that leads out of their folder', async () => {
    const store = new ProfileStore(folder);
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.string(), fc.constantFrom('../a', '/etc/passwd', 'a/b', '.', '..', 'a\0')),
        async (name) => {
          try {
            expect(join(store.fileOf(name), '..')).toBe(folder);
          } catch (error) {
            expect(error).toMatchObject({ code: 'profile.name' });
            await expect(store.read(name)).rejects.toMatchObject({ code: 'profile.name' });
          }
        },
      ),
    );
  });

  it('are in the folder that XDG names', () => {
    expect(defaultProfilesFolder({ XDG_DATA_HOME: '/data' })).toBe('/data/jepa-mpc/profiles');
    expect(defaultProfilesFolder({})).toMatch(/\.local\/share\/jepa-mpc\/profiles$/);
  });
});
