import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const MAIN = join(ROOT, 'dist/eval/main.js');
const MODELS = join(ROOT, 'models');
/** What a clone should have to fetch for a model at most. */
const MOST_BYTES = 15e6;

describe.each(readdirSync(MODELS))('the shipped model %s', (name) => {
  const folder = join(MODELS, name);
  const files = readdirSync(folder);

  it('holds, by jepa-mpc model check', async () => {
    // It ends with another status, and the promise rejects, where anything does not hold.
    const { stdout } = await promisify(execFile)(process.execPath, [
      ...[MAIN, 'model', 'check', folder],
      ...['--device', 'cpu'],
    ]);
    expect(stdout).toContain(name);
  });

  it('is named after its folder, says what was done, and is small', () => {
    expect(JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'))).toMatchObject({ name });
    expect(readFileSync(join(folder, 'MODEL_CARD.md'), 'utf8')).toContain(name);
    const size = files.reduce((sum, file) => sum + statSync(join(folder, file)).size, 0);
    expect(size).toBeLessThanOrEqual(MOST_BYTES);
  });
});
