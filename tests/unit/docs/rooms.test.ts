import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ROOT } from './files.js';

const PAGE = readFileSync(`${ROOT}docs/architecture.md`, 'utf8');

describe('docs/architecture.md', () => {
  it('has a row for each room of src, and for no other', () => {
    const rows = [...PAGE.matchAll(/^\| `src\/([\w-]+)` +\|/gm)].map(([, room = '']) => room);
    expect(rows.sort()).toEqual(readdirSync(`${ROOT}src`).sort());
  });

  it('draws a frame that makes at most ten stops, each a class of the product', () => {
    const [, diagram = ''] = /```mermaid\nsequenceDiagram\n([^]*?)```/.exec(PAGE) ?? [];
    const stops = [...diagram.matchAll(/participant \w+ as (\w+)/g)].map(([, name = '']) => name);
    // Mermaid ends a statement at a semicolon.
    expect(diagram).not.toContain(';');
    expect(stops.length).toBeGreaterThan(0);
    expect(stops.length).toBeLessThanOrEqual(10);
    const sources = readdirSync(`${ROOT}src`, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts'))
      .map((path) => readFileSync(`${ROOT}src/${path}`, 'utf8'));
    const missing = stops.filter(
      (name) =>
        !sources.some((text) => new RegExp(`export (abstract )?(class|interface) ${name}\\b`).test(text)),
    );
    expect(missing).toEqual([]);
  });
});
