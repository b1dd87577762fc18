import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { parametersByName } from '../../../src/params/schema.js';
import { withLadder } from '../../../src/safety/ladder-markdown.js';
import { LADDER, rung } from '../../../src/safety/ladder.js';
import { thrownBy } from '../../fixtures/robot.js';

describe('the tables of docs/safety.md', () => {
  const page = readFileSync('docs/safety.md', 'utf8');

  it('are those of the ladder (npm run docs)', () => {
    expect(withLadder(page)).toBe(page);
  });

  it('have one row for each fault, with its reaction and its bound', () => {
    for (const { id, fault, reaction, boundMs } of LADDER) {
      const rows = page.split('\n').filter((line) => line.startsWith(`| \`${id}\`: ${fault} |`));
      expect(rows, id).toHaveLength(1);
      expect(rows[0]).toContain(`| **${reaction}** | ${String(boundMs)} ms`);
    }
  });

  it('need their marks in the page', () => {
    expect(
      thrownBy(() => {
        withLadder('# Safety');
      }).code,
    ).toBe('docs.no-marks');
  });

  it('come with a denial of any safety level', () => {
    expect(page).toContain('claims no safety integrity level and no performance level');
  });
});

describe('the ladder', () => {
  it('says everything about every fault', () => {
    for (const row of LADDER) {
      expect(row.id).toMatch(/^[a-z]+(-[a-z]+)*$/);
      for (const text of ['fault', 'detection', 'operatorSees', 'clears'] as const)
        expect(row[text], `${row.id}, ${text}`).not.toBe('');
      expect(Number.isInteger(row.boundMs) && row.boundMs > 0, row.id).toBe(true);
    }
  });

  it('bounds a fault that a timeout detects by the default of that parameter and at most 100 ms', () => {
    const timed = LADDER.filter(({ timeout }) => timeout !== undefined);
    expect(timed.length).toBeGreaterThan(10);
    for (const { id, timeout = '', boundMs } of timed) {
      const info = parametersByName.get(timeout);
      expect(info, id).toBeDefined();
      const defaultMs = Number(info?.defaultValue) * (info?.unit === 's' ? 1000 : 1);
      expect(boundMs - defaultMs, id).toBeGreaterThan(0);
      expect(boundMs - defaultMs, id).toBeLessThanOrEqual(100);
    }
  });

  it('leaves only a person to clear a stop', () => {
    for (const { id, reaction, clears } of LADDER.filter((row) => row.reaction === 'stop'))
      expect(clears, `${id}: ${reaction}`).toMatch(/~\/reset|activation|configure|a start/);
  });

  it('holds within 100 ms when the planner worker dies', () => {
    expect(rung('worker-died')).toMatchObject({ reaction: 'hold', boundMs: 100 });
  });
});
