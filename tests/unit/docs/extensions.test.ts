import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { filesBelow, ROOT } from './files.js';

const COMPILING_TIMEOUT_MS = 120_000;
const CONTRIBUTING = readFileSync(join(ROOT, 'CONTRIBUTING.md'), 'utf8');
const SOURCES = ['src', 'packages', 'eval'];

/** The code block of CONTRIBUTING.md that begins with the name of a file. */
function example(path: string): string {
  const [, code] = new RegExp(`\\n\`\`\`ts\\n// ${path}\\n([\\s\\S]*?)\\n\`\`\`\\n`).exec(CONTRIBUTING) ?? [];
  if (code === undefined) throw new Error(`CONTRIBUTING.md has no example ${path}`);
  return `${code}\n`;
}

/** A copy of the sources, where the examples are added as CONTRIBUTING.md says. */
class Copy {
  readonly folder = mkdtempSync(join(tmpdir(), 'jepa-mpc-extensions-'));

  constructor() {
    for (const name of [...SOURCES, 'package.json', 'tsconfig.json', 'tsconfig.build.json'])
      cpSync(join(ROOT, name), join(this.folder, name), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules'), join(this.folder, 'node_modules'));
  }

  add(path: string): void {
    writeFileSync(join(this.folder, path), example(path));
  }

  /** Adds the import and the entry that CONTRIBUTING.md names. */
  register(registry: string, name: string, list: string): void {
    const [, line] = new RegExp(`\`(import \\{ ${name} \\} from '[^']*';)\``).exec(CONTRIBUTING) ?? [];
    const path = join(this.folder, registry);
    const before = readFileSync(path, 'utf8');
    const after = before.replace(
      new RegExp(`(const ${list} = \\[)([^\\]]*)\\]`),
      (_, start: string, entries: string) => `${start}${entries}, ${name}]`,
    );
    expect(line).toBeDefined();
    expect(after).not.toBe(before);
    writeFileSync(path, `${String(line)}\n${after}`);
  }

  /** Files of the copy that differ from the sources, and those that the sources do not have. */
  touched(): string[] {
    const list = (root: string): string[] =>
      execFileSync('find', [...SOURCES, '-type', 'f'], { cwd: root, encoding: 'utf8' })
        .trim()
        .split('\n');
    const known = new Set(list(ROOT));
    return list(this.folder)
      .filter((path) => {
        const text = readFileSync(join(this.folder, path), 'utf8');
        return !known.has(path) || text !== readFileSync(join(ROOT, path), 'utf8');
      })
      .sort();
  }

  /** Compiles the schema and all that it is composed from, types included. */
  compile(): void {
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
    const config = { extends: './tsconfig.build.json', include: ['src/params/validate.ts'] };
    writeFileSync(join(this.folder, 'tsconfig.part.json'), JSON.stringify(config));
    execFileSync(process.execPath, [tsc, '-p', 'tsconfig.part.json'], { cwd: this.folder });
  }

  load(path: string): Promise<Record<string, unknown>> {
    const url = pathToFileURL(join(this.folder, 'dist', path)).href;
    return import(/* @vite-ignore */ url) as Promise<Record<string, unknown>>;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}

describe('the examples of CONTRIBUTING.md', () => {
  let copy: Copy;

  beforeAll(() => {
    copy = new Copy();
  });

  afterAll(() => {
    copy.remove();
  });

  it('a planner with three parameters touches two files: its own and the registry', () => {
    copy.add('src/planning/annealed-mppi.ts');
    copy.register('src/planning/registry.ts', 'annealedMppi', 'PLANNERS');
    expect(copy.touched()).toEqual(['src/planning/annealed-mppi.ts', 'src/planning/registry.ts']);
  });

  it('a cost touches two files: its own and the registry', () => {
    const before = copy.touched();
    copy.add('src/costs/final-action-cost.ts');
    copy.register('src/costs/registry.ts', 'finalActionCost', 'REGISTERED');
    const added = copy.touched().filter((path) => !before.includes(path));
    expect(added).toEqual(['src/costs/final-action-cost.ts', 'src/costs/registry.ts']);
  });

  it(
    'compile, and the node has their parameters, the planner and the cost',
    async () => {
      copy.compile();
      const { parametersByName } = (await copy.load('src/params/schema.js')) as {
        parametersByName: ReadonlyMap<string, { choices?: readonly string[] }>;
      };
      expect(parametersByName.get('planner')?.choices).toContain('annealed_mppi');
      for (const name of [
        'annealed_mppi.temperature',
        'annealed_mppi.decay',
        'annealed_mppi.min_temperature',
        'objective.final_action_weight',
      ])
        expect([...parametersByName.keys()]).toContain(name);
      const { COSTS } = (await copy.load('src/costs/registry.js')) as { COSTS: readonly { name: string }[] };
      expect(COSTS.map(({ name }) => name)).toContain('finalAction');
    },
    COMPILING_TIMEOUT_MS,
  );
});

describe('files of the sources', () => {
  it('are at most 350 lines long, generated ones aside', () => {
    const code = SOURCES.flatMap(filesBelow).filter(
      (path) => path.endsWith('.ts') && !path.endsWith('.test.ts') && !path.endsWith('onnx_pb.ts'),
    );
    expect(code.length).toBeGreaterThan(250);
    const long = code.filter((path) => readFileSync(join(ROOT, path), 'utf8').split('\n').length > 351);
    expect(long).toEqual([]);
  });
});
