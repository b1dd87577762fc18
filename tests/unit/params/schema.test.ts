import { readFileSync } from 'node:fs';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { JepaMpcError } from '../../../src/core/errors.js';
import { parametersMarkdown } from '../../../src/params/markdown.js';
import { parameterInfos, parameterSchema } from '../../../src/params/schema.js';
import { validateParameters } from '../../../src/params/validate.js';

function refusal(values: Record<string, unknown>): JepaMpcError {
  try {
    validateParameters(values);
  } catch (error) {
    if (error instanceof JepaMpcError) return error;
    throw error;
  }
  throw new Error('the parameters were accepted');
}

describe('the parameter schema', () => {
  it('describes every parameter, with a range for every number', () => {
    for (const info of parameterInfos) {
      expect(info.description, info.name).toMatch(/\.$/);
      if (info.type === 'integer' || info.type === 'double') {
        expect(info.unit, info.name).not.toBe('');
        expect(info.range?.every(Number.isFinite), info.name).toBe(true);
      }
    }
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
        const accepted = parameterSchema.safeParse({ [info.name]: value }).success;
        expect(accepted).toBe(value >= from && value <= to);
      }),
    );
  });
});

describe('bad parameters', () => {
  it('an unknown name is answered with the nearest known one', () => {
    const error = refusal({ 'cem.sample': 3 });
    expect(error.code).toBe('params.invalid');
    expect(error.message).toContain('cem.sample');
    expect(error.facts.remedy).toContain('cem.samples');
  });

  it.each([
    ['cem.samples', 1.5, 'a whole number from 0 to 100000'],
    ['command.period_ms', 0, 'a whole number from 1 to 1000 ms'],
    ['device', 'gpu', 'one of auto, cpu, cuda, tensorrt, webgpu'],
    ['watchdog.image_timeout_s', NaN, 'a number from 0.01 to 60 s'],
    ['autostart', 'yes', 'a boolean'],
  ])('%s = %s names what it may be', (name, value, expected) => {
    const error = refusal({ [name]: value });
    expect(error.facts.subject).toContain(name);
    expect(error.facts.expected).toBe(expected);
  });
});
