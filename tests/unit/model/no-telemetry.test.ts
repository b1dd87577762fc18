import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';

import { ROOT } from '../../../scripts/setup/layout.mjs';
import { tinyModelFolder } from '../../fixtures/tiny-model.js';

let caches: string;

beforeEach(() => {
  caches = mkdtempSync(join(tmpdir(), 'caches-'));
});

afterEach(() => {
  rmSync(caches, { recursive: true, force: true });
});

it('a program that runs a model leaves no identifier and no events of ONNX Runtime in the caches', () => {
  const program = join(ROOT, 'dist', 'src', 'cli', 'main.js');
  execFileSync(process.execPath, [program, 'model', 'check', tinyModelFolder, '--device', 'cpu'], {
    // Unset, as a user starts it.
    env: { ...process.env, ORT_DISABLE_TELEMETRY: undefined, XDG_CACHE_HOME: caches },
    stdio: 'pipe',
  });
  expect(readdirSync(caches)).toEqual([]);
});
