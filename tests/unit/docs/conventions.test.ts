import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const fromRoot = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

/** The rows of the table of docs/ros.md: its cells. */
const rows = readFileSync(fromRoot('docs/ros.md'), 'utf8')
  .split('## Conventions')[1]
  ?.split('\n')
  .filter((line) => /^\| +\d+ +\|/.test(line))
  .map((line) => line.split('|').map((cell) => cell.trim()));

/** `tests/ros/test_seeing.py::TestLog`, as `[file, name within it]`. */
const tests = (rows ?? []).flatMap((cells) =>
  [...(cells[4] ?? '').matchAll(/`([^`:]+)(?:::([^`]+))?`/g)].map(([, file = '', name = '']) => [file, name]),
);

describe('the conventions of docs/ros.md', () => {
  it('are all answered, and most by a test', () => {
    expect(rows).toHaveLength(28);
    expect(rows?.filter((cells) => cells[3] === '')).toEqual([]);
    expect(rows?.filter((cells) => cells[4]?.startsWith('`')).length).toBeGreaterThanOrEqual(24);
  });

  it.each(tests)('%s %s is there', (file, name) => {
    const path = fromRoot(file);
    expect(existsSync(path)).toBe(true);
    expect(readFileSync(path, 'utf8')).toMatch(name === '' ? /test/ : new RegExp(`(class|def) ${name}\\b`));
  });
});
