import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import { contractMarkdown } from '../../../src/model/contract-markdown.js';
import { readTinyManifest } from '../../fixtures/tiny-model.js';

/** Paths of all fields in a manifest, as the page writes them. */
function pathsIn(value: unknown, path: string): string[] {
  if (Array.isArray(value)) return pathsIn(value[0], `${path}[]`);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => {
    const own = path === '' ? key : `${path}.${key}`;
    return [own, ...pathsIn(item, own)];
  });
}

describe('the page of the model contract', () => {
  const page = contractMarkdown();
  const rows = page.split('\n').filter((line) => line.startsWith('| `'));

  it('is docs/model-contract.md (npm run docs)', () => {
    expect(readFileSync('docs/model-contract.md', 'utf8')).toBe(page);
  });

  it('has a row for every field of a manifest', async () => {
    for (const path of pathsIn(await readTinyManifest(), '')) expect(page).toContain(`| \`${path}\` | `);
  });

  it('says of every field what it is', () => {
    expect(rows.length).toBeGreaterThan(60);
    for (const row of rows) expect(row).toMatch(/ \| .+ \| [A-Z`].{5,} \|$/);
  });

  it('tells what is optional, and what it is then', () => {
    expect(page).toMatch(/`graphs.distance` .* \| none \| /);
    expect(page).toMatch(/`history.actions` .* \| `newest` \| /);
    expect(page).toMatch(/`action.periodMs` \| number, more than 0 \| ms \| required \| /);
  });
});
