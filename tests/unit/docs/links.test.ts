import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { filesBelow, ROOT } from './files.js';
import { anchorsOf, linksOf, pathsOf } from './markdown.js';

const PAGES = [
  ...['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md'],
  ...['docs', 'bench', 'examples', 'training', 'packages', 'interfaces'].flatMap(filesBelow),
].filter((path) => path.endsWith('.md'));

/** Top-level folders whose paths pages name. */
const FOLDERS = [
  ...[
    'src',
    'eval',
    'packages',
    'tests',
    'scripts/setup',
    'scripts/checks',
    'docs',
    'launch',
    'config',
    'urdf',
  ],
  ...[
    'sim/common',
    'sim/mujoco',
    'sim/gazebo',
    'bench/harness',
    'bench/reference',
    'interfaces',
    'rviz',
    'foxglove',
  ],
];

const DECISIONS = filesBelow('docs/adr');

/** Whether a path, or a decision record named by its number alone, is there. */
function isThere(path: string): boolean {
  if (existsSync(join(ROOT, path))) return true;
  return /^docs\/adr\/\d{4}$/.test(path) && DECISIONS.some((file) => file.startsWith(`${path}-`));
}

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** Path and anchor that a link of a page leads to; null for a link to elsewhere on the web. */
function resolve(page: string, target: string): { readonly path: string; readonly anchor: string } | null {
  if (/^[a-z][a-z+.-]*:/i.test(target)) return null;
  const [file = '', anchor = ''] = target.split('#');
  return { path: file === '' ? page : normalize(join(dirname(page), decodeURI(file))), anchor };
}

function isDead(page: string, target: string): boolean {
  const end = resolve(page, target);
  if (end === null) return false;
  if (!existsSync(join(ROOT, end.path))) return true;
  return end.anchor !== '' && end.path.endsWith('.md') && !anchorsOf(read(end.path)).has(end.anchor);
}

/** Files of the repository that a page links to. */
function linkedFrom(page: string): string[] {
  return linksOf(read(page)).flatMap(({ target }) => resolve(page, target)?.path ?? []);
}

describe('the pages', () => {
  it.each(PAGES)('%s has no dead link', (page) => {
    const dead = linksOf(read(page)).filter(({ target }) => isDead(page, target));
    expect(dead.map(({ line, target }) => `${page}:${line}: ${target}`)).toEqual([]);
  });

  it.each(PAGES)('%s names no file that is not there', (page) => {
    const missing = pathsOf(read(page), FOLDERS).filter(({ target }) => !isThere(target));
    expect(missing.map(({ line, target }) => `${page}:${line}: ${target}`)).toEqual([]);
  });

  it('that sources and launch files name are there', () => {
    const sources = ['src', 'eval', 'packages', 'sim', 'launch', 'scripts', 'config', 'training', 'bench']
      .flatMap(filesBelow)
      .filter((path) => /\.(ts|mjs|py|sdf|yaml|cc|hh)$/.test(path) && !path.endsWith('onnx_pb.ts'));
    const missing = [...sources, 'package.xml', 'CMakeLists.txt'].flatMap((path) =>
      pathsOf(read(path), ['docs'])
        .filter(({ target }) => !isThere(target))
        .map(({ line, target }) => `${path}:${line}: ${target}`),
    );
    expect(missing).toEqual([]);
  });

  it('in docs can all be reached from the README', () => {
    const reached = new Set(['README.md']);
    for (const page of reached)
      if (page.endsWith('.md')) for (const path of linkedFrom(page)) reached.add(path);
    expect(PAGES.filter((page) => page.startsWith('docs/') && !reached.has(page))).toEqual([]);
  });

  it('lead from the README to where the committed prefix is computed in two clicks', () => {
    expect(linkedFrom('README.md')).toContain('docs/architecture.md');
    expect(linkedFrom('docs/architecture.md')).toContain('src/timeline/committed-prefix.ts');
  });
});

describe('the reader of pages', () => {
  it('finds links, images and definitions, but not those in code', () => {
    const page = '[a](b.md#c) ![d](e.png "title") `[x](y)`\n```\n[x](y)\n```\n[f]: g.md';
    expect(linksOf(page)).toEqual([
      { line: 1, target: 'b.md#c' },
      { line: 1, target: 'e.png' },
      { line: 5, target: 'g.md' },
    ]);
  });

  it('makes the anchors that GitHub makes', () => {
    const page = '# On a GPU\n## `~/goal`, [and](x.md) more\n## On a GPU\n```\n# not one\n```';
    expect([...anchorsOf(page)]).toEqual(['on-a-gpu', 'goal-and-more', 'on-a-gpu-1']);
  });

  it('finds paths in code and prose, without patterns and the end of a sentence', () => {
    const page = 'see `src/core/types.ts`, src/loop. Not src/*, dist/src/cli/main.js or [x](src/y.ts).';
    expect(pathsOf(page, ['src'])).toEqual([
      { line: 1, target: 'src/core/types.ts' },
      { line: 1, target: 'src/loop' },
    ]);
  });
});
