import { readFileSync } from 'node:fs';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { JepaMpcError } from '../../../src/core/errors.js';
import { parametersMarkdown } from '../../../src/params/markdown.js';
import { parameterInfos, parameterSchema, parametersByName } from '../../../src/params/schema.js';
import type { Parameters } from '../../../src/params/schema.js';
import { validateParameters } from '../../../src/params/validate.js';
import { thrownBy } from '../../fixtures/robot.js';

const refusal = (values: Record<string, unknown>): JepaMpcError => thrownBy(() => validateParameters(values));

describe('the parameter schema', () => {
  it('describes every parameter, with a range for every number', () => {
    for (const info of parameterInfos) {
      expect(info.description, info.name).toMatch(/\.$/);
      if (info.type !== 'string' && info.type !== 'boolean') {
        expect(info.unit, info.name).not.toBe('');
        expect(info.range?.every(Number.isFinite), info.name).toBe(true);
      }
    }
  });

  it('has no name that is the beginning of another: as nested keys of a parameter file both would be one', () => {
    const names = parameterInfos.map(({ name }) => name);
    expect(names.filter((name) => names.some((other) => other.startsWith(`${name}.`)))).toEqual([]);
  });

  it('is what docs/parameters.md says (npm run docs)', () => {
    expect(readFileSync('docs/parameters.md', 'utf8')).toBe(parametersMarkdown());
  });

  it('accepts its own defaults', () => {
    const defaults = Object.fromEntries(parameterInfos.map((info) => [info.name, info.defaultValue]));
    expect(validateParameters(defaults)).toEqual(validateParameters({}));
  });

  it('accepts a number exactly when it is within the declared range', () => {
    const numbers = parameterInfos.filter((info) => info.range !== undefined);
    fc.assert(
      fc.property(fc.constantFrom(...numbers), fc.integer({ min: -10, max: 200000 }), (info, value) => {
        const [from, to] = info.range ?? [0, 0];
        const given = info.maxLength === undefined ? value : [value];
        const accepted = parameterSchema.safeParse({ [info.name]: given }).success;
        expect(accepted).toBe(value >= from && value <= to);
      }),
    );
  });
});

describe('bad parameters', () => {
  it('an unknown name is answered with the nearest known one', () => {
    const error = refusal({ 'sampling.sample': 3 });
    expect(error.code).toBe('params.invalid');
    expect(error.message).toContain('sampling.sample');
    expect(error.facts.remedy).toContain('sampling.samples');
  });

  it.each([
    ['sampling.samples', 1.5, 'a whole number from 0 to 100000'],
    ['command.period_ms', 0, 'a whole number from 1 to 1000 ms'],
    ['device', 'gpu', 'one of auto, cpu, cuda, tensorrt, webgpu'],
    ['watchdog.image_timeout_s', NaN, 'a number from 0.01 to 60 s'],
    ['autostart', 'yes', 'true or false'],
    ['sampling.joint_min_std', [0.1, NaN], 'a list of at most 64 numbers, each from 0 to 10'],
    ['sampling.joint_min_std', Array(65).fill(1), 'a list of at most 64 numbers, each from 0 to 10'],
    ['model', null, 'text'],
  ])('%s = %s names what it may be', (name, value, expected) => {
    const error = refusal({ [name]: value });
    expect(error.facts.subject).toContain(name);
    expect(error.facts.expected).toBe(expected);
  });

  it('several at once are each named with what was found and what it may be', () => {
    const { found, expected } = refusal({ device: 'cudda', 'sampling.samples': -1n }).facts;
    expect(found).toBe('device "cudda", sampling.samples -1');
    expect(expected).toMatch(/^device one of .*, sampling.samples a whole number from 0 to 100000$/);
  });

  it('a choice is answered with the nearest one', () => {
    expect(refusal({ device: 'cudda' }).facts.remedy).toBe('Did you mean cuda?');
  });
});

describe('former names of parameters', () => {
  it.each([
    ['cem.samples', 'sampling.samples'],
    ['cem.joint_min_std', 'sampling.joint_min_std'],
    ['cem.action_penalty', 'objective.action_weight'],
  ])('%s is refused with its present name, %s', (former, present) => {
    const error = refusal({ [former]: 3 });
    expect(error.facts.found).toContain(former);
    expect(error.facts.remedy).toBe(`Write ${present}.`);
    expect(parametersByName.has(present)).toBe(true);
  });

  it('are kept apart from unknown ones', () => {
    const { found, remedy } = refusal({ 'cem.samples': 3, modle: 'x' }).facts;
    expect(found).toBe('former name cem.samples; unknown name modle');
    expect(remedy).toBe('Write sampling.samples. Did you mean model?');
  });

  it('a misspelt one suggests the present name', () => {
    expect(refusal({ 'cem.sampels': 3 }).facts.remedy).toBe('Did you mean sampling.samples?');
  });
});

describe('values as a parameter file has them', () => {
  const validate = (values: Record<string, unknown>): Parameters =>
    validateParameters(values, { acceptsQuantities: true });

  it('whole numbers do for any number', () => {
    expect(validate({ 'mppi.temperature': 1n, 'sampling.joint_min_std': [0.5, 1n] })).toMatchObject({
      'mppi.temperature': 1,
      'sampling.joint_min_std': [0.5, 1],
    });
  });

  it('text is a number with its unit, in the unit of the parameter', () => {
    const values = validate({
      'command.period_ms': '0.05 s',
      'limits.default_acceleration': '180 deg/s^2',
      'actions.upper': ['90 deg/s', 1n],
    });
    expect(values['command.period_ms']).toBe(50);
    expect(values['limits.default_acceleration']).toBeCloseTo(Math.PI, 12);
    expect(values['actions.upper'][0]).toBeCloseTo(Math.PI / 2, 12);
  });

  it.each([
    ['command.period_ms', '30 deg/s', 'a whole number from 1 to 1000 ms, or text with such a unit'],
    ['command.period_ms', '2.5 ms', 'a whole number from 1 to 1000 ms, or text with such a unit'],
    ['planning.timeout_s', '3 h', 'a number from 0.01 to 120 s, or text with such a unit'],
    ['sampling.samples', '64', 'a whole number from 0 to 100000'],
    ['sampling.samples', '64 ms', 'a whole number from 0 to 100000'],
  ])('%s: "%s" names the parameter, what was found and the unit', (name, value, expected) => {
    const text = (): unknown => validate({ [name]: value });
    expect(text).toThrow(`parameter ${name}: found "${value}", expected ${expected}.`);
  });

  it('a running node takes numbers alone', () => {
    expect(() => validateParameters({ 'command.period_ms': '50 ms' })).toThrow(/from 1 to 1000 ms\. /);
  });
});
